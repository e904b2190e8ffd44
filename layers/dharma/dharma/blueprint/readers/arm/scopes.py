"""The scope of a resource that extends another one (a lock, a role assignment), or stands in the
subscription itself.
"""

from __future__ import annotations

from dataclasses import replace

from dharma.blueprint.readers.arm.entry import SUBSCRIPTION_ID, Entry
from dharma.blueprint.readers.arm.gathered import Gathered
from dharma.blueprint.readers.arm.segments import segments_of
from dharma.model.expressions.nodes import ResourceRef, Value
from dharma.model.expressions.templates import join_parts


def scope_of(gathered: Gathered, entry: Entry) -> Value:
    """The id that the argument `scope` says; null for what has none."""
    if "scope" in entry.body:
        return _meant(gathered, entry.read("scope"))
    if gathered.is_known(entry, "scope") or _is_of_subscription(gathered, entry):
        return _deployed_to(entry)
    return None


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
