"""Values at paths of literal keys and positions, and the leaves of properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from dharma.model.blueprint import Steps
from dharma.model.expressions.nodes import Value


def get_at(value: Any, steps: Steps) -> Any:
    """What stands there; None where nothing does, or where an expression stands in the way."""
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return None
            value = value[step]
        else:
            if not isinstance(value, Mapping):
                return None
            value = value.get(step)
    return value


def set_at(properties: dict[str, Any], steps: Steps, value: Value) -> None:
    """Put a value there, making objects and lists on the way."""
    here: Any = properties
    for step, following in pairwise(steps):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            while len(here) <= step:
                here.append({})
            if here[step] == {} and empty == []:
                here[step] = empty
            here = here[step]
        else:
            here = here.setdefault(step, empty)
    last = steps[-1]
    if isinstance(last, int):
        while len(here) <= last:
            here.append(None)
    here[last] = value


def leaves(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Every value that is no object, and no list of objects, with its path."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*steps, key))
    elif isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value):
        for position, inner in enumerate(value):
            yield from leaves(inner, (*steps, position))
    elif value is not None and steps:
        yield steps, value


def begins(steps: Steps, prefix: Steps) -> bool:
    return steps[: len(prefix)] == prefix
