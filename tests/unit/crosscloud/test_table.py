"""The table of equivalents against the catalog: kinds, paths, attributes and conversions exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dharma.blueprint.crosscloud import sizes
from dharma.blueprint.crosscloud.conversions import conversion
from dharma.blueprint.crosscloud.equivalents import MAIN, Concept, Place, Side, load_equivalents
from dharma.catalog import load_catalog
from dharma.catalog.kinds import Kind

CATALOG = load_catalog()
TABLE = load_equivalents()
SIDES = [(c, s) for c in TABLE.concepts.values() for s in c.sides.values()]


def _name(value: Any) -> str:
    return value.name if isinstance(value, Concept) else str(getattr(value, "provider", value))


def _kind(side: Side, part: str) -> Kind:
    name = side.kind if part == MAIN else side.part(part).kind
    kind = CATALOG.kind(name)
    assert kind is not None, f"{name} is no kind"
    return kind


def _exists(side: Side, place: Place) -> bool:
    names = tuple(step for step in place.steps if isinstance(step, str))
    return _kind(side, place.part).property_at(names) is not None


def _places(concept: Concept, side: Side) -> Iterator[Place]:
    yield from side.adds
    yield from side.sets
    yield from side.needs
    yield from side.drops
    if side.name:
        yield side.name
    for part in side.parts:
        if part.member:
            yield part.member
        if part.owner:
            yield Place(part.alias, part.owner.steps)
        if part.name:
            yield Place(part.alias, (part.name,))
    for carried in concept.carries:
        end = carried.ends.get(side.provider)
        if end is not None:
            yield end.place
            yield from end.together
            yield from end.adds
            if end.implied:
                yield end.implied[0]


@pytest.mark.parametrize(("concept", "side"), SIDES, ids=_name)
def test_every_path_is_a_property_of_its_kind(concept: Concept, side: Side) -> None:
    assert [str(place) for place in _places(concept, side) if not _exists(side, place)] == []


@pytest.mark.parametrize(("concept", "side"), SIDES, ids=_name)
def test_every_attribute_is_one_that_others_may_name(concept: Concept, side: Side) -> None:
    for places in side.attributes.values():
        for place in places:
            kind = _kind(side, place.part)
            text = ".".join(map(str, place.steps))
            assert text in kind.attributes or _exists(side, place), f"{kind.name}.{text}"


@pytest.mark.parametrize("concept", TABLE.concepts.values(), ids=_name)
def test_every_concept_says_something_of_each_cloud(concept: Concept) -> None:
    assert {*concept.sides, *concept.absent} == {"aws", "azure", "gcp"}
    assert len(concept.sides) >= 2
    for carried in concept.carries:
        assert carried.to is None or carried.to in TABLE.concepts
        for provider, end in carried.ends.items():
            assert carried.to is None or end.attribute or "firewall_tags" in end.conversions
            for said in end.conversions:
                if said != "firewall_tags":
                    conversion(said, "aws", "gcp", provider)


def test_a_kind_stands_for_one_thing() -> None:
    mains = [(s.kind, tuple(s.when.items())) for _, s in SIDES]
    assert len(set(mains)) == len(mains)
    assert not {kind for kind, _ in mains} & set(TABLE.unmatched)


def test_kinds_without_counterpart_are_kinds() -> None:
    assert [kind for kind in TABLE.unmatched if CATALOG.kind(kind) is None] == []


def test_a_region_stands_in_one_line() -> None:
    for provider in ("aws", "azure", "gcp"):
        named = [row[provider] for row in TABLE.regions]
        assert len(set(named)) == len(named)
        assert TABLE.default_region[provider] in named


@pytest.mark.parametrize(
    ("source", "name", "target", "expected"),
    [
        ("aws", "t3.micro", "gcp", "e2-micro"),
        ("aws", "t3.medium", "gcp", "e2-medium"),
        ("aws", "t3.medium", "azure", "Standard_B2s"),
        ("aws", "m5.xlarge", "gcp", "e2-standard-4"),
        ("aws", "m5.xlarge", "azure", "Standard_D4s_v5"),
        ("aws", "r5.large", "azure", "Standard_E2s_v5"),
        ("aws", "m6g.large", "azure", "Standard_D2ps_v5"),
        ("gcp", "e2-highmem-4", "aws", "r7i.xlarge"),
        ("azure", "Standard_D2s_v5", "aws", "m7i.large"),
    ],
)
def test_the_nearest_size_is_proposed(source: str, name: str, target: str, expected: str) -> None:
    size = sizes.size_of(source, name)
    assert size is not None
    found = sizes.nearest(size, target)
    assert found is not None
    assert found.name == expected


@pytest.mark.parametrize("target", ["aws", "azure", "gcp"])
def test_a_proposed_size_is_never_smaller(target: str) -> None:
    for (provider, _), size in sizes._sizes().items():
        found = sizes.nearest(size, target)
        if provider != target and found is not None:
            assert found.vcpu >= size.vcpu
            assert found.memory >= size.memory
            assert found.architecture == size.architecture


@pytest.mark.parametrize(
    ("source", "name", "target", "expected"),
    [
        ("aws", "db.t3.micro", "gcp", "db-custom-2-3840"),
        ("aws", "db.r5.large", "gcp", "db-custom-4-16384"),
        ("aws", "db.m5.large", "azure", "Standard_D2ds_v4"),
        ("aws", "db.t3.medium", "azure", "Standard_B2s"),
        ("gcp", "db-custom-2-7680", "aws", "db.m7i.large"),
        ("azure", "Standard_E4ds_v5", "aws", "db.r7i.xlarge"),
    ],
)
def test_a_database_gets_a_size_that_its_service_has(
    source: str, name: str, target: str, expected: str
) -> None:
    size = sizes.database_size(source, name)
    assert size is not None
    assert sizes.nearest_database(size, target) == expected
    other = sizes.database_size(target, expected)
    assert other is not None
    assert (other.vcpu, other.memory) >= (size.vcpu, 0)
    assert other.memory >= size.memory
