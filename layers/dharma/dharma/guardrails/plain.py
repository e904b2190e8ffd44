"""Model values as plain JSON: references become addresses, unknowns are told apart."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from dharma.catalog.kinds import Property
from dharma.model.addresses import referred_address
from dharma.model.expressions.nodes import (
    Ambient,
    Call,
    Conditional,
    Expression,
    ResourceRef,
    Template,
    Unknown,
    Value,
    walk,
)

SENSITIVE = "(sensitive value)"
"""Stands for a known value that must not leave the model."""
_ABSENT = object()


class Plain:
    """The plain form of one resource's properties.

    `properties` holds what is known; `unknown` gives the reason for every path that is not
    (`"ingress.0.cidr_ipv4"`). An unknown member of an object is left out; an unknown element of a
    list is null, so that the others keep their places.
    """

    def __init__(self, properties: dict[str, Value], declared: dict[str, Property]) -> None:
        self.unknown: dict[str, str] = {}
        self._in_document = False
        self.properties: dict[str, Any] = self._members(properties, declared, "")

    def _members(
        self, members: dict[str, Value], declared: dict[str, Property], path: str
    ) -> dict[str, Any]:
        found = {}
        for name, value in members.items():
            plain = self._plain(value, declared.get(name), f"{path}{name}")
            if plain is not _ABSENT:
                found[name] = plain
        return found

    def _plain(self, value: Value, declared: Property | None, path: str) -> Any:
        if value is None:
            return _ABSENT
        if declared is not None and declared.sensitive and not _has_unknown(value):
            return SENSITIVE
        if declared is not None and declared.type == "document":
            return self._document(_parsed_document(value), path)
        if isinstance(value, dict):
            return self._members(value, declared.properties if declared else {}, f"{path}.")
        if isinstance(value, list):
            return self._elements(value, declared, path)
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        if not isinstance(value, Expression):
            return value
        return self._evaluated(value, declared, path)

    def _document(self, value: Value, path: str) -> Any:
        """In policy documents account, region and partition are parts of names, and stand for
        themselves (`${account_id}`) as they do inside text."""
        self._in_document = True
        plain = self._plain(value, None, path)
        self._in_document = False
        return plain

    def _elements(self, values: list[Value], declared: Property | None, path: str) -> list[Any]:
        elements: list[Any] = []
        for place, value in enumerate(v for v in values if v is not None):
            if isinstance(value, dict):
                members = declared.properties if declared else {}
                elements.append(self._members(value, members, f"{path}.{place}."))
            else:
                plain = self._plain(value, None, f"{path}.{place}")
                elements.append(None if plain is _ABSENT else plain)
        return elements

    def _evaluated(self, value: Expression, declared: Property | None, path: str) -> Any:
        if isinstance(value, ResourceRef):
            return referred_address(value)
        if isinstance(value, Ambient) and self._in_document:
            return "${" + value.name + "}"
        if isinstance(value, Template):
            text = _template_text(value)
            if text is not None:
                return text
        if isinstance(value, Conditional) and value.then == value.otherwise:
            return self._plain(value.then, declared, path)
        self.unknown[path] = _reason(value)
        return _ABSENT


def _parsed_document(value: Value) -> Value:
    """An embedded document that was written as text, or through jsonencode."""
    if isinstance(value, Call) and value.name == "jsonencode" and len(value.arguments) == 1:
        return value.arguments[0]
    if isinstance(value, str):
        try:
            parsed: Value = json.loads(value)
        except ValueError:
            return value
        return parsed if isinstance(parsed, dict) else value
    return value


def _template_text(template: Template) -> str | None:
    """The text, with `${...}` where another resource or the place of deployment fills in; None when
    a part could be anything."""
    pieces = []
    for part in template.parts:
        if isinstance(part, str):
            pieces.append(part)
        elif isinstance(part, ResourceRef):
            pieces.append("${" + ".".join([referred_address(part), *map(str, part.path)]) + "}")
        elif isinstance(part, Ambient):
            pieces.append("${" + part.name + "}")
        elif isinstance(part, bool):
            pieces.append("true" if part else "false")
        elif isinstance(part, (int, float)):
            pieces.append(str(part))
        else:
            return None
    return "".join(pieces)


def _has_unknown(value: Value) -> bool:
    return any(isinstance(node, Expression) for node in walk(value))


def _reason(value: Value) -> str:
    """Why it is not known, from what it depends on."""
    causes: list[str] = []
    for node in walk(value):
        if isinstance(node, Unknown):
            causes.append(node.reason)
        elif isinstance(node, ResourceRef):
            causes.append(f"depends on {'.'.join([referred_address(node), *map(str, node.path)])}")
        elif isinstance(node, Ambient):
            causes.append(f"depends on the place of deployment ({node.name})")
    distinct = list(dict.fromkeys(causes))
    return "; ".join(distinct[:3]) if distinct else "cannot be computed before apply"
