"""Functions of ARM templates and their counterparts in the model's expressions.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions and
https://developer.hashicorp.com/terraform/language/functions.
"""

from __future__ import annotations

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
    "substr": "substring",
    "tobool": "bool",
    "tonumber": "int",
    "trimspace": "trim",
    "upper": "toUpper",
    "urlencode": "uriComponent",
}

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
