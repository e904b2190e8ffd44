"""Blueprints as text: everything survives the round trip, every fault has its line and column."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.source import dump_blueprint, load_blueprint
from dharma.core.errors import InvalidBlueprint, LimitExceeded
from dharma.model.blueprint import Blueprint, Lifecycle, Output, Resource, Variable
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    ForList,
    ObjectConstructor,
    ResourceRef,
    Symbol,
    VariableRef,
)
from dharma.model.expressions.templates import join_parts

HEAD = "apiVersion: dharma/v1\nkind: Blueprint\nname: web\nversion: 1.0.0\nprovider: aws\n"

EXAMPLE = """\
apiVersion: dharma/v1
kind: Blueprint
name: web-assets
version: 1.2.0
provider: aws
description: A bucket
variables:
  - {name: environment, type: string, default: dev, allowed: [dev, production]}
  - {name: account, type: string, pattern: "^[0-9]{12}$", sensitive: true}
resources:
  - name: assets
    type: aws_s3_bucket
    properties:
      bucket: ${var.environment}-web-assets
      versioning: {enabled: true}
      policy:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Resource: "${aws_kms_key.assets.arn}/*"}]
    lifecycle: {prevent_destroy: true}
  - name: assets
    type: aws_kms_key
    condition: ${var.environment != "dev"}
  - name: changes
    type: aws_sqs_queue
    count: 2
    depends_on: [aws_s3_bucket.assets]
    native:
      cloudformation: {UpdateReplacePolicy: Retain}
outputs:
  - {name: arn, value: "${aws_s3_bucket.assets.arn}"}
metadata: {tags: [storage]}
"""


def faults(text: str | bytes, file: str | None = "b.yaml") -> list[str]:
    with pytest.raises((InvalidBlueprint, LimitExceeded)) as caught:
        load_blueprint(text, file)
    assert caught.value.faults
    return [str(fault) for fault in caught.value.faults]


def test_a_blueprint_is_read_into_the_model() -> None:
    blueprint = load_blueprint(EXAMPLE, "web.yaml")
    environment, account = blueprint.variables
    assert environment.default == "dev"
    assert not environment.required
    assert environment.allowed == ("dev", "production")
    assert account.required
    assert account.sensitive
    bucket, key, queue = blueprint.resources
    assert bucket.properties["bucket"] == join_parts([VariableRef("environment"), "-web-assets"])
    assert bucket.properties["policy"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Resource": join_parts([ResourceRef("aws_kms_key.assets", ("arn",)), "/*"]),
            }
        ],
    }
    assert bucket.lifecycle == Lifecycle(prevent_destroy=True)
    assert key.condition == Binary("!=", VariableRef("environment"), "dev")
    assert queue.count == 2
    assert queue.depends_on == ("aws_s3_bucket.assets",)
    assert queue.native == {"cloudformation": {"UpdateReplacePolicy": "Retain"}}
    assert blueprint.outputs[0].value == ResourceRef("aws_s3_bucket.assets", ("arn",))
    assert blueprint.metadata == {"tags": ["storage"]}


def test_every_property_knows_its_line_and_column() -> None:
    blueprint = load_blueprint(EXAMPLE, "web.yaml")
    bucket = blueprint.resources[0]
    assert (bucket.origin.file, bucket.origin.line, bucket.origin.column) == ("web.yaml", 11, 5)
    assert bucket.marks["bucket",] == (14, 15)
    assert bucket.marks["versioning", "enabled"] == (15, 29)
    assert bucket.marks["policy", "Statement", 0, "Resource"] == (18, 47)


@pytest.mark.parametrize("format", ["yaml", "json"])
def test_the_example_survives_a_round_trip(format: Any) -> None:
    blueprint = load_blueprint(EXAMPLE)
    text = dump_blueprint(blueprint, format)
    assert load_blueprint(text, f"x.{format}") == blueprint
    assert dump_blueprint(load_blueprint(text), format) == text


def test_plain_words_of_older_yaml_stay_text() -> None:
    text = HEAD + (
        "resources:\n- name: a\n  type: t\n  properties:\n"
        "    p: [no, on, 2012-10-17, 012345678901, '1', 22:22, 1_000, 0x1f, 1e3, null, ~]\n"
    )
    assert load_blueprint(text).resources[0].properties["p"] == [
        "no", "on", "2012-10-17", "012345678901", "1", "22:22", "1_000", 31, 1000.0, None, None,
    ]  # fmt: skip


def test_anchors_and_merge_keys_are_expanded() -> None:
    text = HEAD + (
        "resources:\n- {name: a, type: t, properties: {tags: &tags {a: x, b: y}}}\n"
        "- {name: b, type: t, properties: {tags: {<<: *tags, b: z}, same: *tags}}\n"
    )
    assert load_blueprint(text).resources[1].properties == {
        "tags": {"a": "x", "b": "z"},
        "same": {"a": "x", "b": "y"},
    }


def test_all_faults_are_reported_at_once() -> None:
    text = """\
apiVersion: dharma/v2
kind: Blueprint
name: 1web
version: 1.0
provider: amazon
descripton: x
resources:
  - name: a
    type: aws_s3_bucket
    property: {}
    properties:
      bucket: ${var.}-x
      tags: {a: "b${1 +}"}
  - type: aws_s3_bucket
    dependsOn: []
    count: ${environment}
    for_each: {}
outputs: {}
"""
    assert faults(text) == [
        "b.yaml:1:13: apiVersion: 'dharma/v2' is not supported (write apiVersion: dharma/v1)",
        "b.yaml:3:7: name: '1web' is no name for a blueprint"
        " (a letter, then letters, digits, - and _, 128 at most)",
        'b.yaml:4:10: version: the version is a number (quote it: "1.0.0")',
        "b.yaml:5:11: provider: unknown provider 'amazon' (one of aws, azure, gcp)",
        "b.yaml:6:1: descripton: unknown key 'descripton' (did you mean description?)",
        "b.yaml:10:5: resources[0].property: unknown key 'property' (did you mean properties?)",
        "b.yaml:12:21: resources.aws_s3_bucket.a.properties.bucket:"
        " found '}' where the name of a variable should be",
        "b.yaml:13:24: resources.aws_s3_bucket.a.properties.tags.a:"
        " found '}' where a value should be",
        "b.yaml:14:5: resources[1].name: name is missing",
        "b.yaml:15:5: resources[1].dependsOn: unknown key 'dependsOn' (did you mean depends_on?)",
        "b.yaml:16:14: resources[1].count: nothing is called 'environment' here"
        ' (var.environment for a variable, "environment" for text, type.name for a resource)',
        "b.yaml:17:15: resources[1].for_each: count and for_each exclude each other"
        " (put the condition into the loop: count = var.on ? 1 : 0)",
        "b.yaml:18:10: outputs: a mapping where a list should be (begin each with '- ')",
    ]


def test_thousands_of_faults_are_reported_soon() -> None:
    found = faults(HEAD + "resources:\n" + "- a\n" * 200_000)
    assert len(found) == 2001
    assert found[-1] == "b.yaml:2006:3: more than 2000 faults, the rest is not listed"


def test_a_fault_in_a_block_of_text_has_its_own_line() -> None:
    text = HEAD + (
        "resources:\n- name: a\n  type: t\n  properties:\n    p: |\n      one\n      two ${1 +}\n"
    )
    assert faults(text)[0].startswith("b.yaml:12:")


BOMB = (
    HEAD
    + "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{name}: &{name} [{','.join(['*' + before] * 10)}]\n"
        for before, name in zip("abcdefg", "bcdefgh", strict=True)
    )
)
BROKEN: list[tuple[str, str | bytes, str]] = [
    ("a bomb of aliases", BOMB, "more than 1000000 values, aliases included"),
    ("an alias to itself", "a: &a [*a]", "b.yaml:1:8: the alias *a has no anchor before it"),
    ("depth", "a: " + "[" * 200 + "]" * 200, "b.yaml:1:67: nested deeper than 64 levels"),
    ("endless depth", "[" * 100_000, "nested deeper than 64 levels"),
    ("size", "#" + "x" * (11 * 1024 * 1024), "larger than 10 MB"),
    ("a NUL byte", "name: a\nb: x\0y", "b.yaml:2:5: the character U+0000 is not allowed"),
    ("latin-1", "name: a\nb: caf\xe9".encode("latin-1"), "b.yaml:2:7: byte 0xe9 is not UTF-8"),
    ("UTF-16", "name: a".encode("utf-16"), "b.yaml:1:1: the file is UTF-16 (save it as UTF-8)"),
    ("a BOM inside", "name: a\ufeffb", "b.yaml:1:8: the character U+FEFF"),
    ("tabs", "name: a\nresources:\n\t- x", "b.yaml:3:1: a tab is used for indentation"),
    ("a duplicate key", "name: a\nname: b", "b.yaml:2:1: the key 'name' is given twice (first in"),
    ("two documents", "name: a\n---\nname: b", "b.yaml:2:1: a second document in the file"),
    ("a foreign tag", "name: !Ref x", "b.yaml:1:7: the tag !Ref is not part of a blueprint"),
    ("code", "name: !!python/object:os.system x", "the tag !!python/object:os.system"),
    ("half a string", 'name: "web', "the file ends too early"),
    ("half a list", "resources: [a, b", "b.yaml:"),
    ("an unquoted expression in braces", "a: {b: ${var.x}}", "quote every expression"),
    ("an unquoted conditional", "a: ${var.x ? 1 : 2}", "quote the expression: '${ ... }'"),
    ("an empty file", "", "b.yaml:1:1: the file is empty"),
    ("only a comment", "# x\n", "the file is empty"),
    ("a list", "- a", "b.yaml:1:1: a list where a mapping should be"),
    ("infinity", "a: .inf", ".inf is not a number"),
    ("a huge number", "a: " + "1" * 5000, "longer than 300 digits"),
    ("a huge exponent", "a: 1e999", "out of range"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_bad_text_is_refused_with_its_place(text: str | bytes, message: str) -> None:
    found = faults(text)
    assert any(message in fault for fault in found), found


def test_a_mark_at_the_start_of_a_utf8_file_is_ignored() -> None:
    assert load_blueprint(b"\xef\xbb\xbf" + EXAMPLE.encode()) == load_blueprint(EXAMPLE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"name": "a"',
            "b.json:1:13: not JSON: Expecting ',' delimiter (the file ends too early)",
        ),
        ("{'name': 1}", "b.json:1:2: not JSON"),
        ('{"a": NaN}', "not JSON: NaN is not a value"),
        ('{"a":\n 1, "a": 2}', "b.json:2:5: the key 'a' is given twice"),
        ("[" * 100_000, "nested deeper than 64 levels"),
    ],
)
def test_json_is_judged_as_json(text: str, message: str) -> None:
    assert any(message in fault for fault in faults(text, "b.json"))


def test_characters_beyond_the_first_plane_are_read_from_json() -> None:
    document = json.loads(dump_blueprint(load_blueprint(EXAMPLE), "json"))
    document["description"] = "a 😀 / é"
    text = json.dumps(document).replace("/", "\\/")
    assert "\\ud83d" in text
    assert load_blueprint(text, "b.json").description == "a 😀 / é"


def test_a_file_cut_anywhere_is_refused_or_is_a_blueprint() -> None:
    refused = 0
    for end in range(0, len(EXAMPLE), 7):
        places: list[int | None] = [1]
        try:
            load_blueprint(EXAMPLE[:end], "cut.yaml")
        except InvalidBlueprint as error:
            refused += 1
            places = [fault.line for fault in error.faults]
        assert places
        assert all(places)
    assert refused > 40


# -- the round trip

names = st.sampled_from(["a", "b_1", "web-x", "for", "true"])
texts = st.one_of(
    st.text(alphabet="ab 01:-#\"'\\$%{}~!&*|>\n\té☃😀\u2028\x85\x00", max_size=10),
    st.sampled_from(["no", "012", "1e3", "1.0", "0o7", "null", "2012-10-17", "<<", "=", "- a", ""]),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
plain = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
expressions = st.one_of(
    names.map(VariableRef),
    st.just(Ambient("region")),
    st.just(ResourceRef("t.n", ("arn",), Symbol(("count", "index")))),
    st.builds(lambda a, b: Call("f", (a, b)), plain, texts),
    st.builds(lambda a, b: Conditional(VariableRef("c"), a, b), plain, plain),
    st.lists(texts | names.map(VariableRef), max_size=4).map(join_parts),
    st.builds(lambda a: ForList(None, "v", a, Symbol(("v", "x"))), plain),
    st.builds(lambda a: ObjectConstructor(((VariableRef("k"), a),)), plain),
)
values = st.recursive(
    plain | expressions,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
optional_text = st.none() | texts
properties = st.dictionaries(texts, values, max_size=3)


@st.composite
def blueprints(draw: st.DrawFn) -> Blueprint:
    variables = []
    for _ in range(draw(st.integers(0, 2))):
        required = draw(st.booleans())
        variables.append(
            Variable(
                name=draw(names),
                type=draw(st.sampled_from(["string", "list(string)"])),
                default=None if required else draw(plain),
                required=required,
                description=draw(optional_text),
                sensitive=draw(st.booleans()),
                allowed=tuple(draw(st.lists(plain, max_size=2))),
                pattern=draw(optional_text),
                min=draw(st.none() | st.integers(0, 9)),
                max=draw(st.none() | st.floats(0, 9)),
            )
        )
    resources = []
    for _ in range(draw(st.integers(0, 2))):
        loop = draw(st.sampled_from(["count", "for_each", "condition", None]))
        chosen: dict[str, Any] = {} if loop is None else {loop: draw(values)}
        resources.append(
            Resource(
                type=draw(names),
                name=draw(names),
                properties=draw(properties),
                depends_on=tuple(draw(st.lists(texts, max_size=2))),
                lifecycle=Lifecycle(
                    draw(st.booleans()), draw(st.booleans()), tuple(draw(st.lists(names)))
                ),
                native=draw(st.dictionaries(names, properties, max_size=1)),
                **chosen,
            )
        )
    outputs = draw(
        st.lists(
            st.builds(Output, names, values, optional_text, st.booleans(), expressions), max_size=2
        )
    )
    return Blueprint(
        name="web",
        version="1.0.0-rc.1",
        provider=draw(st.sampled_from(["aws", "azure", "gcp"])),
        description=draw(optional_text),
        variables=tuple(variables),
        resources=tuple(resources),
        outputs=tuple(outputs),
        metadata=draw(st.dictionaries(texts, plain, max_size=2)),
    )


@settings(max_examples=200, deadline=None)
@given(blueprints(), st.sampled_from(["yaml", "json"]))
def test_every_blueprint_survives_a_round_trip(blueprint: Blueprint, format: Any) -> None:
    assert load_blueprint(dump_blueprint(blueprint, format), f"x.{format}") == blueprint


def test_a_thousand_faults_are_enough() -> None:
    with pytest.raises(InvalidBlueprint) as refused:
        load_blueprint("name: w\nresources:\n" + "- *a\n" * 50_000, "w.yaml")
    assert len(refused.value.faults) == 1000
