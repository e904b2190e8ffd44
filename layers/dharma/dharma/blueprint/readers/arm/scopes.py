"""The scope of a resource that extends another one (a lock, a role assignment), or stands in the
subscription itself.
"""

from __future__ import annotations

from dataclasses import replace

from dharma.blueprint.readers.arm.entry import SUBSCRIPTION_ID, Entry
from dharma.blueprint.readers.arm.extensions import Extended
from dharma.blueprint.readers.arm.gathered import Gathered
from dharma.blueprint.readers.arm.segments import segments_of
from dharma.model.expressions.nodes import ResourceRef, Value
from dharma.model.expressions.templates import join_parts


def scope_of(gathered: Gathered, entry: Entry) -> Value:
    """The id that the argument `scope` says; null for what has none."""
    if entry.extended is not None:
        return _extended(gathered, entry, entry.extended)
    if "scope" in entry.body:
        return _meant(gathered, entry.read("scope"))
    if gathered.is_known(entry, "scope") or _is_of_subscription(gathered, entry):
        return _deployed_to(entry)
    return None


def _extended(gathered: Gathered, entry: Entry, owner: Extended) -> Value:
    """The id of what an extension belongs to. What stands in a resource of the template begins with
    the id of that one."""
    namespace, *segments = owner.type.split("/")
    for depth in range(len(segments), 0, -1):
        native = "/".join((namespace, *segments[:depth]))
        found = gathered.resource(native, list(owner.names[:depth]), entry.target.group)
        if found is not None:
            below = zip(segments[depth:], owner.names[depth:], strict=True)
            return join_parts([found, *(p for kind, name in below for p in (f"/{kind}/", name))])
    return entry.expressions.spelled_out(owner.type, list(owner.names))


def _meant(gathered: Gathered, value: Value) -> Value:
    """`Microsoft.Storage/storageAccounts/data` names a resource of this template too."""
    if isinstance(value, ResourceRef):
        return value
    names = segments_of(value)
    if len(names) == 3 and isinstance(names[0], str) and isinstance(names[1], str):
        found = gathered.resource(f"{names[0]}/{names[1]}", [names[2]])
        return value if found is None else found
    return value


def _is_of_subscription(gathered: Gathered, entry: Entry) -> bool:
    """Whether it is a resource of the subscription, of a type that the catalog does not know:
    its scope is what tells it from one of a group."""
    target = entry.target
    unknown = not gathered.is_of_known_type(entry)
    return target.subscription is not None and target.group is None and unknown


def _deployed_to(entry: Entry) -> Value:
    """What an extension belongs to that names no scope: what it is deployed to."""
    group, subscription = entry.target.group, entry.target.subscription
    if isinstance(group, ResourceRef):
        return replace(group, path=("id",))
    if group is None and subscription is None:
        return None
    steps: list[Value] = ["/subscriptions/", subscription or SUBSCRIPTION_ID]
    return join_parts(steps if group is None else [*steps, "/resourceGroups/", group])
