"""Functions of ARM templates and their counterparts in the model's expressions.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions and
https://developer.hashicorp.com/terraform/language/functions.
"""

from __future__ import annotations

from collections.abc import Callable

from dharma.model.expressions.nodes import Call, Conditional, Template, Value, VariableRef

# A function that only Azure can compute stands in the model as `provider::arm::uniqueString(...)`.
ARM_FUNCTION = "provider::arm::"

# The id of a part of the resource itself, by the collection that holds it and its name there:
# `provider::arm::own_part("frontendIPConfigurations", "public")`. In a template it is a
# `resourceId` with the resource's own names before that of the part.
OWN_PART = f"{ARM_FUNCTION}own_part"

# The same arguments in the same order, ours first.
SAME_ARGUMENTS = {
    "base64decode": "base64ToString",
    "base64encode": "base64",
    "coalesce": "coalesce",
    "endswith": "endsWith",
    "flatten": "flatten",
    "jsondecode": "json",
    "keys": "objectKeys",
    "length": "length",
    "lower": "toLower",
    "max": "max",
    "merge": "union",
    "min": "min",
    "replace": "replace",
    "startswith": "startsWith",
    "tobool": "bool",
    "tonumber": "int",
    "trimspace": "trim",
    "upper": "toUpper",
    "urlencode": "uriComponent",
}

# How Azure spells the functions that have no counterpart: it takes them without regard to case.
_KEPT = """
copyIndex dataUri dataUriToString dateTimeAdd dateTimeFromEpoch dateTimeToEpoch deployer deployment
environment extensionResourceId filter groupBy guid indexFromEnd indexOf intersection items
lastIndexOf list listAccountSas listAdminKeys listAuthKeys listCallbackUrl listConnectionStrings
listCredentials listKeys listKeyValue listPackage listQueryKeys listSecrets listServiceSas
listSyncFunctionTriggerStatus managementGroup managementGroupResourceId mapValues newGuid objectKeys
padLeft parseCidr cidrHost cidrSubnet pickZones providers reduce reference references resourceGroup
resourceId shallowMerge skip sort subscription subscriptionResourceId take tenant tenantResourceId
toLogicalZone toLogicalZones toObject toPhysicalZone toPhysicalZones tryGet tryIndexFromEnd
uniqueString uri uriComponentToString utcNow
"""
OWN_FUNCTIONS = {name.lower(): name for name in _KEPT.split()}

_TEXTS = frozenset(
    {"lower", "upper", "trimspace", "replace", "substr", "tostring", "join"}
    | {f"{ARM_FUNCTION}{name}" for name in ("uniqueString", "guid", "newGuid", "utcNow")}
)


def is_text(value: Value, is_string: Callable[[str], bool]) -> bool:
    """Whether a value is evidently a text: Azure's `take`, `skip` and `contains` mean one thing of
    texts and another of lists. `is_string` says it of a variable."""
    if isinstance(value, str | Template):
        return True
    if isinstance(value, VariableRef):
        return is_string(value.name)
    if isinstance(value, Conditional):
        return is_text(value.then, is_string) and is_text(value.otherwise, is_string)
    if isinstance(value, Call):
        if value.name == "coalesce":
            return any(is_text(a, is_string) for a in value.arguments)
        return value.name in _TEXTS
    return False


# Operators as functions of two arguments.
OPERATORS = {
    "==": "equals",
    "<": "less",
    "<=": "lessOrEquals",
    ">": "greater",
    ">=": "greaterOrEquals",
    "+": "add",
    "-": "sub",
    "*": "mul",
    "%": "mod",
}

# What the place of deployment gives: the function and the member of its result.
AMBIENT = {
    "subscription_id": ("subscription", "subscriptionId"),
    "tenant_id": ("subscription", "tenantId"),
    "principal_id": ("deployer", "objectId"),
    "deployment_name": ("deployment", "name"),
}
