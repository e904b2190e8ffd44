"""Properties that both clouds can say, carried over."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.crosscloud.conversions import Changed, Uncarried, conversion, same
from dharma.blueprint.crosscloud.draft import Draft
from dharma.blueprint.crosscloud.equivalents import Carried, End
from dharma.blueprint.crosscloud.listed import as_list
from dharma.model.expressions.nodes import (
    Conditional,
    Expression,
    ResourceRef,
    Splat,
    Value,
    VariableRef,
    walk,
)


def carry(draft: Draft, carried: Carried) -> None:
    """One property, if the source says it; what cannot be carried is reviewed as lost."""
    end = carried.ends.get(draft.source.provider)
    if end is None:
        return
    value = draft.at(end.place)
    reasons = [carried.why] if carried.why else []
    if value is None and end.implied is not None:
        by, literal, meant, implies = end.implied
        if draft.at(by) == literal:
            value = meant
            reasons.append(implies)
    if value is None:
        return
    _consume(draft, end, value)
    other = carried.ends.get(draft.target.provider)
    if other is None:
        said = carried.missing.get(draft.target.provider) or carried.why
        draft.drop(end.place, said or "there is nothing like it")
        return
    try:
        convert = _converted if carried.to is None else _reference
        value = convert(draft, value, end, other, reasons)
    except Uncarried as reason:
        draft.drop(end.place, reason.reason)
        return
    draft.put(other.place, value)
    for together in other.together:
        draft.put(together, value)
    for at, extra in other.adds.items():
        if draft.made(at) is None:
            draft.put(at, extra)
    if reasons:
        said = "; ".join(dict.fromkeys(reasons))
        draft.review.approximated.append((str(end.place), str(other.place), said))
    else:
        draft.review.carried.append((str(end.place), str(other.place)))


def _consume(draft: Draft, end: End, value: Value) -> None:
    draft.consumed.add(end.place)
    draft.consumed.update(place for place in end.together if draft.at(place) == value)
    for at, extra in end.adds.items():
        if draft.at(at) == extra:
            draft.consumed.add(at)


def _converted(draft: Draft, value: Any, end: End, other: End, reasons: list[str]) -> Value:
    for said in reversed(end.conversions):
        value = _step(draft, value, said, draft.source.provider, reasons, reads=True)
    for said in other.conversions:
        value = _step(draft, value, said, draft.target.provider, reasons, reads=False)
    return draft.journey.references.carried(value)


def _step(
    draft: Draft, value: Any, said: Any, provider: str, reasons: list[str], *, reads: bool
) -> Any:
    made = conversion(said, draft.source.provider, draft.target.provider, provider)
    run = made.reads if reads else made.writes
    if run is same:
        return value
    key = f"{'from' if reads else 'to'} {made.key}"
    structural = made.key in ("only", "labels", "tags")

    def convert(inner: Any) -> Any:
        if isinstance(inner, Conditional):
            return Conditional(inner.condition, convert(inner.then), convert(inner.otherwise))
        if isinstance(inner, VariableRef) and not structural:
            return draft.journey.variables.translated(inner.name, key, run)
        if isinstance(inner, Expression) and not structural:
            raise Uncarried("an expression makes it, and its values are others there")
        if inner is None:
            return None
        found = run(inner)
        if isinstance(found, Changed) and made.key == "labels":
            found = _labelled(draft, inner, found)
        if isinstance(found, Changed):
            reasons.append(found.why)
            return found.value
        return found

    return convert(value)


def _labelled(draft: Draft, tags: Any, made: Changed) -> Value | Changed:
    """Labels whose values are variables with allowed values that labels may have are fine."""
    if made.value != tags or not isinstance(tags, dict):
        return made
    loose = [v for v in tags.values() if isinstance(v, Expression)]
    fine = draft.journey.variables.are_labels
    return made.value if all(fine(value) for value in loose) else made


def _reference(draft: Draft, value: Any, end: End, other: End, reasons: list[str]) -> Value:
    """A value that names other resources: the same of their counterparts."""
    if "firewall_tags" in end.conversions:
        value = groups_of_tags(draft, value)
    for said in end.conversions:
        if said == "only" and isinstance(value, list) and value:
            value = value if len(value) > 1 else value[0]
    if not any(isinstance(node, ResourceRef) for node in walk(value)):
        raise Uncarried("what it names is no resource of this blueprint")
    if "firewall_tags" in other.conversions:
        return [_tag(draft, node) for node in as_list(value)]
    listed = draft.is_list(other.place)
    each = as_list(value)
    carried_over = []
    for node in each:
        try:
            carried_over.append(draft.journey.references.carried(node, other.attribute or "id"))
        except Uncarried as reason:
            reasons.append(reason.reason)
    if not carried_over:
        raise Uncarried("; ".join(dict.fromkeys(reasons)) or "it names nothing")
    if listed:
        if len(carried_over) == 1 and isinstance(carried_over[0], Splat):
            return carried_over[0]
        return carried_over
    if len(carried_over) > 1:
        reasons.append(f"one of {len(carried_over)} can be named there: the first")
    return carried_over[0]


def _tag(draft: Draft, node: Value) -> Value:
    reference = next((n for n in walk(node) if isinstance(n, ResourceRef)), None)
    if reference is None or reference.address not in draft.journey.tags:
        raise Uncarried("what it names is no group of this blueprint")
    return draft.journey.tags[reference.address]


def groups_of_tags(draft: Draft, value: Any) -> Value:
    found: list[Value] = []
    for tag in value if isinstance(value, list) else []:
        for cluster in draft.journey.references.clusters.values():
            if not cluster.side.rules or cluster.main.address in _named(found):
                continue
            if tag in as_list(cluster.main.properties.get("target_tags")):
                found.append(ResourceRef(cluster.main.address, ("id",)))
    if not found:
        raise Uncarried("no rule of this blueprint is for these tags")
    return found


def _named(values: list[Value]) -> set[str]:
    return {value.address for value in values if isinstance(value, ResourceRef)}
