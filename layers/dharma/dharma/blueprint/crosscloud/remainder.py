"""What of the source is not in the counterpart, and why."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.crosscloud.draft import Draft
from dharma.blueprint.crosscloud.equivalents import MAIN, Place
from dharma.blueprint.crosscloud.paths import begins, leaves
from dharma.catalog.kinds import Kind
from dharma.model.blueprint import Steps

# What says where a resource stands, and is decided for the whole.
_PLACEMENT = frozenset({"resource_group_name", "location", "region", "zone", "project"})


def review_rest(draft: Draft) -> None:
    """Every value that was not carried, with the reason, unless it says what silence says."""
    for alias, resource in draft.cluster.members.items():
        kind = draft.journey.catalog.kind(resource.type)
        linked = _links(draft, alias)
        for steps, value in leaves(resource.properties):
            at = Place(alias, steps)
            if steps[0] in _PLACEMENT and draft.source.provider != "aws":
                continue
            if any(p.part == alias and begins(steps, p.steps) for p in draft.consumed):
                continue
            if any(begins(steps, link) for link in linked):
                continue
            if alias != MAIN and steps == (draft.source.part(alias).name or "",):
                continue
            if _says_nothing(draft, at, value, kind):
                continue
            draft.drop(at, _why(draft, at))
    main = draft.cluster.main
    for name, said, why in (
        ("region", main.region, "the region of the deployment holds: say another by hand"),
        ("renamed_from", main.renamed_from, "what is proposed has no history"),
        ("import_id", main.import_id, "what is there already is in the source cloud"),
    ):
        if said:
            draft.review.dropped.append((name, why))
    for format_name in draft.cluster.main.native:
        draft.review.dropped.append((f"native.{format_name}", "it is of the other cloud"))


def _links(draft: Draft, alias: str) -> list[Steps]:
    found = [p.member.steps for p in draft.source.parts if p.member and alias == MAIN]
    if alias != MAIN and (owner := draft.source.part(alias).owner) is not None:
        found.append(owner.steps)
    return found


def _says_nothing(draft: Draft, at: Place, value: Any, kind: Kind | None) -> bool:
    declared = draft.property(kind, at.steps)
    if declared is not None and declared.default is not None and value == declared.default:
        return True
    addition = draft.source.adds.get(at)
    if addition is not None and addition.value == value:
        return True
    return bool(draft.source.sets.get(at) == value)


def _why(draft: Draft, at: Place) -> str:
    for length in range(len(at.steps), 0, -1):
        why = draft.source.drops.get(Place(at.part, at.steps[:length]))
        if why is not None:
            return why
    return f"{draft.target.kind} has nothing like it in the table of equivalents"
