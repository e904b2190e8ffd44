"""What the counterpart of a cluster must have, and the source does not say."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dharma.blueprint.crosscloud.draft import Draft
from dharma.blueprint.crosscloud.equivalents import MAIN, Need, Place
from dharma.blueprint.crosscloud.paths import get_at
from dharma.catalog.kinds import Property
from dharma.model.blueprint import Steps, Variable
from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.nodes import ResourceRef, Value
from dharma.model.expressions.parser import parse_template

_NO_WORD = re.compile(r"[^A-Za-z0-9]+")


def complete(draft: Draft) -> None:
    """What the table says of the target: values that it wants where none was carried, values that
    it always has, and resources that it needs."""
    for at, addition in draft.target.adds.items():
        if at.part and at.part not in draft.properties:
            continue
        if addition.value is None or draft.made(at) is not None:
            continue
        if any(
            draft.made(Place(at.part, at.steps[:n])) is not None
            and not isinstance(draft.made(Place(at.part, at.steps[:n])), dict | list)
            for n in range(1, len(at.steps))
        ):
            continue
        value = addition.value
        if isinstance(value, str) and "${" in value:
            value = _parsed(value)
        draft.put(at, value)
        draft.review.added.append((str(at), addition.why or "it is wanted there"))
    for carried in draft.cluster.concept.carries:
        other = carried.ends.get(draft.target.provider)
        source = carried.ends.get(draft.source.provider)
        if other is None or source is None:
            continue
        if draft.made(other.place) is None:
            continue
        for at, extra in other.adds.items():
            if draft.made(at) is None:
                draft.put(at, extra)
    for at, value in draft.target.sets.items():
        draft.put(at, value)
    for at, need in draft.target.needs.items():
        if draft.made(at) is None:
            _find(draft, at, need)


def require(draft: Draft, alias: str, declared: Mapping[str, Property], steps: Steps) -> None:
    """What the kind asks for and nobody said becomes a variable."""
    here = get_at(draft.properties[alias], steps) if steps else draft.properties[alias]
    if not isinstance(here, dict):
        return
    for name, found in declared.items():
        at = (*steps, name)
        value = here.get(name)
        if value is None:
            if found.required:
                if found.properties and found.type == "object":
                    here[name] = {}
                    require(draft, alias, found.properties, at)
                else:
                    ask_for(draft, Place(alias, at), "it is required there")
            continue
        if found.type == "object" and isinstance(value, dict):
            require(draft, alias, found.properties, at)
        elif found.holds_objects and isinstance(value, list):
            for position, element in enumerate(value):
                if isinstance(element, dict):
                    require(draft, alias, found.properties, (*at, position))


def ask_for(draft: Draft, at: Place, why: str) -> None:
    """A variable without default: nothing is guessed."""
    found = draft.declared(at)
    kind = found.type if found is not None else "string"
    kind = "any" if "object" in kind else kind
    kind = "any" if kind == "document" else kind.replace("set(", "list(")
    if at.steps and isinstance(at.steps[-1], int):
        kind = "string"
    name = f"{draft.cluster.main.name}_{'_'.join(str(s) for s in at.steps[-2:])}"
    name = _NO_WORD.sub("_", re.sub(r"_[0-9]+(?=_|$)", "", name)).strip("_").lower()
    reference = draft.journey.variables.new(
        Variable(
            name,
            type=kind,
            required=True,
            sensitive=bool(found is not None and found.sensitive),
            description=f"{draft.cluster.addresses[at.part]}: {why}",
        )
    )
    draft.put(at, reference)
    draft.review.needed.append((f"var.{reference.name}", why))


def _find(draft: Draft, at: Place, need: Need) -> None:
    """The only resource that can be meant, else a variable."""
    candidates = {
        cluster.main.address: cluster
        for cluster in draft.journey.references.clusters.values()
        if cluster.concept.name == need.sole and MAIN in cluster.addresses
    }
    if need.sole is None or len(candidates) != 1:
        ask_for(draft, at, need.why)
        return
    (address,) = candidates
    named = ResourceRef(address, ("id",))
    found = draft.journey.references.carried(named, need.attribute)
    draft.put(at, [found] if draft.is_list(at) else found)
    draft.review.added.append((str(at), f"{need.why}: the only one of this blueprint"))


def _parsed(text: str) -> Value:
    try:
        return parse_template(text)
    except ExpressionError:
        return text
