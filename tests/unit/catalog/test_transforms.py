"""The three laws of transforms: a bijection on literals, a symbolic form that is recognised, and
unknown stays unknown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dharma.catalog.transforms import Untransformable, transform_named
from dharma.core.errors import Misconfigured
from dharma.model.expressions.nodes import (
    Binary,
    Call,
    Conditional,
    ObjectConstructor,
    ResourceRef,
    Template,
    Unary,
    Unknown,
    Value,
    VariableRef,
)

STATUS = [[True, "Enabled"], [False, "Suspended"]]
SCHEME = [["internal", "Internal"], ["public", "Public"], ["dual", "Dual"]]
DECLARED: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "same": (None, st.integers() | st.text()),
    "enum": (SCHEME, st.sampled_from(["internal", "public", "dual"])),
    "not": (None, st.booleans()),
    "scale": (60, st.integers(-1000, 1000)),
    "join": (",", st.lists(st.text("ab", min_size=1), min_size=1)),
    "split": (",", st.lists(st.text("ab", min_size=1), min_size=1).map(",".join)),
    "tag_list": ({}, st.dictionaries(st.text(), st.text())),
    "base64": (None, st.text()),
    "json_text": (None, st.dictionaries(st.text(), st.integers() | st.text(), min_size=1)),
    "template": ("arn:${value}/*", st.text()),
}
EXPRESSIONS: list[Value] = [
    VariableRef("v"),
    ResourceRef("aws_sqs_queue.q", ("arn",)),
    Call("lookup", ({"a": 1}, "a")),
]


@pytest.mark.parametrize("name", DECLARED)
def test_every_literal_comes_back(name: str) -> None:
    argument, literals = DECLARED[name]
    transform = transform_named(name, argument)

    @given(literals)
    def check(value: Any) -> None:
        assert transform.read(transform.write(value)) == value

    check()


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("name", [n for n in DECLARED if n != "tag_list"])
def test_every_expression_comes_back(name: str, expression: Value) -> None:
    transform = transform_named(name, DECLARED[name][0])
    assert transform.read(transform.write(expression)) == expression


@pytest.mark.parametrize("name", DECLARED)
def test_unknown_and_absent_stay_so(name: str) -> None:
    transform = transform_named(name, DECLARED[name][0])
    unknown = Unknown("later")
    for direction in (transform.write, transform.read):
        assert direction(unknown) == unknown
        assert direction(None) is None
        assert direction(Conditional(VariableRef("c"), unknown, None)) == Conditional(
            VariableRef("c"), unknown, None
        )


def test_a_flag_becomes_a_conditional_over_the_literals() -> None:
    status = transform_named("enum", STATUS)
    v = VariableRef("v")
    assert status.write(v) == Conditional(v, "Enabled", "Suspended")
    assert status.write(Unary("!", v)) == Conditional(v, "Suspended", "Enabled")
    assert status.write(Conditional(v, True, None)) == Conditional(v, "Enabled", None)
    assert status.read(Conditional(v, "Enabled", "Suspended")) == v
    assert status.read(v) == Binary("==", v, "Enabled")


def test_an_expression_over_an_enum_becomes_a_chain_and_back() -> None:
    scheme = transform_named("enum", SCHEME)
    v = VariableRef("v")
    written = scheme.write(v)
    assert written == Conditional(
        Binary("==", v, "internal"),
        "Internal",
        Conditional(Binary("==", v, "public"), "Public", "Dual"),
    )
    assert scheme.read(written) == v


def test_a_literal_outside_an_enum_is_no_value_of_it() -> None:
    with pytest.raises(Untransformable):
        transform_named("enum", STATUS).write("yes")
    with pytest.raises(Untransformable):
        transform_named("enum", STATUS).read("Disabled")


def test_several_native_literals_may_read_as_one() -> None:
    status = transform_named("enum", [[True, "Enabled"], [False, ["Suspended", "Disabled"]]])
    assert status.read("Disabled") is False
    assert status.write(False) == "Suspended"


def test_an_enum_must_be_a_bijection() -> None:
    with pytest.raises(Misconfigured):
        transform_named("enum", [["a", "X"], ["b", "X"]])


def test_tags_may_be_conditional_one_by_one() -> None:
    tags = transform_named("tag_list")
    c = VariableRef("c")
    model: Value = {"team": "web", "maybe": Conditional(c, "x", None)}
    written = tags.write(model)
    assert written == [
        {"Key": "team", "Value": "web"},
        Conditional(c, {"Key": "maybe", "Value": "x"}, None),
    ]
    assert tags.read(written) == model


def test_tags_with_computed_keys_are_spelled_out() -> None:
    tags = transform_named("tag_list")
    model = ObjectConstructor(((VariableRef("k"), "v"),))
    assert tags.write(model) == [{"Key": VariableRef("k"), "Value": "v"}]
    assert tags.read(tags.write(model)) == model
    with pytest.raises(Untransformable):
        tags.write(VariableRef("tags"))


def test_tags_of_a_scaling_group_have_a_fixed_member() -> None:
    said = {"key": "key", "value": "value", "constants": {"propagate_at_launch": True}}
    tags = transform_named("tag_list", said)
    assert tags.write({"a": "b"}) == [{"key": "a", "value": "b", "propagate_at_launch": True}]
    with pytest.raises(Untransformable, match="propagate_at_launch"):
        tags.read([{"key": "a", "value": "b", "propagate_at_launch": False}])


def test_base64_of_a_template_is_a_call_and_base64_text_is_decoded() -> None:
    base64 = transform_named("base64")
    script = Template(("echo ", VariableRef("v")))
    assert base64.write(script) == Call("base64encode", (script,))
    assert base64.read("ZWNobw==") == "echo"
    with pytest.raises(Untransformable):
        base64.read("no base64!")


def test_json_text_renames_the_members_of_an_object() -> None:
    redrive = transform_named("json_text", {"max_receive_count": "maxReceiveCount"})
    assert redrive.write({"max_receive_count": 3}) == Call("jsonencode", ({"maxReceiveCount": 3},))
    assert redrive.read('{"maxReceiveCount": 3}') == {"max_receive_count": 3}


def test_an_unknown_transform_is_a_mistake_in_the_file() -> None:
    with pytest.raises(Misconfigured, match="rot13"):
        transform_named("rot13")


@pytest.mark.parametrize("texts", [["a,b"], ["a", ",b"], [""]])
def test_texts_that_would_not_come_apart_again_are_not_joined(texts: list[Value]) -> None:
    with pytest.raises(Untransformable, match="would not come apart"):
        transform_named("join", ",").write(texts)


def test_a_name_within_a_folder_is_a_path_and_paths_stay() -> None:
    network = transform_named("within", "global/networks")
    assert network.write("default") == "global/networks/default"
    assert network.read("global/networks/default") == "default"
    for whole in ("projects/p/global/networks/n", "https://x/global/networks/n", ""):
        assert network.write(whole) == whole
        assert network.read(whole) == whole
    assert network.write(VariableRef("n")) == VariableRef("n")


@pytest.mark.parametrize("name", ["https", VariableRef("port"), Template(("a-", VariableRef("n")))])
def test_the_name_of_an_own_part_is_its_id(name: Value) -> None:
    port = transform_named("own_part", "frontendPorts")
    assert port.read(port.write(name)) == name
    assert port.write(port.read(port.write(name))) == port.write(name)
    assert port.write(Unknown("?")) == Unknown("?")
    assert port.write(None) is None
    either = Conditional(VariableRef("tls"), name, None)
    assert port.read(port.write(either)) == either


def test_the_id_of_a_part_in_another_collection_is_none_of_its_own() -> None:
    port = transform_named("own_part", "frontendPorts")
    for value in (transform_named("own_part", "probes").write("https"), "https", VariableRef("id")):
        with pytest.raises(Untransformable, match="own frontendPorts"):
            port.read(value)


def test_elements_may_have_their_value_inside_and_names_that_the_model_does_not_have() -> None:
    said = {"member": "properties.zoneId", "numbered": {"name": "zone${number}"}}
    transform = transform_named("objects", said)
    native = [
        {"name": "zone1", "properties": {"zoneId": "a"}},
        {"name": "zone2", "properties": {"zoneId": VariableRef("zone")}},
    ]
    assert transform.write(["a", VariableRef("zone")]) == native
    assert transform.read(native) == ["a", VariableRef("zone")]
    assert transform.read([{"name": "any", "properties": {"zoneId": "a"}}]) == ["a"]
    with pytest.raises(Untransformable, match="spelled out"):
        transform.write(VariableRef("zones"))
    with pytest.raises(Untransformable, match="an element with other"):
        transform.read([{"properties": {"zoneId": "a", "other": 1}}])


def test_a_list_of_one_stands_alone_in_the_format() -> None:
    alone = transform_named("alone")
    for element in ("a", VariableRef("x"), Template(("a-", VariableRef("x")))):
        assert alone.read(alone.write([element])) == [element]
    assert alone.write(None) is None
    for value in (["a", "b"], [], VariableRef("list")):
        with pytest.raises(Untransformable, match="no list of one"):
            alone.write(value)


def test_a_literal_is_read_in_small_and_capital_letters() -> None:
    pairs = [("SystemAssigned", "SystemAssigned"), ("UserAssigned", "User")]
    transform = transform_named("enum", pairs)
    assert transform.read("systemAssigned") == "SystemAssigned"
    assert transform.read("USER") == "UserAssigned"
    with pytest.raises(Untransformable, match="none of"):
        transform.read("users")


NETWORK = transform_named(
    "objects", {"member": "id", "first": "properties.primary", "ignore": ["locations"]}
)


def test_the_first_of_several_is_told_by_a_flag_and_a_single_one_needs_none() -> None:
    assert NETWORK.write(["a"]) == [{"id": "a"}]
    assert NETWORK.write(["a", "b"]) == [
        {"id": "a", "properties": {"primary": True}},
        {"id": "b", "properties": {"primary": False}},
    ]
    assert NETWORK.read(NETWORK.write(["a", "b"])) == ["a", "b"]


def test_the_flagged_element_is_the_first_wherever_it_stands() -> None:
    flagged = [
        {"id": "a", "properties": {"primary": False}},
        {"id": "b"},
        {"id": "c", "properties": {"primary": True}},
    ]
    assert NETWORK.read(flagged) == ["c", "a", "b"]
    assert NETWORK.read([{"id": "a", "properties": {"primary": VariableRef("p")}}]) == ["a"]


@pytest.mark.parametrize(
    ("elements", "fault"),
    [
        ([{"id": "a", "properties": {"primary": VariableRef("p")}}, {"id": "b"}], "computed"),
        ([{"id": x, "properties": {"primary": True}} for x in "ab"], "several"),
        ([{"id": "a", "properties": {"deleteOption": "Delete"}}], "an element with properties"),
    ],
)
def test_a_flag_that_tells_no_first_is_refused(elements: list[Value], fault: str) -> None:
    with pytest.raises(Untransformable, match=fault):
        NETWORK.read(elements)


def test_members_that_mean_nothing_in_the_model_are_left_out() -> None:
    assert NETWORK.read([{"id": "a", "locations": ["*"]}]) == ["a"]
