"""Pieces that say again what their owner says: the methods of a REST API, whose integration and
responses are resources of their own in Terraform."""

from __future__ import annotations

import pytest

from dharma.catalog import Document, Part, canonical, load_catalog, read, write
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import ResourceRef, Value

CATALOG = load_catalog()
API = ResourceRef("aws_api_gateway_rest_api.shop", ("id",))
METHOD: dict[str, Value] = {
    "rest_api_id": API,
    "resource_id": "root",
    "http_method": "GET",
    "authorization": "NONE",
}
SHOP = Part("aws_api_gateway_rest_api.shop", "aws_api_gateway_rest_api", {"name": "shop"})
MAIN = Part("aws_api_gateway_method.get", "aws_api_gateway_method", METHOD)
OWNER = ResourceRef(MAIN.address, ("http_method",))


def integration(**arguments: Value) -> Part:
    said: dict[str, Value] = {"http_method": OWNER, "type": "MOCK", **arguments}
    return Part("aws_api_gateway_integration.get", "aws_api_gateway_integration", said)


def test_what_the_owner_says_is_written_again() -> None:
    method = Resource(
        "aws_api_gateway_method",
        "get",
        {**METHOD, "integration": {"type": "MOCK"}, "method_response": [{"status_code": "200"}]},
    )
    shop = Resource("aws_api_gateway_rest_api", "shop", {"name": "shop"})
    document, notes = write([shop, method], "terraform", CATALOG)
    again = {"rest_api_id": API, "resource_id": "root", "http_method": OWNER}
    assert [(p.type, p.arguments) for p in document.parts[2:]] == [
        ("aws_api_gateway_integration", {**again, "type": "MOCK"}),
        ("aws_api_gateway_method_response", {**again, "status_code": "200"}),
    ]
    back, read_notes = read(document, CATALOG)
    assert canonical(back, CATALOG) == canonical([shop, method], CATALOG)
    assert [*notes, *read_notes] == []


@pytest.mark.parametrize("resource", ["root", ResourceRef(MAIN.address, ("resource_id",))])
def test_the_same_or_a_reference_to_it_is_understood(resource: Value) -> None:
    parts = [SHOP, MAIN, integration(rest_api_id=API, resource_id=resource)]
    resources, notes = read(Document("terraform", parts), CATALOG)
    assert resources[1].properties["integration"] == {"type": "MOCK"}
    assert notes == []


def test_another_value_is_reported() -> None:
    parts = [SHOP, MAIN, integration(rest_api_id=API, resource_id="other")]
    _, notes = read(Document("terraform", parts), CATALOG)
    assert [(n.path, n.message) for n in notes] == [
        ("resource_id", "is not that of what it belongs to")
    ]


def test_targets_name_the_bus_of_their_rule() -> None:
    bus = Resource("aws_cloudwatch_event_bus", "orders", {"name": "orders"})
    target: Value = {"target_id": "q", "arn": "arn:aws:sqs:eu-west-1:111122223333:q"}
    rule = Resource(
        "aws_cloudwatch_event_rule",
        "placed",
        {
            "event_bus_name": ResourceRef(bus.address, ("name",)),
            "event_pattern": {"source": ["shop"]},
            "targets": [target],
        },
    )
    document, notes = write([bus, rule], "terraform", CATALOG)
    assert document.parts[2].arguments["event_bus_name"] == ResourceRef(bus.address, ("name",))
    back, read_notes = read(document, CATALOG)
    assert canonical(back, CATALOG) == canonical([bus, rule], CATALOG)
    assert [*notes, *read_notes] == []
