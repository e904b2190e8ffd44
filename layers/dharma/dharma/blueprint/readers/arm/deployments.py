"""Where a nested template is deployed to, and when."""

from __future__ import annotations

from dataclasses import replace

from dharma.blueprint.readers.arm.entry import SUBSCRIPTION_ID, Target
from dharma.blueprint.readers.arm.expressions import ArmExpressions
from dharma.blueprint.readers.arm.gathered import GROUP_BEGINS, GROUP_ID, Gathered
from dharma.blueprint.readers.arm.segments import segments_of
from dharma.blueprint.tree import Members
from dharma.model.expressions.nodes import ResourceRef, Value


def target_of(
    gathered: Gathered, body: Members, where: str, outer: ArmExpressions, around: Target
) -> Target:
    """What a deployment of the template goes into; `around` is what the template itself does."""

    def said(key: str) -> Value:
        node = body[key][1]
        return outer.at(where, key, node).value(node)

    subscription = said("subscriptionid") if "subscriptionid" in body else around.subscription
    if subscription not in (None, SUBSCRIPTION_ID) and "subscriptionid" in body:
        message = "it is deployed to another subscription: here it is read as of this one"
        gathered.note(message, body["subscriptionid"][1], where, "subscriptionId")
    if "resourcegroup" in body:
        return Target(gathered.group_named(said("resourcegroup")), subscription)
    if "scope" in body:
        scope = said("scope")
        segments = segments_of(scope)
        if isinstance(scope, ResourceRef) and scope.path == ("id",):
            return Target(replace(scope, path=("name",)), subscription)
        if len(segments) == GROUP_ID and segments[3] == "resourceGroups":
            return Target(gathered.group_named(segments[4]), subscription)
        known = segments[:2] == GROUP_BEGINS[:2] and len(segments) == len(GROUP_BEGINS) - 1
        return Target(None, segments[2] if known else None)
    return Target(None if "subscriptionid" in body else around.group, subscription)


def condition_of(
    gathered: Gathered, body: Members, where: str, outer: ArmExpressions, group: Value
) -> tuple[Value, ...]:
    """Under which condition it is deployed, unless that is the condition of its group: what is in a
    group is there only if the group is."""
    if "condition" not in body:
        return ()
    node = body["condition"][1]
    condition = outer.at(where, "condition", node).value(node)
    for entry in gathered.groups():
        if isinstance(group, ResourceRef) and entry.address == group.address:
            own = entry.body["condition"][1] if "condition" in entry.body else None
            if own is not None and entry.expressions.value(own) == condition:
                return ()
    return () if condition is True else (condition,)
