"""The document that policies see as `input`.

    {"blueprint": {name, version, provider, region, variables},
     "resources": {kind: [{address, name, kind, file, line, properties, unknown}]},
     "kinds": {kind: {taggable, tags, stateful}}, of those in `resources` that the catalog knows;
     `tags` is the property that holds tags (Google's word is `labels`),
     "parameters": {policy id: its settings},
     "plan": {...}, "cost": {...}, and, in Terraform's own shape of a plan,
     "resource_changes", "planned_values", "configuration"}

Properties are those of the catalog's kinds, attachments folded in, whatever format they were
written in. Resources of types that the catalog does not know stand there with their raw arguments.
A part of a resource that is not in the document (`apart`) stands there a second time, as a resource
of its owner's kind with `only`, the properties that it gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dharma.catalog.catalog import Catalog
from dharma.catalog.kinds import Kind
from dharma.guardrails.apart import Elsewhere, elsewhere
from dharma.guardrails.plain import SENSITIVE, Plain
from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance
from dharma.model.expressions.nodes import Unknown

_STATEFUL_ACTIONS = frozenset({"delete", "replace"})


def analysis_document(
    resolved: ResolvedBlueprint,
    catalog: Catalog,
    plan: Mapping[str, Any] | None = None,
    cost: Mapping[str, Any] | None = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    plan_shape: bool = True,
) -> dict[str, Any]:
    """JSON-able. `plan` and `cost` are their `to_dict()`. Without `plan_shape` Terraform's shape is
    left out, which costs as much as all the rest."""
    resources: dict[str, list[dict[str, Any]]] = {}
    for instance in resolved.resources:
        resources.setdefault(instance.type, []).append(_resource(instance, catalog))
        if catalog.kind(instance.type) is None and (owner := elsewhere(instance, catalog)):
            resources.setdefault(owner.kind.name, []).append(_part(instance, owner, catalog))
    document: dict[str, Any] = {
        "blueprint": {
            "name": resolved.name,
            "version": resolved.version,
            "provider": resolved.provider,
            "region": resolved.region,
            "variables": _variables(resolved),
        },
        "resources": resources,
        "kinds": {
            name: {
                "taggable": (tags := _tags(kind)) is not None,
                "tags": tags,
                "stateful": kind.stateful,
            }
            for name in resources
            if (kind := catalog.kind(name)) is not None
        },
        "parameters": dict(parameters or {}),
    }
    if plan is not None:
        document["plan"] = _with_state(plan, catalog)
    if cost is not None:
        document["cost"] = dict(cost)
    if plan_shape:
        from dharma.guardrails.terraform_plan import terraform_plan

        document |= terraform_plan(resolved, catalog, plan)
    return document


def _tags(kind: Kind) -> str | None:
    """The property that holds a resource's tags. Google's `tags` of instances are a list: words
    that firewall rules aim at."""
    found = (kind.properties.get(name) for name in ("tags", "labels"))
    return next((p.name for p in found if p is not None and p.type == "map(string)"), None)


def _resource(instance: ResourceInstance, catalog: Catalog) -> dict[str, Any]:
    kind = catalog.kind(instance.type)
    plain = Plain(instance.properties, kind.properties if kind else {})
    found: dict[str, Any] = {
        "address": instance.address,
        "name": instance.name,
        "kind": instance.type,
        "file": instance.origin.file,
        "line": instance.origin.line,
        "properties": plain.properties,
        "unknown": plain.unknown,
    }
    if instance.exists is None:
        found["uncertain"] = "the condition is not known yet"
    return found


def _part(instance: ResourceInstance, owner: Elsewhere, catalog: Catalog) -> dict[str, Any]:
    """An owner that is elsewhere, at the address and place of the part that is here."""
    whole = replace(instance, type=owner.kind.name, properties=owner.properties)
    return {**_resource(whole, catalog), "only": list(owner.said)}


def _variables(resolved: ResolvedBlueprint) -> dict[str, Any]:
    """The values of the variables; a sensitive one only shows that it is there."""
    known = {
        name: SENSITIVE if name in resolved.sensitive else value
        for name, value in resolved.variables.items()
        if not isinstance(value, Unknown)
    }
    return Plain(known, {}).properties


def _with_state(plan: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """The plan with every change marked that ends a resource which keeps data (`losesData`)."""
    changes = []
    for change in plan.get("changes") or ():
        kind = catalog.kind(str(change.get("kind")))
        ends = change.get("action") in _STATEFUL_ACTIONS
        changes.append({**change, "losesData": bool(ends and kind and kind.stateful)})
    return {**plan, "changes": changes}
