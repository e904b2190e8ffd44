"""The resources of a counterpart, linked to each other, placed and looped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dharma.blueprint.crosscloud import naming
from dharma.blueprint.crosscloud.additions import require
from dharma.blueprint.crosscloud.conversions import Uncarried
from dharma.blueprint.crosscloud.draft import Draft
from dharma.blueprint.crosscloud.equivalents import MAIN
from dharma.blueprint.crosscloud.paths import set_at
from dharma.catalog.kinds import Kind
from dharma.catalog.loops import owner_instance
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import ResourceRef, Template, Value


def built(draft: Draft) -> list[Resource]:
    """The resources themselves, linked to each other and placed."""
    main_address = draft.cluster.addresses[MAIN]
    for part in draft.target.parts:
        if part.alias not in draft.properties:
            draft.cluster.addresses.pop(part.alias, None)
            continue
        own = draft.properties[part.alias]
        instance = owner_instance(draft.cluster.main)
        if part.name is not None and part.name not in own:
            own[part.name] = _part_name(draft, part.rule)
        if part.owner is not None:
            set_at(own, part.owner.steps, ResourceRef(main_address, (part.attribute,), instance))
        if part.member is not None:
            named: Value = ResourceRef(
                draft.cluster.addresses[part.alias], (part.attribute,), instance
            )
            set_at(draft.properties[MAIN], part.member.steps, [named] if part.listed else named)
    before = [part.alias for part in draft.target.parts if part.member]
    after = [part.alias for part in draft.target.parts if not part.member]
    aliases = [a for a in (*before, MAIN, *after) if a in draft.properties]
    return [_resource(draft, alias) for alias in aliases]


def loops(draft: Draft) -> dict[str, Any]:
    """`count`, `for_each` and `condition` of the source, as far as they can be carried."""
    main = draft.cluster.main
    found: dict[str, Any] = {}
    for name in ("count", "for_each", "condition"):
        value = getattr(main, name)
        if value is None:
            continue
        try:
            found[name] = draft.journey.references.carried(value)
        except Uncarried as reason:
            draft.review.dropped.append((name, reason.reason))
    return found


def _resource(draft: Draft, alias: str) -> Resource:
    address = draft.cluster.addresses[alias]
    type_, _, name = address.partition(".")
    kind = draft.journey.catalog.kind(type_)
    assert kind is not None
    _placed(draft, alias, kind)
    require(draft, alias, kind.properties, ())
    main = draft.cluster.main
    resource = Resource(
        type_,
        name,
        _in_order(draft.properties[alias], kind),
        **loops(draft),
        depends_on=main.depends_on if alias == MAIN else (),
        lifecycle=replace(main.lifecycle, ignore_changes=()),
    )
    if main.lifecycle.ignore_changes and alias == MAIN:
        draft.review.dropped.append(
            ("lifecycle.ignore_changes", "names of properties are others there")
        )
    draft.cluster.made[alias] = resource
    return resource


def _part_name(draft: Draft, rule: str) -> Value:
    name = draft.made(draft.target.name) if draft.target.name is not None else None
    if isinstance(name, str):
        return naming.spelled(name, rule)
    return naming.derived(draft.journey.blueprint.name, draft.cluster.main, rule)


def _placed(draft: Draft, alias: str, kind: Kind) -> None:
    own = draft.properties[alias]
    provider = draft.target.provider
    if provider == "azure":
        group = "azurerm_resource_group.main"
        if "resource_group_name" in kind.properties:
            own["resource_group_name"] = ResourceRef(group, ("name",))
        if "location" in kind.properties:
            own["location"] = ResourceRef(group, ("location",))
        return
    for name in ("region", "location"):
        declared = kind.properties.get(name)
        if declared is not None and (declared.required or provider == "gcp") and (name not in own):
            own[name] = draft.journey.place
    declared = kind.properties.get("zone")
    if declared is not None and declared.required and "zone" not in own:
        own["zone"] = Template((draft.journey.place, "-b"))
        draft.review.added.append(("zone", "the zone was not carried: see that it fits"))


def _in_order(properties: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """As the kind declares them, so that a name comes first."""
    order = {name: n for n, name in enumerate(kind.properties)}
    return dict(sorted(properties.items(), key=lambda item: order.get(item[0], len(order))))
