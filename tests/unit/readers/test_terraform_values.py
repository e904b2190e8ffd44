"""For every kind of the catalog: random resources of which everything is known, written as the
files of a Terraform project and read with values, are the resources as the evaluator has them.

The reader puts in variables and decides conditions in the code; here the same is done in the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.readers.terraform.opening import read_sent
from dharma.catalog import canonical
from dharma.catalog.vpc_gateways import without_gateway_dependencies
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource, Variable
from dharma.model.expressions.nodes import Unknown, Value, VariableRef, walk
from tests.unit.catalog.meaning import decided
from tests.unit.catalog.random_resources import RandomResources
from tests.unit.readers.test_terraform_round_trip import CATALOG, KINDS, written


def with_all_known(resource: Resource) -> Resource:
    """The resource, there once, without the properties that need more than the values below."""
    return replace(
        resource,
        properties={k: v for k, v in resource.properties.items() if _known(v)},
        condition=resource.condition if _known(resource.condition) else None,
        count=None,
        for_each=None,
    )


def _known(value: Value) -> bool:
    return not any(
        isinstance(node, Unknown) or (isinstance(node, VariableRef) and node.name == "given")
        for node in walk(value)
    )


def _without_empty(value: Any) -> Any:
    """Without blocks that say nothing: values are put in before it is seen that none is left."""
    if isinstance(value, dict):
        inner = {k: _without_empty(v) for k, v in value.items()}
        return {k: v for k, v in inner.items() if v not in ({}, [])}
    if isinstance(value, list):
        return [v for v in map(_without_empty, value) if v not in ({}, [])]
    return value


@pytest.mark.parametrize("kind_name", KINDS)
def test_what_is_read_with_values_is_what_the_evaluator_makes_of_it(kind_name: str) -> None:
    kind = CATALOG.kind(kind_name)
    assert kind is not None
    compared = 0

    @settings(max_examples=8, deadline=None, database=None, derandomize=True)
    @given(seed=st.integers(0, 2**32), flag=st.booleans(), production=st.booleans())
    def check(seed: int, flag: bool, production: bool) -> None:
        nonlocal compared
        made = RandomResources(seed, ("terraform",), CATALOG).make(kind)
        resources = [with_all_known(resource) for resource in made]
        environment = "production" if production else "dev"
        values: dict[str, Value] = {"flag": flag, "environment": environment}

        def decide(_: tuple[Variable, ...], __: Mapping[str, Value]) -> Mapping[str, Any]:
            return values

        try:
            files = written(resources)
        except NotExpressible:
            return
        result = read_sent(files, CATALOG, expand=True, decide=decide)
        assert result.notes == ()
        expected = [
            replace(resource, condition=None)
            for resource in decided(list(without_gateway_dependencies(resources)), values)
            if resource.condition is not False
        ]
        found = decided(list(result.blueprint.resources), values)
        assert _without_empty(canonical(found, CATALOG)) == _without_empty(
            canonical(expected, CATALOG)
        )
        compared += 1

    check()
    assert compared > 0
