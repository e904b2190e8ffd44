"""For every kind of the catalog: random resources, written as the files of a Terraform project,
are the same resources when the folder is read.

This is the whole way of a user: model, document, HCL text, and back through parser, evaluator and
catalog. The resources are those of `tests/unit/catalog/test_round_trip.py`.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.readers.terraform.opening import read_sent
from dharma.catalog import load_catalog
from dharma.catalog.vpc_gateways import without_gateway_dependencies
from dharma.core.errors import NotExpressible
from dharma.generator import generate
from dharma.model.blueprint import Blueprint, Resource, Variable
from dharma.model.expressions.nodes import (
    Unknown,
    Value,
    VariableRef,
    transform,
)
from tests.unit.catalog.meaning import assert_same
from tests.unit.catalog.random_resources import RandomResources

CATALOG = load_catalog()
KINDS = [kind.name for kind in CATALOG.kinds()]
VARIABLES = (
    Variable("given", type="any", required=True),
    Variable("many", type="number", required=True),
    Variable("names", type="list(string)", required=True),
    Variable("instances", type="map(any)", required=True),
    Variable("flag", type="bool", required=True),
    Variable("environment", type="string", default="dev", allowed=("dev", "production")),
)


def written(resources: list[Resource]) -> dict[str, bytes]:
    kind = CATALOG.kind(resources[0].type)
    assert kind is not None
    blueprint = Blueprint(
        "round-trip",
        "1.0.0",
        kind.provider,  # type: ignore[arg-type]
        variables=VARIABLES,
        resources=tuple(resources),
    )
    code = generate(blueprint, "terraform", CATALOG)
    return {path: text.encode() for path, text in code.files.items()}


def without_unknowns(value: Value) -> Value:
    """Code cannot say that something is unknown."""

    def change(node: Value) -> Value:
        return VariableRef("given") if isinstance(node, Unknown) else node

    return transform(value, change)


def known(resource: Resource) -> Resource:
    properties = {k: without_unknowns(v) for k, v in resource.properties.items()}
    return replace(resource, properties=properties)


@pytest.mark.parametrize("kind_name", KINDS)
def test_what_is_written_as_hcl_is_read_back(kind_name: str) -> None:
    kind = CATALOG.kind(kind_name)
    assert kind is not None
    tried, refused = 0, 0

    @settings(max_examples=15, deadline=None, database=None)
    @given(seed=st.integers(0, 2**32))
    def check(seed: int) -> None:
        nonlocal tried, refused
        resources = [known(r) for r in RandomResources(seed, ("terraform",), CATALOG).make(kind)]
        tried += 1
        try:
            files = written(resources)
        except NotExpressible:
            refused += 1
            return
        result = read_sent(files, CATALOG)
        assert result.notes == ()
        found = list(result.blueprint.resources)
        # What is waited for anyway is not said again, see `dharma.catalog.vpc_gateways`.
        expected = list(without_gateway_dependencies(resources))
        assert_same(found, expected, CATALOG)

    check()
    assert refused <= tried / 2, f"{refused} of {tried} could not be written"
