"""Variables in the place of values that are not known.

Code and documents cannot say that a value is unknown. A variable without default says it: whoever
uses the result is asked for the value, and nothing was guessed.
"""

from __future__ import annotations

import re
from dataclasses import replace

from dharma.catalog.document import Note
from dharma.model.blueprint import Blueprint, Output, Resource, Variable
from dharma.model.expressions.nodes import Unknown, Value, VariableRef, transform, walk
from dharma.model.origin import Origin

_NO_WORD = re.compile(r"[^A-Za-z0-9]+")


def with_placeholders(blueprint: Blueprint) -> tuple[Blueprint, list[Note]]:
    """The blueprint with a variable for every unknown value, and a note for each."""
    made = _Placeholders({v.name for v in blueprint.variables})
    resources = tuple(made.resource(r) for r in blueprint.resources)
    outputs = tuple(made.output(o) for o in blueprint.outputs)
    if not made.variables:
        return blueprint, []
    whole = replace(
        blueprint,
        variables=(*blueprint.variables, *made.variables),
        resources=resources,
        outputs=outputs,
    )
    return whole, made.notes


class _Placeholders:
    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.variables: list[Variable] = []
        self.notes: list[Note] = []

    def resource(self, resource: Resource) -> Resource:
        def known(value: Value, path: str, type: str = "any") -> Value:
            return self._known(value, resource.address, path, resource.origin, type)

        return replace(
            resource,
            properties={k: known(v, k) for k, v in resource.properties.items()},
            native={
                form: {k: known(v, k) for k, v in extra.items()}
                for form, extra in resource.native.items()
            },
            count=known(resource.count, "count", "number"),
            for_each=known(resource.for_each, "for_each"),
            condition=known(resource.condition, "condition", "bool"),
        )

    def output(self, output: Output) -> Output:
        address = f"output.{output.name}"
        return replace(
            output, value=self._known(output.value, address, "value", output.origin, "any")
        )

    def _known(self, value: Value, address: str, path: str, origin: Origin, type: str) -> Value:
        if not any(isinstance(node, Unknown) for node in walk(value)):
            return value

        def change(node: Value) -> Value:
            return self._variable(node, address, path, origin, type) if (
                isinstance(node, Unknown)
            ) else node  # fmt: skip

        return transform(value, change)

    def _variable(
        self, unknown: Unknown, address: str, path: str, origin: Origin, type: str
    ) -> VariableRef:
        wanted = _NO_WORD.sub("_", f"{address.split('.', 1)[-1]}_{path}").strip("_").lower()
        name, count = wanted, 1
        while name in self.taken:
            count += 1
            name = f"{wanted}_{count}"
        self.taken.add(name)
        said = f"{path} of {address}: {unknown.reason}"
        self.variables.append(
            Variable(name, type=type, required=True, description=said, origin=origin)
        )
        message = f"its value is not known ({unknown.reason}); it is var.{name}"
        self.notes.append(Note("approximated", address, path, message, origin))
        return VariableRef(name)
