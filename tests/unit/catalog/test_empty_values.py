"""What an empty value means: absence in some places, a value of its own in the others."""

from __future__ import annotations

from typing import Any

import pytest

from dharma.catalog import canonical, load_catalog, read, write
from dharma.catalog.formats import Format
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Conditional, Value, VariableRef

CATALOG = load_catalog()
FORMATS: list[Format] = ["terraform", "cloudformation"]


def written(kind: str, format: Format, **properties: Value) -> dict[str, Any]:
    """The arguments of each part, by its type."""
    document, _ = write([Resource(kind, "x", properties)], format, CATALOG)
    return {part.type: part.arguments for part in document.parts}


def same(kind: str, first: dict[str, Value], second: dict[str, Value]) -> bool:
    return canonical([Resource(kind, "x", first)], CATALOG) == canonical(
        [Resource(kind, "x", second)], CATALOG
    )


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("member", ["", Conditional(VariableRef("c"), "", None)])
def test_empty_text_in_an_element_of_a_bag_is_not_written(format: Format, member: Value) -> None:
    route: dict[str, Value] = {"cidr_block": "0.0.0.0/0", "nat_gateway_id": "nat-1"}
    found = written("aws_route_table", format, vpc_id="v", route=[{**route, "gateway_id": member}])
    if format == "terraform":
        (said,) = found["aws_route_table"]["route"]
    else:
        said = found["AWS::EC2::Route"]
    assert not {"gateway_id", "GatewayId"} & {k for k, v in said.items() if v is not None}
    assert same("aws_route_table", {"route": [{**route, "gateway_id": member}]}, {"route": [route]})


def test_a_literal_that_stands_for_no_value_is_no_value() -> None:
    rule: dict[str, Any] = {"id": "r", "enabled": True}
    assert same(
        "aws_s3_bucket",
        {"lifecycle_rules": [{**rule, "prefix": ""}]},
        {"lifecycle_rules": [rule]},
    )
    assert not same("aws_s3_bucket", {"bucket": ""}, {})


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("kind", "name", "empty"),
    [
        ("aws_kms_key", "description", ""),
        ("aws_autoscaling_group", "termination_policies", []),
        ("aws_vpc", "tags", {}),
    ],
)
def test_other_empty_values_are_values(kind: str, name: str, empty: Value, format: Format) -> None:
    document, _ = write([Resource(kind, "x", {name: empty})], format, CATALOG)
    (back,), notes = read(document, CATALOG)
    assert notes == []
    assert back.properties[name] == empty
