"""An HTTP API of SAM: the API with its OpenAPI document, and a stage that deploys itself."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.readers.cloudformation.sam.made import Made, Owner
from dharma.blueprint.readers.cloudformation.sam.nodes import elements, members_at
from dharma.blueprint.readers.cloudformation.sam.routes import (
    Route,
    integration,
    let_authorizer_be_called,
    stage_title,
)
from dharma.blueprint.readers.cloudformation.sam.stated_documents import stated_document
from dharma.blueprint.tree import Members, members

_STAGE = ("AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageVariables", "Tags")
_KNOWN = frozenset(
    {*_STAGE, "Auth", "CorsConfiguration", "DefinitionBody", "DefinitionUri", "Description",
     "DisableExecuteApiEndpoint", "FailOnWarnings", "Name", "PropagateTags", "StageName"}
)  # fmt: skip
_SIGNED = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "x-amazon-apigateway-authtype": "awsSigv4",
}

# What decides who calls: https://docs.aws.amazon.com/apigateway/latest/developerguide/
# http-api-lambda-authorizer.html; the words of SAM before those of the document.
_IDENTITY = {
    "Headers": "$request.header",
    "QueryStrings": "$request.querystring",
    "StageVariables": "$stageVariables",
    "Context": "$context",
}
_OF_FUNCTIONS = {
    "AuthorizerPayloadFormatVersion": "authorizerPayloadFormatVersion",
    "EnableSimpleResponses": "enableSimpleResponses",
    "FunctionInvokeRole": "authorizerCredentials",
}
# A document has no scheme of that sort, so one is named that nobody looks at.
_UNUSED = {"type": "apiKey", "name": "Unused", "in": "header"}


def add_http_api(owner: Owner, routes: list[Route], made: Made) -> None:
    given, logical = owner.properties, owner.logical
    made.unread(owner, _KNOWN)
    api: dict[str, Any] = {"ProtocolType": "HTTP", **_document(owner, routes, made)}
    api["Name"] = given["Name"][1] if "Name" in given else {"Ref": "AWS::StackName"}
    for name in ("Description", "DisableExecuteApiEndpoint", "FailOnWarnings", "Tags"):
        if name in given:
            api[name] = given[name][1]
    if "CorsConfiguration" in given:
        cors = given["CorsConfiguration"][1]
        api["CorsConfiguration"] = {"AllowOrigins": ["*"]} if cors.value is True else cors
    made.add(logical, "AWS::ApiGatewayV2::Api", api, owner)
    stage: dict[str, Any] = {name: given[name][1] for name in _STAGE if name in given}
    stage |= {
        "ApiId": {"Ref": logical},
        "StageName": given["StageName"][1] if "StageName" in given else "$default",
        "AutoDeploy": True,
    }
    title = f"{stage_title(owner)}Stage" if "StageName" in given else "ApiGatewayDefaultStage"
    made.add(f"{logical}{title}", "AWS::ApiGatewayV2::Stage", stage, owner)
    made.names[f"{logical}.Stage"] = f"{logical}{title}"


def _document(owner: Owner, routes: list[Route], made: Made) -> dict[str, Any]:
    given = owner.properties
    stated = stated_document(owner, made)
    if stated is not None:
        return stated
    if not routes:
        return {}
    auth = members_at(given, "Auth")
    schemes = _schemes(owner, auth, made)
    paths: dict[str, Any] = {}
    for route in routes:
        version = route.said.get("PayloadFormatVersion")
        more: dict[str, Any] = {"payloadFormatVersion": "2.0" if version is None else version[1]}
        if "TimeoutInMillis" in route.said:
            more["timeoutInMillis"] = route.said["TimeoutInMillis"][1]
        whole = route.path == "$default"
        called: dict[str, Any] = {
            "x-amazon-apigateway-integration": integration(route.function, **more),
            "responses": {},
        }
        if whole:
            called["isDefaultRoute"] = True
        security = _security(route, auth, schemes)
        if security:
            called["security"] = security
        method = "x-amazon-apigateway-any-method" if route.method == "any" else route.method
        paths.setdefault(f"/{route.path}" if whole else route.path, {})[method] = called
    body: dict[str, Any] = {
        "openapi": "3.0.1",
        "info": {"version": "1.0", "title": {"Ref": "AWS::StackName"}},
        "paths": paths,
    }
    if schemes:
        body["components"] = {"securitySchemes": schemes}
    return {"Body": body}


def _schemes(owner: Owner, auth: Members, made: Made) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (place, node) in members_at(auth, "Authorizers").items():
        said = members(node)
        if "JwtConfiguration" in said:
            found[name] = _by_token(said)
        elif "FunctionArn" in said:
            found[name] = _by_function(said)
            if _is_true(said, "EnableFunctionDefaultPermissions"):
                let_authorizer_be_called(owner, name, said["FunctionArn"][1], made)
        else:
            where = f"{owner.address}.Auth.Authorizers.{name}"
            made.report("an authorizer has JwtConfiguration or FunctionArn", place, where)
    return found


def _by_token(said: Members) -> dict[str, Any]:
    authorizer: dict[str, Any] = {
        "type": "jwt",
        "jwtConfiguration": said["JwtConfiguration"][1],
        "identitySource": said["IdentitySource"][1]
        if "IdentitySource" in said
        else "$request.header.Authorization",
    }
    return {"type": "oauth2", "x-amazon-apigateway-authorizer": authorizer}


def _by_function(said: Members) -> dict[str, Any]:
    uri = integration(said["FunctionArn"][1])["uri"]
    authorizer: dict[str, Any] = {"type": "request", "authorizerUri": uri}
    identity = members_at(said, "Identity")
    named = [
        f"{where}.{entry.value}"
        for said_as, where in _IDENTITY.items()
        if said_as in identity
        for entry in elements(identity[said_as][1])
    ]
    if named:
        authorizer["identitySource"] = ", ".join(named)
    if "ReauthorizeEvery" in identity:
        authorizer["authorizerResultTtlInSeconds"] = identity["ReauthorizeEvery"][1]
    for name, written in _OF_FUNCTIONS.items():
        if name in said:
            authorizer[written] = said[name][1]
    return {**_UNUSED, "x-amazon-apigateway-authorizer": authorizer}


def _is_true(said: Members, name: str) -> bool:
    return name in said and said[name][1].value is True


def _security(route: Route, auth: Members, schemes: dict[str, Any]) -> list[dict[str, Any]]:
    own = route.authorization
    chosen = own.get("Authorizer") or auth.get("DefaultAuthorizer")
    name = chosen[1].value if chosen is not None else None
    if not isinstance(name, str) or name == "NONE":
        return []
    if name == "AWS_IAM":
        schemes.setdefault(name, _SIGNED)
    return [{name: own["AuthorizationScopes"][1] if "AuthorizationScopes" in own else []}]
