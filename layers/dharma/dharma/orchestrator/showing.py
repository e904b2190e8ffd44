"""Values as a plan shows them: secrets hidden, expressions in Terraform's syntax."""

from __future__ import annotations

from typing import Any

from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance, Steps
from dharma.model.expressions.nodes import Expression, Unknown, Value, walk
from dharma.model.expressions.printer import print_template
from dharma.orchestrator.differences import KindSource, has_rule

SENSITIVE = "(sensitive value)"
KNOWN_AFTER_APPLY = "(known after apply)"

Secrets = frozenset[str | int | float]


def shown_properties(
    resource: ResourceInstance, catalog: KindSource, secrets: Secrets
) -> dict[str, Any]:
    """All properties of a resource, ready to be shown."""

    def visit(value: Value, path: Steps) -> Any:
        if path and has_rule(catalog, resource.type, path, "sensitive") and value is not None:
            return SENSITIVE
        if isinstance(value, dict):
            return {k: visit(v, (*path, k)) for k, v in sorted(value.items()) if v is not None}
        if isinstance(value, list):
            return [visit(v, (*path, i)) for i, v in enumerate(value)]
        if holds_secret(value, secrets):
            return SENSITIVE
        return show(value)

    shown = visit(resource.properties, ())
    assert isinstance(shown, dict)
    return shown


def show(value: Value) -> Any:
    """A value as JSON for people: expressions in Terraform's syntax, unknowns in its words."""
    if isinstance(value, Unknown):
        return KNOWN_AFTER_APPLY
    if isinstance(value, dict):
        return {k: show(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [show(v) for v in value]
    if isinstance(value, Expression):
        if any(isinstance(node, Unknown) for node in walk(value)):
            return KNOWN_AFTER_APPLY
        return print_template(value)
    return value


def holds_secret(value: Value, secrets: Secrets) -> bool:
    if not secrets:
        return False
    texts = [secret for secret in secrets if isinstance(secret, str)]
    return any(
        any(text in node for text in texts)
        if isinstance(node, str)
        else isinstance(node, int | float) and node in secrets
        for node in walk(value)
    )


def secret_values(resolved: ResolvedBlueprint | None) -> Secrets:
    return frozenset() if resolved is None else resolved.secrets
