"""Which function an API calls for which path: gathered from the events of functions.

An event that names no API is one of SAM's own, `ServerlessRestApi` or `ServerlessHttpApi`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from dharma.blueprint.readers.cloudformation.functions import sole_argument, sole_key
from dharma.blueprint.readers.cloudformation.sam.events import add_permission
from dharma.blueprint.readers.cloudformation.sam.made import Called, Event, Made, Owner
from dharma.blueprint.readers.cloudformation.sam.nodes import members_at
from dharma.blueprint.tree import Members, members

REST_API = "ServerlessRestApi"
HTTP_API = "ServerlessHttpApi"
_ANY = ("any", "x-amazon-apigateway-any-method")


@dataclass(frozen=True, slots=True)
class Route:
    """A path and a method in small letters (`any` for all; no path for everything), and the
    function behind it. `said` is what the event says beside them."""

    path: str
    method: str
    function: Any
    event: Event

    @property
    def said(self) -> Members:
        return self.event.properties

    @property
    def authorization(self) -> Members:
        return members_at(self.said, "Auth")


@dataclass(slots=True)
class Routes:
    """The routes by the logical id of their API."""

    by_api: dict[str, list[Route]] = field(default_factory=dict)

    def of(self, api: str) -> list[Route]:
        return self.by_api.get(api, [])


def add_route(event: Event, function: Called, made: Made, routes: Routes) -> None:
    """The route of an event, and that the API may call the function."""
    given, is_rest = event.properties, event.type == "Api"
    path, method = (_text(given, key) for key in ("Path", "Method"))
    if is_rest and not (path and method):
        made.report("an API's event needs Path and Method", event.place, event.address)
        return
    said = given.get("RestApiId" if is_rest else "ApiId")
    own: Any = {"Ref": REST_API if is_rest else HTTP_API}
    api = own if said is None else said[1]
    logical = own["Ref"] if said is None else _referred(said[1])
    if logical is not None:
        route = Route(path or "$default", (method or "any").lower(), function.arn, event)
        routes.by_api.setdefault(logical, []).append(route)
    here = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/"
    verb = "*" if method is None or method.lower() in _ANY else method.upper()
    called = "*" if path is None else verb + _pattern(path)
    source = {"Fn::Sub": [here + called, {"Api": api}]}
    stage = _stage_of(logical, made) if is_rest else ""
    add_permission(
        event,
        "apigateway.amazonaws.com",
        function,
        made,
        name=f"{event.name}Permission{stage}",
        more={"SourceArn": source},
    )


def _pattern(path: str) -> str:
    """A path with its parameters as wildcards: `/orders/{id}` is `/orders/*`."""
    found = "/" + path.strip("/")
    words = ["*" if word.startswith("{") else word for word in found.split("/")]
    return "/".join(words).replace("${", "${!")


def _stage_of(logical: str | None, made: Made) -> str:
    if logical == REST_API:
        return "Prod"
    if logical is None or logical not in made.given:
        return "Stage"
    key, node = made.given[logical]
    return stage_title(made.owner(logical, "Api", key, members(node))) or "Stage"


def stage_title(api: Owner) -> str:
    """The name of an API's stage as it stands in logical ids; empty where it is computed."""
    name = api.properties["StageName"][1].value if "StageName" in api.properties else None
    return re.sub(r"[^A-Za-z0-9]", "", name) if isinstance(name, str) else ""


def integration(uri_of: Any, **more: Any) -> dict[str, Any]:
    """How an API calls a function, in its OpenAPI document."""
    here = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    uri = {"Fn::Sub": [f"{here}${{Function}}/invocations", {"Function": uri_of}]}
    return {"type": "aws_proxy", "httpMethod": "POST", "uri": uri, **more}


def let_authorizer_be_called(owner: Owner, name: str, function: Any, made: Made) -> None:
    """The API `owner` may call the function that its authorizer `name` stands for."""
    here = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/authorizers/*"
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": function,
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": {"Fn::Sub": [here, {"Api": {"Ref": owner.logical}}]},
    }
    logical = f"{owner.logical}{name}AuthorizerPermission"
    made.add(logical, "AWS::Lambda::Permission", permission, owner)


def _referred(node: Any) -> str | None:
    found = sole_argument(node).value if sole_key(node) == "Ref" else None
    return found if isinstance(found, str) else None


def _text(given: Members, name: str) -> str | None:
    value = given[name][1].value if name in given else None
    return value if isinstance(value, str) and value else None
