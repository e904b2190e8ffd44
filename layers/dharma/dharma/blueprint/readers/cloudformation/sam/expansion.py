"""The resources of a template that asks for the SAM transform, with those of SAM replaced."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.readers.cloudformation.sam.functions import (
    NOT_BUILT,
    add_function,
    stored_object,
)
from dharma.blueprint.readers.cloudformation.sam.http_apis import add_http_api
from dharma.blueprint.readers.cloudformation.sam.machines import add_machine
from dharma.blueprint.readers.cloudformation.sam.made import Made, Owner, Report
from dharma.blueprint.readers.cloudformation.sam.nodes import member
from dharma.blueprint.readers.cloudformation.sam.rest_apis import add_rest_api
from dharma.blueprint.readers.cloudformation.sam.roles import pairs
from dharma.blueprint.readers.cloudformation.sam.routes import HTTP_API, REST_API, Routes
from dharma.blueprint.tree import Members, members
from dharma.blueprint.yaml_source import Node

TRANSFORM = "AWS::Serverless-2016-10-31"
# By type: the section of its globals.
_SECTIONS = {
    "AWS::Serverless::Function": "Function",
    "AWS::Serverless::StateMachine": "StateMachine",
    "AWS::Serverless::SimpleTable": "SimpleTable",
    "AWS::Serverless::LayerVersion": "LayerVersion",
    # Behind the functions, whose events say what they call.
    "AWS::Serverless::Api": "Api",
    "AWS::Serverless::HttpApi": "HttpApi",
}
_ATTRIBUTES = {"Binary": "B", "Number": "N", "String": "S"}


def expanded(sections: Members, report: Report) -> tuple[Members, dict[str, str]]:
    """The resources of the template, those of SAM replaced by what they stand for, and the logical
    ids behind SAM's names for them (`Orders.Alias`)."""
    made, routes = Made(sections, report), Routes()
    owners: dict[str, list[Owner]] = {}
    for logical, (key, node) in made.given.items():
        body = members(node)
        kind = body["Type"][1].value if "Type" in body else None
        section = _SECTIONS.get(kind) if isinstance(kind, str) else None
        if section is None:
            made.keep(logical)
        else:
            owners.setdefault(section, []).append(made.owner(logical, section, key, body))
    for owner in owners.get("Function", ()):
        add_function(owner, made, routes)
    for owner in owners.get("StateMachine", ()):
        add_machine(owner, made)
    for owner in owners.get("SimpleTable", ()):
        _add_table(owner, made)
    for owner in owners.get("LayerVersion", ()):
        _add_layer(owner, made)
    for owner in owners.get("Api", ()):
        add_rest_api(owner, routes.of(owner.logical), made)
    for owner in owners.get("HttpApi", ()):
        add_http_api(owner, routes.of(owner.logical), made)
    _add_own_apis(made, routes)
    order = sorted(made.resources.items(), key=lambda item: _place(item[1][0]))
    return dict(order), made.names


def _place(key: Node) -> tuple[int, int]:
    return key.line, key.column


def _add_own_apis(made: Made, routes: Routes) -> None:
    """The APIs of events that name none."""
    for logical, section, add in (
        (REST_API, "Api", add_rest_api),
        (HTTP_API, "HttpApi", add_http_api),
    ):
        called = routes.of(logical)
        if called and logical not in made.given:
            place = called[0].event.place
            said = {"StageName": (place, Node("Prod", place.line, place.column))}
            own = {"Properties": (place, Node(said, place.line, place.column))}
            body: Members = own if section == "Api" else {}
            add(made.owner(logical, section, place, body), called, made)


def _add_table(owner: Owner, made: Made) -> None:
    given = owner.properties
    known = ("PointInTimeRecoverySpecification", "ProvisionedThroughput", "SSESpecification",
             "TableName")  # fmt: skip
    made.unread(owner, frozenset({*known, "PrimaryKey", "PropagateTags", "Tags"}))
    key = given["PrimaryKey"][1] if "PrimaryKey" in given else None
    name: Any = member(key, "Name") if key is not None else None
    kind = member(key, "Type") if key is not None else None
    attribute: Any = "S" if kind is None else _ATTRIBUTES.get(str(kind.value), kind)
    table: dict[str, Any] = {part: given[part][1] for part in known if part in given}
    table["AttributeDefinitions"] = [{"AttributeName": name or "id", "AttributeType": attribute}]
    table["KeySchema"] = [{"AttributeName": name or "id", "KeyType": "HASH"}]
    if "ProvisionedThroughput" not in given:
        table["BillingMode"] = "PAY_PER_REQUEST"
    if "Tags" in given:
        table["Tags"] = pairs(given["Tags"][1])
    made.add(owner.logical, "AWS::DynamoDB::Table", table, owner)


def _add_layer(owner: Owner, made: Made) -> None:
    given = owner.properties
    known = ("CompatibleArchitectures", "CompatibleRuntimes", "Description", "LayerName",
             "LicenseInfo")  # fmt: skip
    made.unread(owner, frozenset({*known, "ContentUri", "PublishLambdaVersion", "RetentionPolicy"}))
    layer: dict[str, Any] = {name: given[name][1] for name in known if name in given}
    layer["Content"] = stored_object(given, "ContentUri")
    if layer["Content"] is None:
        place = given["ContentUri"][1] if "ContentUri" in given else owner.place
        made.report(NOT_BUILT, place, f"{owner.address}.ContentUri")
    made.add(owner.logical, "AWS::Lambda::LayerVersion", layer, owner)
