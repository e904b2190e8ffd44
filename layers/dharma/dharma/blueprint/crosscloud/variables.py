"""Variables on the way to another cloud: kept, translated or new.

A variable whose value is spelled otherwise there (the size of a machine) is translated with its
default and its allowed values. Where one variable is used in several senses, each gets its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from dharma.blueprint.crosscloud.conversions import Changed, Uncarried
from dharma.model.blueprint import Blueprint, Output, Resource, Variable
from dharma.model.expressions.nodes import Value, VariableRef, transform, walk

_MARK = "\x00"
_LABEL = re.compile(r"[a-z0-9_-]{0,63}")


class Variables:
    """The variables of the source, and those that the target needs."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._declared = {variable.name: variable for variable in blueprint.variables}
        self._translated: dict[tuple[str, str], Variable] = {}
        self._new: dict[str, Variable] = {}
        self.notes: list[tuple[str, str]] = []

    def translated(
        self, name: str, key: str, convert: Callable[[Value], Value | Changed]
    ) -> VariableRef:
        """A reference to the variable with its values converted."""
        base, _, before = name.partition(_MARK)
        variable = self._translated[base, before] if before else self._declared.get(base)
        if variable is None:
            raise Uncarried(f"var.{base} is not declared")
        key = f"{before}, {key}" if before else key
        if (base, key) not in self._translated:
            self._translated[base, key] = _converted(variable, convert)
        return VariableRef(f"{base}{_MARK}{key}")

    def are_labels(self, value: Value) -> bool:
        """Whether whatever this variable may be has the form of a label of Google Cloud."""
        variable = self._declared.get(value.name) if isinstance(value, VariableRef) else None
        if variable is None or not variable.allowed:
            return False
        return all(_LABEL.fullmatch(str(allowed)) for allowed in variable.allowed)

    def new(self, variable: Variable) -> VariableRef:
        """A reference to a variable that the source did not have."""
        name, count = variable.name, 1
        while name in self._declared or (name in self._new and self._new[name] != variable):
            count += 1
            name = f"{variable.name}_{count}"
            variable = replace(variable, name=name)
        self._new[name] = variable
        return VariableRef(name)

    def _say(self, name: str, before: Variable) -> None:
        self.notes.append((f"var.{name}", "its values are those of the other cloud now"))
        if before.pattern or before.min is not None or before.max is not None:
            said = "its pattern and bounds held for the other spelling and are left out"
            self.notes.append((f"var.{name}", said))

    def settle(
        self, resources: list[Resource], outputs: list[Output]
    ) -> tuple[list[Variable], list[Resource], list[Output]]:
        """All variables that are used, and the rest with their final names in it."""
        used = _used(resources, outputs)
        names: dict[str, str] = {}
        found: dict[str, Variable] = {}
        for name, variable in self._declared.items():
            keys = [key for n, key in self._translated if n == name]
            marks = [f"{name}{_MARK}{key}" for key in keys if f"{name}{_MARK}{key}" in used]
            if name in used:
                found[name] = variable
            elif not marks:
                self.notes.append((f"var.{name}", "nothing uses it there; left out"))
            for position, mark in enumerate(marks):
                free = name if name not in used and position == 0 else f"{name}_{position + 2}"
                while free in found or (free in self._declared and free != name):
                    free = f"{free}_2"
                names[mark] = free
                key = mark.split(_MARK)[1]
                found[free] = replace(self._translated[name, key], name=free)
                self._say(free, variable)
        found |= {name: variable for name, variable in self._new.items() if name in used}

        def named(value: Value) -> Value:
            def change(node: Value) -> Value:
                if isinstance(node, VariableRef):
                    return VariableRef(names.get(node.name, node.name))
                return node

            return transform(value, change)

        return (
            list(found.values()),
            [_renamed(resource, named) for resource in resources],
            [replace(o, value=named(o.value), condition=named(o.condition)) for o in outputs],
        )


def _converted(variable: Variable, convert: Callable[[Value], Value | Changed]) -> Variable:
    """The variable with the values of the other cloud. Its pattern and bounds held for the other
    spelling and go."""
    default = variable.default
    if not variable.required and default is not None:
        default = _plain(convert(default))
    if isinstance(default, bool | str):
        kind = "bool" if isinstance(default, bool) else "string"
    else:
        kind = "number" if isinstance(default, int | float) else variable.type
    allowed = tuple(dict.fromkeys(_plain(convert(value)) for value in variable.allowed))
    return replace(
        variable, type=kind, default=default, allowed=allowed, pattern=None, min=None, max=None
    )


def _renamed(resource: Resource, named: Callable[[Value], Value]) -> Resource:
    return replace(
        resource,
        properties={key: named(value) for key, value in resource.properties.items()},
        count=named(resource.count),
        for_each=named(resource.for_each),
        condition=named(resource.condition),
    )


def _used(resources: list[Resource], outputs: list[Output]) -> set[str]:
    values: list[Value] = [value for o in outputs for value in (o.value, o.condition)]
    for resource in resources:
        values += [dict(resource.properties), resource.count, resource.for_each]
        values.append(resource.condition)
    return {node.name for v in values for node in walk(v) if isinstance(node, VariableRef)}


def _plain(value: Value | Changed) -> Value:
    return value.value if isinstance(value, Changed) else value
