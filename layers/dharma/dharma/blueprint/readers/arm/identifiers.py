"""Functions of ARM that speak of resources: `resourceId` and its kin, `reference`, `list...`."""

from __future__ import annotations

from dharma.blueprint.readers.arm.ambient import of_group
from dharma.blueprint.readers.arm.joining import piece
from dharma.blueprint.readers.arm.names import Names
from dharma.blueprint.readers.arm.surroundings import Surroundings
from dharma.model.arm_functions import OWN_FUNCTIONS
from dharma.model.expressions.nodes import Ambient, ResourceRef, Value
from dharma.model.expressions.templates import join_parts

_IDENTIFIERS = frozenset(
    {"resourceid", "subscriptionresourceid", "tenantresourceid", "extensionresourceid"}
)


class Identifiers:
    """References to resources that are here; ids of others, spelled out."""

    def __init__(self, names: Names, around: Surroundings) -> None:
        self._names = names
        self._around = around

    def meant(self, name: str, arguments: list[Value]) -> tuple[Value] | None:
        """What a function that speaks of a resource gives; None for any other."""
        if name in _IDENTIFIERS:
            return self._identifier(name, arguments)
        if name == "reference" and arguments:
            target = self._target(arguments[0])
            if target is not None:
                full = len(arguments) > 2 and str(arguments[2]).lower() == "full"
                answer = self._around.answers(target)
                if answer is not None:
                    return ({"properties": answer} if full else answer,)
                path: tuple[str | int, ...] = () if full else ("properties",)
                return (ResourceRef(target.address, path, target.instance),)
        if name.startswith("list") and len(arguments) >= 2:
            target = self._target(arguments[0])
            if target is not None:
                function = OWN_FUNCTIONS.get(name, name)
                return (ResourceRef(target.address, (f"{function}()",), target.instance),)
        return None

    def _target(self, value: Value) -> ResourceRef | None:
        """The resource that an id or a name means."""
        if isinstance(value, ResourceRef):
            return value if value.path == ("id",) else None
        return self._around.by_name(value)

    def spelled_out(self, native: str, names: list[Value]) -> Value:
        """The id of a resource in this group, also of one of the template's."""
        return self._spelled("resourceid", [], native, names)

    def _identifier(self, name: str, arguments: list[Value]) -> tuple[Value] | None:
        position = next(
            (n for n, a in enumerate(arguments) if isinstance(a, str) and _is_type(a)), None
        )
        if position is None:
            return None
        before, type_name = arguments[:position], str(arguments[position]).rstrip("/")
        names = arguments[position + 1 :]
        if len(names) == 1 and isinstance(names[0], str) and "/" in names[0]:
            names = list[Value](names[0].split("/"))
        if len(names) != len(type_name.split("/")) - 1:
            return None
        group = self._group_said(name, before)
        if group is not False:
            here = self._around.resource(type_name, names, group)
            if here is not None:
                return (here,)
        spelled = self._spelled(name, before, type_name, names)
        return None if spelled is None else (spelled,)

    def _spelled(self, name: str, before: list[Value], native: str, names: list[Value]) -> Value:
        scope = self._scope(name, before)
        namespace, *types = native.split("/")
        if scope is None or len(types) != len(names):
            return None
        steps: list[Value] = [*scope, "/providers/", namespace]
        for segment, own in zip(types, names, strict=True):
            steps.extend((f"/{segment}/", piece(own)))
        return join_parts(steps)

    def _group_said(self, name: str, before: list[Value]) -> Value:
        """The group that an id speaks of: None where it does not say it, False where it is one of
        another subscription."""
        if not before:
            return None
        if name == "extensionresourceid":
            group = before[0]
            if isinstance(group, ResourceRef) and group.path == ("id",):
                return group if len(before) == 1 else False
            return None if len(before) == 1 else False
        if name != "resourceid" or len(before) > 2:
            return False
        own = len(before) == 1 or before[0] == Ambient("subscription_id")
        return before[-1] if own else False

    def _scope(self, name: str, before: list[Value]) -> list[Value] | None:
        """What an id begins with."""
        if name == "tenantresourceid":
            return []
        if name == "extensionresourceid":
            return [piece(before[0])] if len(before) == 1 else None
        subscription: Value = Ambient("subscription_id")
        if name == "subscriptionresourceid":
            return ["/subscriptions/", piece(before[0]) if before else subscription]
        if len(before) > 2:
            return None
        group = piece(before[-1]) if before else of_group(self._names.group, "name")
        if len(before) == 2:
            subscription = piece(before[0])
        return ["/subscriptions/", subscription, "/resourceGroups/", group]


def _is_type(text: str) -> bool:
    namespace, _, rest = text.partition("/")
    return "." in namespace and bool(rest) and not text.startswith("/")
