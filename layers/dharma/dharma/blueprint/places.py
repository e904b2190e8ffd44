"""Where a part of a blueprint stands, for faults."""

from __future__ import annotations

from dharma.core.errors import Fault
from dharma.model.blueprint import Resource, Steps
from dharma.model.origin import Origin


def fault_at(
    resource: Resource, steps: Steps, message: str, hint: str | None = None, key: bool = False
) -> Fault:
    """A fault of a property (`("tags", "a")`) or, with a step such as `@count`, of the resource's
    own keys. Without a mark of its own it gets that of the nearest part around it."""
    mark: tuple[int | None, int | None] = (resource.origin.line, resource.origin.column)
    around = steps[:-1] if key else steps
    for end in range(len(around), -1, -1):
        if around[:end] in resource.marks:
            mark = resource.marks[around[:end]]
            break
    if key and steps in resource.marks:
        # The mark is the value's; its line is also the key's.
        mark = (resource.marks[steps][0], mark[1] if len(steps) > 1 else None)
    return Fault(message, path_of(resource, steps), resource.origin.file, *mark, hint=hint)


def path_of(resource: Resource, steps: Steps) -> str:
    path = f"resources.{resource.address}"
    for position, step in enumerate(steps):
        if isinstance(step, int):
            path += f"[{step}]"
        elif step.startswith("@"):
            path += f".{step[1:]}"
        else:
            path += f".{step}" if position else f".properties.{step}"
    return path


def fault_of(origin: Origin, path: str, message: str, hint: str | None = None) -> Fault:
    return Fault(message, path, origin.file, origin.line, origin.column, hint)
