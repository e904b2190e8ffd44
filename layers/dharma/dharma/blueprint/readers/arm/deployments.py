"""What a deployment deploys, where to, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dharma.blueprint.readers.arm.entry import SUBSCRIPTION_ID, Target
from dharma.blueprint.readers.arm.expressions import ArmExpressions
from dharma.blueprint.readers.arm.gathered import GROUP_BEGINS, GROUP_ID, Gathered
from dharma.blueprint.readers.arm.linked import LinkedTemplates
from dharma.blueprint.readers.arm.segments import segments_of
from dharma.blueprint.tree import Members, folded_members, members
from dharma.blueprint.yaml_source import Node
from dharma.core.errors import InvalidTemplate
from dharma.model.expressions.nodes import ResourceRef, Value


@dataclass(frozen=True, slots=True)
class Deployed:
    """The template of a deployment: its sections, where they stand and in which file. `is_inner`:
    its names are its own, not those of the outside."""

    sections: Members
    where: str
    file: str | None
    is_inner: bool

    @property
    def resources(self) -> Node:
        return self.sections["resources"][1]

    def has_loops(self) -> bool:
        """Whether some of its resources are repeated, or resources in these."""
        return _has_loops(self.resources)


def deployed(
    properties: Members, where: str, outer: ArmExpressions, linked: LinkedTemplates
) -> Deployed | None:
    """The template that stands in a deployment or lies beside it; None for one that is elsewhere,
    or is none: that has a note."""
    place = f"{where}.properties.template"
    inside = members(properties["template"][1]) if "template" in properties else {}
    if "resources" in inside:
        return Deployed(inside, place, outer.file, _is_inner(properties))
    said = folded_members(properties["templateLink"][1]) if "templateLink" in properties else {}
    node = said.get("relativepath", said.get("uri"))
    if node is None:
        return None
    link = outer.at(where, "properties.templateLink", node).quietly(node)
    try:
        found = linked.template(link, outer.file)
    except InvalidTemplate as error:
        outer.note(str(error))
        return None
    if found is None:
        outer.note("the template that it links to is not here: it is kept", "passed_through")
        return None
    if "relativepath" not in said:
        outer.note(f"read from {found.file}, which lies beside this template", "approximated")
    sections = {key.lower(): entry for key, entry in members(found.root).items()}
    return Deployed(sections, f"{place}Link", found.file, True)


def _is_inner(properties: Members) -> bool:
    options = properties.get("expressionEvaluationOptions")
    said = members(options[1]).get("scope") if options is not None else None
    return said is not None and str(said[1].value).lower() == "inner"


def _has_loops(resources: Node) -> bool:
    found = resources.value
    listed = [n for _, n in found.values()] if isinstance(found, dict) else found
    bodies = map(folded_members, listed if isinstance(listed, list) else ())
    return any("copy" in b or ("resources" in b and _has_loops(b["resources"])) for b in bodies)


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
        outer.at(where, "subscriptionId", body["subscriptionid"][1]).note(message)
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
