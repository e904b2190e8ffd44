"""The table of equivalents: concepts that clouds share, one file each in `catalog/equivalents`.

A concept has a side per cloud (its kind, further kinds that are parts of it, what others may refer
to) and the properties that are carried, each with a path per side. `docs/cross-cloud.md` explains
every word of a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from dharma.blueprint.crosscloud.listed import as_list
from dharma.core.errors import Misconfigured
from dharma.model.blueprint import Provider, Steps

FOLDER = Path(__file__).parents[2] / "catalog" / "equivalents"
PROVIDERS: tuple[Provider, ...] = ("aws", "azure", "gcp")
MAIN = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: which part of a side (`MAIN` or an alias), and the path in it."""

    part: str
    steps: Steps

    def __str__(self) -> str:
        text = ".".join(map(str, self.steps))
        return f"{self.part}:{text}" if self.part else text


@dataclass(frozen=True, slots=True)
class End:
    """One cloud's end of a carried property.

    `conversions` lie between the shared form and this cloud's; `attribute` is what a reference to a
    resource of the shared concept names here. `together` are places that say the same thing.
    `implied` is a place, its value, what that means where this end is silent, and why.
    """

    place: Place
    conversions: tuple[Any, ...] = ()
    attribute: str | None = None
    together: tuple[Place, ...] = ()
    implied: tuple[Place, Any, Any, str] | None = None
    adds: Mapping[Place, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Carried:
    """A property that clouds share. `to` is the concept that its value refers to; `why` says what
    is only alike, `missing` what stands in its place where a cloud has no end of it."""

    name: str
    ends: Mapping[str, End]
    to: str | None
    why: str | None
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartSpec:
    """A further resource of a side. It names the main one (`owner`) or is named by it (`member`);
    `attribute` is the one that is named. `mains`: its kind stands for another concept as well."""

    alias: str
    kind: str
    owner: Place | None
    member: Place | None
    attribute: str
    listed: bool
    name: str | None
    rule: str
    optional: bool
    mains: bool


@dataclass(frozen=True, slots=True)
class Addition:
    value: Any
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What the target wants and the source cannot tell, and why. `sole`: the only resource of that
    concept is meant, where there is only one."""

    why: str
    sole: str | None = None
    attribute: str = "id"


@dataclass(frozen=True, slots=True)
class Side:
    """What a concept is in one cloud."""

    provider: str
    kind: str
    when: Mapping[str, str]
    attributes: Mapping[str, tuple[Place, ...]]
    name: Place | None
    name_rule: str
    name_optional: bool
    parts: tuple[PartSpec, ...]
    adds: Mapping[Place, Addition]
    sets: Mapping[Place, Any]
    needs: Mapping[Place, Need]
    drops: Mapping[Place, str]
    rules: tuple[str, ...]

    def part(self, alias: str) -> PartSpec:
        return next(part for part in self.parts if part.alias == alias)


@dataclass(frozen=True, slots=True)
class Concept:
    name: str
    title: str
    sides: Mapping[str, Side]
    absent: Mapping[str, str]
    carries: tuple[Carried, ...]


@dataclass(frozen=True, slots=True)
class Equivalents:
    """All concepts; `unmatched` are kinds that nothing elsewhere is like, with the reason."""

    concepts: Mapping[str, Concept]
    unmatched: Mapping[str, str]
    regions: tuple[Mapping[str, str], ...]
    default_region: Mapping[str, str]

    def concepts_of(self, kind: str) -> list[tuple[Concept, Side]]:
        """The concepts whose main kind on some side this is."""
        return [
            (concept, side)
            for concept in self.concepts.values()
            for side in concept.sides.values()
            if side.kind == kind
        ]

    def near(self, region: str, source: str, target: str) -> str | None:
        """The region of another cloud that lies near one of this cloud."""
        return next((r[target] for r in self.regions if r.get(source) == region), None)


@lru_cache(maxsize=1)
def load_equivalents() -> Equivalents:
    """The table of this installation."""
    files = sorted((FOLDER / "concepts").glob("*.yaml"))
    concepts = [_concept(_read(path), path) for path in files]
    unmatched = _read(FOLDER / "unmatched.yaml")
    places = _read(FOLDER / "regions.yaml")
    return Equivalents(
        {concept.name: concept for concept in concepts},
        {kind: why for kinds in unmatched.values() for kind, why in kinds.items()},
        tuple(places["regions"]),
        places["default"],
    )


def place(text: str) -> Place:
    """`nic:ip_configuration.0.subnet_id` as a part and its path."""
    part, _, path = text.rpartition(":")
    return Place(part, tuple(int(s) if s.isdigit() else s for s in path.split(".")))


def _read(path: Path) -> dict[str, Any]:
    data = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    if not isinstance(data, dict):
        raise Misconfigured(f"{path}: not a mapping")
    return data


def _concept(data: dict[str, Any], path: Path) -> Concept:
    if data.get("concept") != path.stem:
        raise Misconfigured(f"{path}: `concept` must be the file's name")
    sides: dict[str, Side] = {p: _side(p, data[p]) for p in PROVIDERS if p in data}
    carries = tuple(_carried(name, said) for name, said in data.get("carries", {}).items())
    return Concept(data["concept"], data["title"], sides, data.get("absent", {}), carries)


def _side(provider: str, data: dict[str, Any]) -> Side:
    name = data.get("name")
    return Side(
        provider,
        data["kind"],
        data.get("when", {}),
        {
            shared: tuple(place(each) for each in as_list(said))
            for shared, said in data["attributes"].items()
            if said is not None
        },
        place(name["path"]) if name else None,
        name.get("rule", provider) if name else provider,
        bool(name and name.get("optional")),
        tuple(_part(alias, said, provider) for alias, said in data.get("parts", {}).items()),
        {place(at): _addition(said) for at, said in data.get("adds", {}).items()},
        {place(at): value for at, value in data.get("sets", {}).items()},
        {
            place(at): Need(**said) if isinstance(said, dict) else Need(said)
            for at, said in data.get("needs", {}).items()
        },
        {place(at): why for at, why in data.get("drops", {}).items()},
        tuple(data.get("rules", ())),
    )


def _addition(said: Any) -> Addition:
    if isinstance(said, dict) and "value" in said:
        return Addition(said["value"], said.get("why"))
    return Addition(said)


def _part(alias: str, said: dict[str, Any], provider: str) -> PartSpec:
    return PartSpec(
        alias,
        said["kind"],
        place(said["owner"]) if "owner" in said else None,
        place(said["member"]) if "member" in said else None,
        said.get("attribute", "id"),
        said.get("as") == "only",
        said.get("name"),
        said.get("rule", provider),
        bool(said.get("optional")),
        bool(said.get("mains")),
    )


def _carried(name: str, said: dict[str, Any]) -> Carried:
    why = said.get("why")
    return Carried(
        name,
        {p: _end(said[p]) for p in PROVIDERS if p in said},
        said.get("to"),
        why if isinstance(why, str) else None,
        why if isinstance(why, dict) else {},
    )


def _end(said: Any) -> End:
    if isinstance(said, str):
        return End(place(said))
    conversions = said.get("as", [])
    listed = [*as_list(conversions)]
    if "values" in said:
        listed.append({"values": said["values"], "reads": said.get("reads", {})})
    return End(
        place(said["path"]),
        tuple(listed),
        said.get("attribute"),
        tuple(place(each) for each in said.get("with", ())),
        _implied(said.get("implied")),
        {place(at): value for at, value in said.get("adds", {}).items()},
    )


def _implied(said: dict[str, Any] | None) -> tuple[Place, Any, Any, str] | None:
    if said is None:
        return None
    return place(said["by"]), said["is"], said["means"], said["why"]
