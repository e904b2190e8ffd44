"""Whether resources mean the same, under each value that the conditions of
`random_resources` may have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dharma.catalog import Catalog, canonical
from dharma.model.blueprint import Resource
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import Value
from dharma.model.expressions.scope import Scope


def assert_same(found: Sequence[Resource], meant: Sequence[Resource], catalog: Catalog) -> None:
    """Conditions may be nested in one text and joined in the other: what they say under each value
    must be the same."""
    if canonical(found, catalog) == canonical(meant, catalog):
        return
    for flag in (False, True):
        for environment in ("dev", "production"):
            values: dict[str, Value] = {"flag": flag, "environment": environment}
            assert canonical(decided(found, values), catalog) == canonical(
                decided(meant, values), catalog
            )


def decided(resources: Sequence[Resource], values: dict[str, Value]) -> list[Resource]:
    """The resources with these values of variables."""
    scope = Scope(variables=values)
    return [
        replace(
            resource,
            properties={
                k: without_nothing(evaluate(v, scope)) for k, v in resource.properties.items()
            },
            condition=evaluate(resource.condition, scope),
            count=evaluate(resource.count, scope),
            for_each=evaluate(resource.for_each, scope),
        )
        for resource in resources
    ]


def without_nothing(value: Value) -> Value:
    """A block of which no member holds is no block: it is written under their condition."""
    if isinstance(value, dict):
        members = {k: without_nothing(v) for k, v in value.items()}
        return members if any(v not in (None, []) for v in members.values()) else None
    if isinstance(value, list):
        return [v for v in map(without_nothing, value) if v is not None]
    return value
