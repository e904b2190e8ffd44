"""Terraform's own shape of a plan, made from the model, for policies of conftest and OPA."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dharma.blueprint.source_addresses import in_model_terms, referring_to
from dharma.catalog.catalog import Catalog
from dharma.catalog.document import Document
from dharma.catalog.kinds import Property
from dharma.catalog.plan_shape import plan_shape
from dharma.catalog.writing import write
from dharma.guardrails.plain import SENSITIVE
from dharma.model.blueprint import ResolvedBlueprint, Resource, ResourceInstance
from dharma.model.expressions.nodes import Value

_ACTIONS: Mapping[str, Sequence[str]] = {
    "create": ("create",),
    "update": ("update",),
    "replace": ("delete", "create"),
    "delete": ("delete",),
    "no-op": ("no-op",),
}


def terraform_plan(
    resolved: ResolvedBlueprint, catalog: Catalog, plan: Mapping[str, Any] | None
) -> dict[str, Any]:
    """`resource_changes`, `planned_values` and `configuration`; actions are those of our own plan,
    `create` without one. Raises `NotExpressible` for what Terraform cannot say.

    Resources stand under the addresses of `resolved`; what Terraform has as a resource of its own
    and the model folds in (`aws_s3_bucket_versioning`) has the name of its owner in the model.
    """
    modelled, sources = in_model_terms(resolved)
    resources = [_resource(instance, catalog) for instance in modelled.resources]
    document, _ = write(resources, "terraform", catalog)
    document = _addressed(document, sources)
    changed = {c["address"]: _ACTIONS[c["action"]] for c in (plan or {}).get("changes", ())}
    actions = {
        part.address: changed[part.owner or part.address]
        for part in document.parts
        if (part.owner or part.address) in changed
    }
    return plan_shape(document, actions)


def _addressed(document: Document, names: Mapping[str, str]) -> Document:
    """With other addresses of parts, references to them too."""
    if not names:
        return document

    def name(address: str) -> str:
        return names.get(address, address)

    return replace(
        document,
        parts=[
            replace(
                part,
                address=name(part.address),
                owner=part.owner and name(part.owner),
                depends_on=tuple(map(name, part.depends_on)),
                order_only=tuple(map(name, part.order_only)),
                arguments={n: referring_to(v, names) for n, v in part.arguments.items()},
            )
            for part in document.parts
        ],
    )


def _resource(instance: ResourceInstance, catalog: Catalog) -> Resource:
    kind = catalog.kind(instance.type)
    declared = kind.properties if kind else {}
    return Resource(
        type=instance.type,
        name=instance.address.removeprefix(f"{instance.type}."),
        properties={n: _shown(v, declared.get(n)) for n, v in instance.properties.items()},
        depends_on=instance.depends_on,
        lifecycle=instance.lifecycle,
        native=instance.native,
        origin=instance.origin,
    )


def _shown(value: Value, declared: Property | None) -> Value:
    """A plain value of a sensitive property does not leave the model."""
    if declared is None or value is None:
        return value
    if declared.sensitive and isinstance(value, str):
        return SENSITIVE
    if isinstance(value, dict):
        return {n: _shown(v, declared.properties.get(n)) for n, v in value.items()}
    if isinstance(value, list) and declared.holds_objects:
        return [
            {n: _shown(v, declared.properties.get(n)) for n, v in element.items()}
            if isinstance(element, dict)
            else element
            for element in value
        ]
    return value
