"""Nothing in a blueprint gets out of its place in the code: no text, no key, no name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.readers import read_text
from dharma.blueprint.readers.terraform.opening import read_sent
from dharma.catalog import load_catalog
from dharma.catalog.formats import FORMATS_OF
from dharma.core.errors import DharmaError, NotExpressible
from dharma.generator import (
    AzureBackend,
    Backend,
    GcsBackend,
    GenerateOptions,
    S3Backend,
    generate,
)
from dharma.model.blueprint import Blueprint, Output, Removed, Resource, Variable
from dharma.model.expressions.nodes import ResourceRef, Template, Value, VariableRef
from dharma.model.expressions.parser import parse_expression

PIECES = st.sampled_from(
    ["${", "}", "%{", "$${", '"', "\\", "\n", "\r", "'", "#", ": ", "- ", "!Ref X", "EOT", "<<EOT",
     "|", "&a", "*a", "{{", "}}", "`", "$(", "\t", "\x00", "\x1b", "\u2028", "\ufeff", "é", "🦊",
     "${var.s}", "%{ if true }", "resource", "~", "null", "[[", "AWS::NoValue", "!Sub ${X}"]
)  # fmt: skip
EVIL = (
    st.lists(st.one_of(PIECES, st.text(max_size=5)), min_size=1, max_size=6)
    .map("".join)
    .filter(lambda t: bool(t) and not any(0xD800 <= ord(c) < 0xE000 for c in t))
)


def blueprint(text: str, key: str) -> Blueprint:
    queue: dict[str, Value] = {
        "name": text,
        "tags": {key: text, "b": Template((text, VariableRef("s"))), "c": VariableRef("s")},
        "policy": {"Statement": [{"Sid": text, "Condition": {"StringEquals": {key: [text]}}}]},
    }
    return Blueprint(
        "web",
        "1.0.0",
        "aws",
        description=text,
        variables=(Variable("s", default=text, description=text, allowed=(text, "x")),),
        resources=(Resource("aws_sqs_queue", "q", queue),),
        outputs=(Output("o", Template((text, VariableRef("s"))), description=text),),
    )


def template(text: str) -> Any:
    class Loader(yaml.CSafeLoader):
        pass

    def construct(loader: Any, suffix: str, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return {f"!{suffix}": loader.construct_scalar(node)}
        return {f"!{suffix}": loader.construct_sequence(node, deep=True)}

    Loader.add_multi_constructor("!", construct)
    return yaml.load(text, Loader=Loader)


@settings(max_examples=250, deadline=None)
@given(EVIL, EVIL.filter(lambda k: k not in ("b", "c")))
def test_text_in_a_template_is_that_text_and_nothing_else(text: str, key: str) -> None:
    bp = blueprint(text, key)
    code = generate(bp, "cloudformation", load_catalog())
    read = template(code.files["template.yaml"])
    assert set(read) <= {"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters",
                         "Resources", "Outputs"}  # fmt: skip
    assert read["Description"] == text
    assert read["Parameters"]["S"]["Default"] == text
    main, policy = read["Resources"].values()
    assert main["Properties"]["QueueName"] == text
    assert {t["Key"] for t in main["Properties"]["Tags"]} == {key, "b", "c"}
    statement = policy["Properties"]["PolicyDocument"]["Statement"][0]
    assert statement == {"Sid": text, "Condition": {"StringEquals": {key: [text]}}}


@settings(max_examples=150, deadline=None)
@given(EVIL, EVIL.filter(lambda k: k not in ("b", "c")))
def test_and_reads_back_as_the_same_blueprint(text: str, key: str) -> None:
    bp = blueprint(text, key)
    files = generate(bp, "cloudformation", load_catalog()).files
    back = read_text(files["template.yaml"], "template.yaml").blueprint
    assert back.resources[0].properties == bp.resources[0].properties
    assert back.variables == bp.variables
    assert back.outputs == bp.outputs


@settings(max_examples=250, deadline=None)
@given(EVIL, EVIL)
def test_text_in_hcl_is_that_text_and_nothing_else(text: str, key: str) -> None:
    files = generate(blueprint(text, key), "terraform", load_catalog()).files
    # Whatever the text says, the file has its blocks and no more: each begins a line.
    text_free = without_heredocs(files["main.tf"])
    blocks = [line for line in text_free.split("\n") if line and line[0] not in " }"]
    assert len(blocks) == 2
    assert all(line.startswith('resource "aws_sqs_queue') for line in blocks)
    (default,) = [
        line.split(" = ", 1)[1] for line in files["variables.tf"].split("\n")
        if line.startswith("  default ")
    ] or [None]  # fmt: skip
    if default is not None and not default.startswith("<<"):
        assert parse_expression(default) == text


def without_heredocs(text: str) -> str:
    lines: list[str] = []
    word = None
    for line in text.split("\n"):
        if word is not None:
            word = None if line == word else word
        else:
            lines.append(line)
            opened = re.search(r" = <<([A-Z_]+)\Z", line)
            word = opened[1] if opened else None
    return "\n".join(lines)


@pytest.mark.parametrize("target", FORMATS_OF["aws"])
@pytest.mark.parametrize(
    "bp",
    [
        Blueprint("w", "1.0.0", "aws", variables=(Variable('x" {}', default="y"),)),
        Blueprint("w", "1.0.0", "aws", variables=(Variable("x", 'string\n}\nevil "a'),)),
        Blueprint("w", "1.0.0", "aws", outputs=(Output('o" {', "x"),)),
        Blueprint("w", "1.0.0", "aws", resources=(Resource("aws_x", 'n" {}\nx "'),)),
        Blueprint("w", "1.0.0", "aws", resources=(Resource('aws_x" "', "n"),)),
        Blueprint("w", "1.0.0", "aws", resources=(Resource("aws_x", "n", {'a = 1\nb"': 1}),)),
    ],
)
def test_a_name_that_is_no_name_is_refused_or_made_one(bp: Blueprint, target: str) -> None:
    try:
        files = generate(bp, target, load_catalog()).files
    except DharmaError:
        return
    assert target == "cloudformation"
    read = template(files["template.yaml"])
    names = [*read.get("Parameters", {}), *read.get("Outputs", {})]
    assert all(name.isalnum() and name.isascii() for name in names)


@pytest.mark.parametrize("target", FORMATS_OF["aws"])
def test_half_a_character_is_refused(target: str) -> None:
    resource = Resource("aws_sqs_queue", "q", {"name": "x\ud800"})
    with pytest.raises(NotExpressible, match="half a character"):
        generate(Blueprint("w", "1.0.0", "aws", resources=(resource,)), target, load_catalog())


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize("odd", ["\x7f", "\x80", "\x9f", "\u2028", "\ufeff", "\ufffe", "\uffff"])
def test_characters_that_no_text_file_may_hold_are_escaped_and_read_back(
    odd: str, json: bool
) -> None:
    queue = Resource("aws_sqs_queue", "jobs", {"tags": {"odd": f"a{odd}b"}})
    blueprint = Blueprint("web", "1.0.0", "aws", resources=(queue,))
    options = GenerateOptions(json=json)
    (text,) = generate(blueprint, "cloudformation", load_catalog(), options).files.values()
    assert odd not in text
    assert read_text(text).blueprint.resources[0].properties["tags"] == {"odd": f"a{odd}b"}


@pytest.mark.parametrize("odd", ["\x7f", "\x80", "\x9f", "\u2028", "\ufeff", "\ufffe", "\uffff"])
def test_in_an_arm_template_they_are_escaped_too(odd: str) -> None:
    tags: dict[str, Value] = {f"k{odd}": f"a{odd}b"}
    group = Resource("azurerm_resource_group", "g", {"name": "g", "location": "w", "tags": tags})
    blueprint = Blueprint("web", "1.0.0", "azure", description=odd, resources=(group,))
    for text in generate(blueprint, "arm", load_catalog()).files.values():
        assert odd not in text
        assert read_text(text).blueprint.resources[0].properties["tags"] == tags


@settings(max_examples=100, deadline=None)
@given(EVIL, EVIL)
def test_an_id_to_import_is_that_text_and_nothing_else(text: str, key: str) -> None:
    resources = (
        Resource("aws_sqs_queue", "q", import_id=text),
        Resource("aws_sqs_queue", "r", import_id=Template((text, VariableRef("s")))),
        Resource("aws_sqs_queue", "t", for_each={key: text}, import_id="x"),
    )
    bp = Blueprint("w", "1.0.0", "aws", variables=(Variable("s"),), resources=resources)
    files = generate(bp, "terraform", load_catalog()).files
    lines = without_heredocs(files["imports.tf"]).split("\n")
    assert [line for line in lines if line and line[0] not in " }"] == ["import {"] * 3
    back = read_sent({path: text.encode() for path, text in files.items()}, load_catalog())
    assert [r.import_id for r in back.blueprint.resources[:2]] == [
        r.import_id for r in resources[:2]
    ]


@settings(max_examples=100, deadline=None)
@given(EVIL)
def test_words_of_the_past_are_addresses_or_refused(text: str) -> None:
    queue = Resource("aws_sqs_queue", "q")
    for bp in (
        Blueprint("w", "1.0.0", "aws", resources=(replace(queue, renamed_from=(text,)),)),
        Blueprint("w", "1.0.0", "aws", resources=(replace(queue, module=text),)),
        Blueprint("w", "1.0.0", "aws", resources=(replace(queue, region=text),)),
        Blueprint("w", "1.0.0", "aws", removed=(Removed(text),)),
    ):
        try:
            files = generate(bp, "terraform", load_catalog()).files
        except NotExpressible:
            continue
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", text), text
        assert all(re.fullmatch(r"[A-Za-z0-9_/-]+\.tf", path) for path in files)


@pytest.mark.parametrize("module", ["../x", "a/b", "", ".", 'a"', "a\n"])
def test_a_module_is_written_into_no_folder_but_its_own(module: str) -> None:
    queue = Resource("aws_sqs_queue", "q", module=module)
    bp = Blueprint("w", "1.0.0", "aws", resources=(queue,))
    with pytest.raises(NotExpressible, match="is no name"):
        generate(bp, "terraform", load_catalog())


@settings(max_examples=60, deadline=None)
@given(EVIL)
def test_where_the_state_is_kept_is_text(text: str) -> None:
    backends: tuple[Backend, ...] = (
        S3Backend(text, text, text), GcsBackend(text, text), AzureBackend(text, text, text, text),
    )  # fmt: skip
    for backend in backends:
        bp = Blueprint("w", "1.0.0", "aws")
        files = generate(bp, "terraform", load_catalog(), GenerateOptions(backend=backend)).files
        free = without_heredocs(files["backend.tf"])
        assert [line for line in free.split("\n") if line and line[0] not in " }"] == [
            "terraform {"
        ]
        assert sum(line.startswith('  backend "') for line in free.split("\n")) == 1


@settings(max_examples=100, deadline=None)
@given(EVIL, EVIL.filter(lambda k: k not in ("b", "c")))
def test_text_in_nested_stacks_is_that_text_and_nothing_else(text: str, key: str) -> None:
    bp = blueprint(text, key)
    topic = Resource(
        "aws_sns_topic", "t", {"tags": {key: ResourceRef("aws_sqs_queue.q", ("arn",))}}
    )
    bp = replace(bp, resources=(*bp.resources, topic))
    options = GenerateOptions(template_resources=2)
    files = generate(bp, "cloudformation", load_catalog(), options).files
    nested = [template(t) for path, t in files.items() if path.startswith("stacks/")]
    assert len(nested) == 2
    resources = {k: v for read in nested for k, v in read["Resources"].items()}
    assert resources["QQueue"]["Properties"]["QueueName"] == text
    (tag,) = resources["TTopic"]["Properties"]["Tags"]
    assert tag == {"Key": key, "Value": {"!Ref": "QQueueArn"}}
    assert template(files["template.yaml"])["Description"] == text
    for path, one in files.items():
        whole = {"Resources", "Parameters", "Outputs", "Metadata", "AWSTemplateFormatVersion"}
        assert set(template(one)) <= whole | {"Description"}, path
