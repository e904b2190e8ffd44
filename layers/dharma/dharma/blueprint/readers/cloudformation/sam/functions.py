"""A function of SAM: the function itself, its role, version and alias, its address, its events."""

from __future__ import annotations

import re
from typing import Any

from dharma.blueprint.readers.cloudformation.sam.events import add_event
from dharma.blueprint.readers.cloudformation.sam.made import Called, Event, Made, Owner
from dharma.blueprint.readers.cloudformation.sam.nodes import member, members_at
from dharma.blueprint.readers.cloudformation.sam.roles import Role, add_policies, pairs
from dharma.blueprint.readers.cloudformation.sam.routes import Routes, add_route
from dharma.blueprint.readers.cloudformation.sam.sources import add_mapping, is_polled
from dharma.blueprint.tree import Members, members

_SAME = (
    "Architectures", "CodeSigningConfigArn", "Description", "DurableConfig", "Environment",
    "EphemeralStorage", "FileSystemConfigs", "FunctionName", "FunctionScalingConfig", "Handler",
    "ImageConfig", "KmsKeyArn", "Layers", "LoggingConfig", "MemorySize", "PackageType",
    "PublishToLatestPublished", "RecursiveLoop", "ReservedConcurrentExecutions", "Runtime",
    "RuntimeManagementConfig", "SnapStart", "TenancyConfig", "Timeout", "VpcConfig",
)  # fmt: skip
# Read below, or they say how the function is built and deployed, not what it is.
_KNOWN = frozenset(
    {*_SAME, "AssumeRolePolicyDocument", "AutoPublishAlias", "AutoPublishAliasAllProperties",
     "AutoPublishCodeSha256", "CodeUri", "DeadLetterQueue", "DeploymentPreference",
     "EventInvokeConfig", "Events", "FunctionUrlConfig", "ImageUri", "InlineCode",
     "PermissionsBoundary", "Policies", "PropagateTags", "ProvisionedConcurrencyConfig", "Role",
     "RolePath", "SourceKMSKeyArn", "Tags", "Tracing", "VersionDeletionPolicy",
     "VersionDescription"}
)  # fmt: skip
_BASIC = "service-role/AWSLambdaBasicExecutionRole"
_DURABLE = "service-role/AWSLambdaBasicDurableExecutionRolePolicy"
_IN_A_VPC = "service-role/AWSLambdaVPCAccessExecutionRole"
_TRACING = "AWSXRayDaemonWriteAccess"
_LETTERS = {"SQS": "sqs:SendMessage", "SNS": "sns:Publish"}
_RESULTS = {
    "EventBridge": "events:PutEvents",
    "Lambda": "lambda:InvokeFunction",
    "S3": "s3:PutObject",
    "SNS": "sns:publish",
    "SQS": "sqs:SendMessage",
}
NOT_BUILT = "its package is built only when it is deployed, and is left out"
_OBJECT = re.compile(r"s3://([^/]+)/(.+)\Z")


def add_function(owner: Owner, made: Made, routes: Routes) -> None:
    given, logical = owner.properties, owner.logical
    made.unread(owner, _KNOWN)
    function: dict[str, Any] = {name: given[name][1] for name in _SAME if name in given}
    function["Code"] = _code(given)
    if function["Code"] is None:
        place = given["CodeUri"][1] if "CodeUri" in given else owner.place
        made.report(NOT_BUILT, place, f"{owner.address}.CodeUri")
    if "Tracing" in given:
        function["TracingConfig"] = {"Mode": given["Tracing"][1]}
    if "DeadLetterQueue" in given:
        letters = given["DeadLetterQueue"][1]
        function["DeadLetterConfig"] = {"TargetArn": member(letters, "TargetArn")}
    if "Tags" in given:
        function["Tags"] = pairs(given["Tags"][1])
    role = None if "Role" in given else _role(owner, made)
    function["Role"] = (
        given["Role"][1] if role is None else {"Fn::GetAtt": [f"{logical}Role", "Arn"]}
    )
    made.add(logical, "AWS::Lambda::Function", function, owner)
    alias = _alias(owner, made)
    called = Called(alias or {"Ref": logical}, alias or {"Fn::GetAtt": [logical, "Arn"]})
    _address(owner, called.name, made)
    _retries(owner, role, made)
    for title, (place, said) in members_at(given, "Events").items():
        event = Event(owner, title, place, members(said))
        if is_polled(event):
            add_mapping(event, called.name, role, made)
        elif event.type in ("Api", "HttpApi"):
            add_route(event, called, made, routes)
        else:
            add_event(event, called, made)
    if role is not None:
        made.add(f"{logical}Role", "AWS::IAM::Role", role.resource(given), owner)


def _code(given: Members) -> dict[str, Any] | None:
    """Where the code lies, if it is said: a path is packaged only when it is deployed."""
    if "InlineCode" in given:
        return {"ZipFile": given["InlineCode"][1]}
    if "ImageUri" in given:
        return {"ImageUri": given["ImageUri"][1]}
    return stored_object(given, "CodeUri")


def stored_object(given: Members, name: str) -> dict[str, Any] | None:
    """An object of S3 that a property names, as a URI or by its parts."""
    place = members_at(given, name)
    names = {"Bucket": "S3Bucket", "Key": "S3Key", "Version": "S3ObjectVersion"}
    found: dict[str, Any] = {
        meant: place[said][1] for said, meant in names.items() if said in place
    }
    text = given[name][1].value if name in given else None
    if isinstance(text, str) and (uri := _OBJECT.match(text)):
        found = {"S3Bucket": uri[1], "S3Key": uri[2]}
    return found or None


def _role(owner: Owner, made: Made) -> Role:
    given = owner.properties
    role = Role("lambda")
    role.manage(_IN_A_VPC if "VpcConfig" in given else _BASIC)
    if "DurableConfig" in given:
        role.manage(_DURABLE)
    if "Tracing" in given and given["Tracing"][1].value == "Active":
        role.manage(_TRACING)
    letters = members_at(given, "DeadLetterQueue")
    action = _LETTERS.get(str(letters["Type"][1].value)) if "Type" in letters else None
    if action is not None and "TargetArn" in letters:
        statement = {"Action": action, "Resource": letters["TargetArn"][1]}
        role.allow("DeadLetterQueuePolicy", statement)
    add_policies(role, owner, made)
    return role


def _alias(owner: Owner, made: Made) -> Any:
    """A reference to the alias that is moved to every new version, if there is one: events call
    that."""
    given, logical = owner.properties, owner.logical
    if "AutoPublishAlias" not in given:
        return None
    name = given["AutoPublishAlias"][1]
    if not isinstance(name.value, str):
        where = f"{owner.address}.AutoPublishAlias"
        made.report("an alias whose name is computed is not written out", name, where)
        return None
    version, alias = f"{logical}Version", f"{logical}Alias{_letters(name.value)}"
    described = given["VersionDescription"][1] if "VersionDescription" in given else None
    numbered = {"FunctionName": {"Ref": logical}, "Description": described}
    made.add(version, "AWS::Lambda::Version", numbered, owner)
    moved: dict[str, Any] = {
        "Name": name,
        "FunctionName": {"Ref": logical},
        "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
    }
    if "ProvisionedConcurrencyConfig" in given:
        moved["ProvisionedConcurrencyConfig"] = given["ProvisionedConcurrencyConfig"][1]
    made.add(alias, "AWS::Lambda::Alias", moved, owner)
    made.names |= {f"{logical}.Alias": alias, f"{logical}.Version": version}
    return {"Ref": alias}


def _address(owner: Owner, function: Any, made: Made) -> None:
    """The function's URL; without authentication everybody may call it."""
    said = members_at(owner.properties, "FunctionUrlConfig")
    if "AuthType" not in said:
        return
    authentication = said["AuthType"][1]
    url: dict[str, Any] = {
        name: said[name][1] for name in ("AuthType", "Cors", "InvokeMode") if name in said
    }
    made.add(
        f"{owner.logical}Url", "AWS::Lambda::Url", {**url, "TargetFunctionArn": function}, owner
    )
    if authentication.value == "NONE":
        for name, action, only in (
            ("UrlPublicPermissions", "lambda:InvokeFunctionUrl", ("FunctionUrlAuthType", "NONE")),
            (
                "URLInvokeAllowPublicAccess",
                "lambda:InvokeFunction",
                ("InvokedViaFunctionUrl", True),
            ),
        ):
            permission = {"Action": action, "FunctionName": function, "Principal": "*"}
            permission[only[0]] = only[1]
            made.add(f"{owner.logical}{name}", "AWS::Lambda::Permission", permission, owner)


def _retries(owner: Owner, role: Role | None, made: Made) -> None:
    """How often a function is called again, and where a result goes."""
    said = members_at(owner.properties, "EventInvokeConfig")
    if not said:
        return
    alias = owner.properties.get("AutoPublishAlias")
    config: dict[str, Any] = {
        "FunctionName": {"Ref": owner.logical},
        "Qualifier": "$LATEST" if alias is None else alias[1],
    }
    for name in ("MaximumEventAgeInSeconds", "MaximumRetryAttempts"):
        if name in said:
            config[name] = said[name][1]
    destinations = members_at(said, "DestinationConfig")
    for name, (place, node) in destinations.items():
        destination = member(node, "Destination")
        if destination is None:
            where = f"{owner.address}.EventInvokeConfig.DestinationConfig.{name}"
            made.report("the destination that SAM makes is not written out", place, where)
        else:
            config.setdefault("DestinationConfig", {})[name] = {"Destination": destination}
            kind = member(node, "Type")
            action = _RESULTS.get(str(kind.value)) if kind is not None else None
            if role is not None and action is not None:
                statement = {"Action": action, "Resource": destination}
                role.allow(f"{owner.logical}EventInvokeConfig{name}Policy", statement)
    made.add(f"{owner.logical}EventInvokeConfig", "AWS::Lambda::EventInvokeConfig", config, owner)


def _letters(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", name)
