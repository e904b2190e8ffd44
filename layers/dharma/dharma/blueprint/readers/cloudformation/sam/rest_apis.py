"""A REST API of SAM: the API with its OpenAPI document, a deployment and a stage.

The document is the author's, or it is made of the events that call functions.
"""

from __future__ import annotations

from typing import Any

from dharma.blueprint.readers.cloudformation.functions import sole_key
from dharma.blueprint.readers.cloudformation.sam.made import Made, Owner
from dharma.blueprint.readers.cloudformation.sam.nodes import elements, is_plain_object, members_at
from dharma.blueprint.readers.cloudformation.sam.roles import pairs
from dharma.blueprint.readers.cloudformation.sam.routes import (
    Route,
    integration,
    let_authorizer_be_called,
    stage_title,
)
from dharma.blueprint.readers.cloudformation.sam.stated_documents import stated_document
from dharma.blueprint.tree import Members, members

_API = {
    "ApiKeySourceType": "ApiKeySourceType",
    "BinaryMediaTypes": "BinaryMediaTypes",
    "Description": "Description",
    "DisableExecuteApiEndpoint": "DisableExecuteApiEndpoint",
    "EndpointAccessMode": "EndpointAccessMode",
    "FailOnWarnings": "FailOnWarnings",
    "MinimumCompressionSize": "MinimumCompressionSize",
    "Mode": "Mode",
    "Name": "Name",
    "Policy": "Policy",
    "SecurityPolicy": "SecurityPolicy",
}
_STAGE = (
    "AccessLogSetting", "CacheClusterEnabled", "CacheClusterSize", "CanarySetting",
    "MethodSettings", "StageName", "TracingEnabled", "Variables",
)  # fmt: skip
_KNOWN = frozenset(
    {*_API, *_STAGE, "AlwaysDeploy", "Auth", "Cors", "DefinitionBody", "DefinitionUri",
     "EndpointConfiguration", "MergeDefinitions", "OpenApiVersion", "PropagateTags", "Tags"}
)  # fmt: skip
_OF_AUTH = frozenset(
    {"AddApiKeyRequiredToCorsPreflight", "AddDefaultAuthorizerToCorsPreflight", "ApiKeyRequired",
     "Authorizers", "DefaultAuthorizer"}
)  # fmt: skip
_EVERY_METHOD = "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"
_SIGNED = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "x-amazon-apigateway-authtype": "awsSigv4",
}
_KEYED = {"type": "apiKey", "name": "x-api-key", "in": "header"}


def add_rest_api(owner: Owner, routes: list[Route], made: Made) -> None:
    given, logical = owner.properties, owner.logical
    made.unread(owner, _KNOWN)
    api: dict[str, Any] = {meant: given[said][1] for said, meant in _API.items() if said in given}
    api.update(_document(owner, routes, made))
    if "EndpointConfiguration" in given:
        api["EndpointConfiguration"] = _endpoint(given)
    if "Tags" in given:
        api["Tags"] = pairs(given["Tags"][1])
    made.add(logical, "AWS::ApiGateway::RestApi", api, owner)
    deployment, stage = f"{logical}Deployment", f"{logical}{stage_title(owner)}Stage"
    made.add(deployment, "AWS::ApiGateway::Deployment", {"RestApiId": {"Ref": logical}}, owner)
    stages: dict[str, Any] = {name: given[name][1] for name in _STAGE if name in given}
    stages |= {"RestApiId": {"Ref": logical}, "DeploymentId": {"Ref": deployment}}
    if "Tags" in given:
        stages["Tags"] = pairs(given["Tags"][1])
    made.add(stage, "AWS::ApiGateway::Stage", stages, owner)
    made.names |= {f"{logical}.Stage": stage, f"{logical}.Deployment": deployment}


def _endpoint(given: Members) -> Any:
    """`REGIONAL`, or a type with endpoints of a VPC."""
    node = given["EndpointConfiguration"][1]
    said = members(node)
    if not is_plain_object(node):
        return {"Types": [node]}
    found: dict[str, Any] = {"Types": [said["Type"][1]]} if "Type" in said else {}
    for name in ("VPCEndpointIds", "VpcEndpointIds"):
        if name in said:
            found["VpcEndpointIds"] = said[name][1]
    return found


def _document(owner: Owner, routes: list[Route], made: Made) -> dict[str, Any]:
    given = owner.properties
    written = "DefinitionBody" in given or "DefinitionUri" in given
    if written:
        for name in ("Auth", "Cors"):
            if name in given:
                message = "what SAM adds to a document of the author's is not written out"
                made.report(message, given[name][0], f"{owner.address}.{name}")
        _schemes(owner, members_at(given, "Auth"), made)
    stated = stated_document(owner, made)
    if stated is not None:
        return stated
    auth = members_at(given, "Auth")
    for name, (key, _) in auth.items():
        if name not in _OF_AUTH:
            made.report("it is not written out", key, f"{owner.address}.Auth.{name}")
    schemes = _schemes(owner, auth, made)
    paths: dict[str, Any] = {}
    for route in routes:
        method = "x-amazon-apigateway-any-method" if route.method == "any" else route.method
        called: dict[str, Any] = {
            "x-amazon-apigateway-integration": integration(route.function),
            "responses": {},
        }
        security = _security(route, auth, schemes)
        if security:
            called["security"] = security
        paths.setdefault(route.path, {})[method] = called
    if "Cors" in given:
        for methods in paths.values():
            methods.setdefault("options", _preflight(given["Cors"][1]))
    body: dict[str, Any] = {
        "swagger": "2.0",
        "info": {"version": "1.0", "title": {"Ref": "AWS::StackName"}},
        "paths": paths,
    }
    if schemes:
        body["securityDefinitions"] = schemes
    return {"Body": body}


def _schemes(owner: Owner, auth: Members, made: Made) -> dict[str, Any]:
    """The authorizers by name, as API Gateway reads them in a document."""
    found: dict[str, Any] = {}
    for name, (place, node) in members_at(auth, "Authorizers").items():
        said = members(node)
        header = members_at(said, "Identity").get("Header")
        scheme: dict[str, Any] = {
            "type": "apiKey",
            "name": "Authorization" if header is None else header[1],
            "in": "header",
        }
        if "UserPoolArn" in said:
            pools = said["UserPoolArn"][1]
            arns = pools if isinstance(pools.value, list) else [pools]
            scheme["x-amazon-apigateway-authtype"] = "cognito_user_pools"
            scheme["x-amazon-apigateway-authorizer"] = {
                "type": "cognito_user_pools",
                "providerARNs": arns,
            }
        elif "FunctionArn" in said:
            scheme["x-amazon-apigateway-authtype"] = "custom"
            scheme["x-amazon-apigateway-authorizer"] = _by_function(said)
            let_authorizer_be_called(owner, name, said["FunctionArn"][1], made)
        else:
            where = f"{owner.address}.Auth.Authorizers.{name}"
            made.report("the authorizer is not understood", place, where)
            continue
        found[name] = scheme
    return found


def _by_function(said: Members) -> dict[str, Any]:
    kind = said["FunctionPayloadType"][1].value if "FunctionPayloadType" in said else "TOKEN"
    uri = integration(said["FunctionArn"][1])["uri"]
    authorizer: dict[str, Any] = {"type": str(kind).lower(), "authorizerUri": uri}
    identity = members_at(said, "Identity")
    if "ReauthorizeEvery" in identity:
        authorizer["authorizerResultTtlInSeconds"] = identity["ReauthorizeEvery"][1]
    if "ValidationExpression" in identity:
        authorizer["identityValidationExpression"] = identity["ValidationExpression"][1]
    if "FunctionInvokeRole" in said:
        authorizer["authorizerCredentials"] = said["FunctionInvokeRole"][1]
    sources = {"Headers": "header", "QueryStrings": "querystring"}
    named = [
        f"method.request.{where}.{entry.value}"
        for said_as, where in sources.items()
        if said_as in identity
        for entry in elements(identity[said_as][1])
    ]
    if named:
        authorizer["identitySource"] = ", ".join(named)
    return authorizer


def _security(route: Route, auth: Members, schemes: dict[str, Any]) -> list[dict[str, Any]]:
    """Who may call a path; empty for everybody."""
    own = route.authorization
    chosen = own.get("Authorizer") or auth.get("DefaultAuthorizer")
    name = chosen[1].value if chosen is not None else None
    needed: list[dict[str, Any]] = []
    if isinstance(name, str) and name != "NONE":
        if name == "AWS_IAM":
            schemes.setdefault(name, _SIGNED)
        scopes: Any = own["AuthorizationScopes"][1] if "AuthorizationScopes" in own else []
        needed.append({name: scopes})
    keyed = own.get("ApiKeyRequired") or auth.get("ApiKeyRequired")
    if keyed is not None and keyed[1].value is True:
        schemes.setdefault("api_key", _KEYED)
        needed = [{**needed[0], "api_key": []}] if needed else [{"api_key": []}]
    return needed


def _preflight(cors: Any) -> dict[str, Any]:
    """What answers the question of a browser whether it may call."""
    said = members(cors) if is_plain_object(cors) and sole_key(cors) != "Ref" else {}
    origin: Any = "'*'" if said else cors
    headers: dict[str, Any] = {
        "Origin": said["AllowOrigin"][1] if "AllowOrigin" in said else origin,
        "Methods": said["AllowMethods"][1] if "AllowMethods" in said else f"'{_EVERY_METHOD}'",
    }
    if "AllowHeaders" in said:
        headers["Headers"] = said["AllowHeaders"][1]
    if "AllowCredentials" in said and said["AllowCredentials"][1].value is True:
        headers["Credentials"] = "'true'"
    if "MaxAge" in said:
        headers["Max-Age"] = said["MaxAge"][1]
    named = {
        f"Access-Control-{'' if name == 'Max-Age' else 'Allow-'}{name}": value
        for name, value in headers.items()
    }
    answer = {
        "statusCode": "200",
        "responseTemplates": {"application/json": "{}\n"},
        "responseParameters": {f"method.response.header.{n}": v for n, v in named.items()},
    }
    return {
        "summary": "CORS support",
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "requestTemplates": {"application/json": '{\n  "statusCode" : 200\n}\n'},
            "responses": {"default": answer},
        },
        "responses": {
            "200": {
                "description": "Default response for CORS method",
                "headers": {name: {"type": "string"} for name in named},
            }
        },
    }
