"""What the deployment itself says: its subscription, tenant, deployer, and resource group."""

from __future__ import annotations

from dharma.model.arm_functions import AMBIENT, ARM_FUNCTION
from dharma.model.arm_language import ArmCall
from dharma.model.expressions.nodes import Ambient, Call, GetAttr, ResourceRef, Value
from dharma.model.expressions.templates import join_parts

_AMBIENT = {
    (function.lower(), member.lower()): Ambient(name)
    for name, (function, member) in AMBIENT.items()
}


_OF_A_GROUP = frozenset({"id", "location", "name", "tags"})


def of_the_deployment(call: ArmCall, member: str, group: Value) -> tuple[Value] | None:
    """`subscription().subscriptionId` and its like; None for what is no such member. `group` is
    the reference to the resource group, or its name."""
    name = call.name.lower()
    if name == "resourcegroup" and not call.arguments:
        plain = member.lower()
        return (of_group(group, plain if plain in _OF_A_GROUP else member),)
    if (name, member.lower()) in _AMBIENT:
        return (_AMBIENT[name, member.lower()],)
    match name, member:
        case "deployment", _ if member.lower() == "location":
            return (Ambient("region"),)
        case "tenant", "tenantId":
            return (Ambient("tenant_id"),)
        case "subscription", "id":
            return (join_parts(("/subscriptions/", Ambient("subscription_id"))),)
    return None


def of_group(group: Value, attribute: str) -> Value:
    """An attribute of the resource group that is deployed to."""
    if isinstance(group, ResourceRef):
        return ResourceRef(group.address, (attribute,), group.instance)
    if attribute == "name":
        return group
    return GetAttr(Call(f"{ARM_FUNCTION}resourceGroup", ()), attribute)
