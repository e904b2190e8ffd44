"""A kind: properties, attributes, what the formats can say, its price and its policies."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from dharma.blueprint.dump import plain_value
from dharma.catalog.kinds import FormatMapping, Kind, Property
from dharma.costing.component import PricedKind
from dharma.costing.components import PRICED
from dharma.guardrails.library import EVERY_KIND, PolicyLibrary
from dharma_cli.reference.columns import columns


def kind_document(kind: Kind, policies: PolicyLibrary) -> dict[str, Any]:
    """All that the product knows about a kind."""
    return {
        "name": kind.name,
        "title": kind.title,
        "provider": kind.provider,
        "category": kind.category,
        "stateful": kind.stateful,
        "source": kind.source,
        "properties": _properties(kind.properties),
        "attributes": dict(kind.attributes),
        "formats": {
            name: _format(mapping)
            for name in kind.formats
            if (mapping := kind.mapping(name)) is not None
        },
        "without": dict(kind.without),
        "price": _price(PRICED.get(kind.name)),
        "policies": [
            {"id": policy.id, "severity": policy.severity, "title": policy.title}
            for policy in policies.policies
            if kind.name in policy.kinds or EVERY_KIND in policy.kinds
        ],
    }


def kind_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield f"{document['name']}: {document['title']}"
    loses = "; replacing it loses data" if document["stateful"] else ""
    yield f"{document['provider']}, {document['category']}{loses}"
    yield document["source"]
    yield from ("", "Properties (* must be stated)")
    yield from columns(_property_rows(document["properties"]))
    yield from ("", "Attributes that others may refer to")
    yield from columns((name, type) for name, type in document["attributes"].items())
    for name, said in document["formats"].items():
        yield from ("", f"In {name}: {', '.join(said['types'])}")
        if not said["gaps"]:
            yield "  says everything"
        yield from (f"  cannot say {path}: {reason}" for path, reason in said["gaps"].items())
    for name, reason in document["without"].items():
        yield from ("", f"Not in {name}: {reason}")
    yield from ("", "Price")
    price = document["price"]
    if price is None:
        yield "  not known: it is listed as not priced"
    elif price["free"] is not None:
        yield f"  free by itself: {price['free']}"
    else:
        yield f"  {price['rule']}"
        yield f"  components: {', '.join(price['components'])}"
    yield from ("", "Policies that judge it")
    judged = [(p["severity"], p["id"], p["title"]) for p in document["policies"]]
    yield from columns(judged) if judged else ("  none",)


def _properties(properties: Mapping[str, Property]) -> dict[str, Any]:
    return {name: _property(declared) for name, declared in properties.items()}


def _property(declared: Property) -> dict[str, Any]:
    facts = {
        "required": declared.required,
        "default": plain_value(declared.default),
        "enum": [plain_value(value) for value in declared.enum],
        "immutable": declared.immutable,
        "sensitive": declared.sensitive,
        "reference": declared.reference,
        "description": declared.description,
        "properties": _properties(declared.properties),
    }
    stated = {key: fact for key, fact in facts.items() if fact not in (None, [], {}, False)}
    if declared.default is not None:
        stated["default"] = facts["default"]
    return {"type": declared.type, **stated}


def _format(mapping: FormatMapping) -> dict[str, Any]:
    types = [mapping.type, *mapping.also, *(piece.type for piece in mapping.attachments)]
    types += [atoms.type for _, bag in mapping.all_bags for atoms in bag.separate]
    return {
        "types": list(dict.fromkeys(types)),
        "gaps": {**mapping.impossible, **mapping.no_counterpart},
    }


def _price(priced: PricedKind | None) -> dict[str, Any] | None:
    if priced is None:
        return None
    rule = ""
    if priced.components:
        # The file of a priced kind opens with the provider's rule.
        text = sys.modules[priced.components[0][1].__module__].__doc__ or ""
        rule = " ".join(text.split()).partition("Price rule: ")[2]
    return {
        "free": priced.free,
        "rule": rule,
        "components": [name for name, _ in priced.components],
    }


def _property_rows(properties: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, ...]]:
    for name, said in properties.items():
        star = "*" if said.get("required") else ""
        yield f"{'  ' * depth}{name}{star}", said["type"], "; ".join(_facts(said))
        yield from _property_rows(said.get("properties", {}), depth + 1)


def _facts(said: Mapping[str, Any]) -> Iterator[str]:
    if "default" in said:
        yield f"default {json.dumps(said['default'], ensure_ascii=False)}"
    if "enum" in said:
        yield f"one of {', '.join(map(str, said['enum']))}"
    if said.get("immutable"):
        yield "a change replaces it"
    if said.get("sensitive"):
        yield "sensitive"
    if "reference" in said:
        yield f"refers to {said['reference']}"
    if "description" in said:
        yield said["description"]
