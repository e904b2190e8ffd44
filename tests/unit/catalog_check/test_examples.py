"""Each kind has an example blueprint that loads and says only what the kind knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.catalog.kinds import Property
from dharma.model.expressions.nodes import ResourceRef, Value, references

EXAMPLES = Path(__file__).parents[3] / "examples" / "kinds"


@pytest.mark.parametrize("name", load_catalog().names("aws"))
def test_every_kind_has_an_example_that_says_only_what_the_kind_knows(name: str) -> None:
    blueprint = load_blueprint((EXAMPLES / f"{name}.yaml").read_bytes(), f"{name}.yaml")
    assert any(resource.type == name for resource in blueprint.resources)
    for resource in blueprint.resources:
        kind = load_catalog().kind(resource.type)
        assert kind is not None, resource.address
        assert list(_unknown(resource.properties, kind.properties)) == [], resource.address


@pytest.mark.parametrize("name", load_catalog().names("aws"))
def test_the_references_of_an_example_lead_to_attributes(name: str) -> None:
    blueprint = load_blueprint((EXAMPLES / f"{name}.yaml").read_bytes())
    kinds = {resource.address: resource.type for resource in blueprint.resources}
    values: list[Value] = [resource.properties for resource in blueprint.resources]
    values.extend(output.value for output in blueprint.outputs)
    for reference in (r for value in values for r in references(value)):
        assert reference.address in kinds, reference
        assert _leads_somewhere(reference, kinds[reference.address]), reference


def _leads_somewhere(reference: ResourceRef, kind_name: str) -> bool:
    kind = load_catalog().kind(kind_name)
    assert kind is not None
    attribute = ".".join(str(step) for step in reference.path)
    return attribute in kind.attributes or attribute in kind.properties


def _unknown(value: Value, known: Mapping[str, Property], path: str = "") -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key not in known:
            yield f"{path}{key}"
            continue
        members = known[key].properties
        for one in inner if isinstance(inner, list) else [inner]:
            if members:
                yield from _unknown(one, members, f"{path}{key}.")
