"""Items as DynamoDB keeps them, and each operation of the store as one of its requests.

pk, sk              S   the key
type, data          S   `data` is JSON text: DynamoDB's numbers end at 38 digits, JSON's do not
version             N
gsi1pk, gsi1sk      S   absent: not in the index
expires_at          N   seconds since 1970; what has passed may stay for days, so every
                        condition and every read looks at it
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from dharma.core.store import Check, Delete, Item, Put

# An item in DynamoDB's own spelling: {"pk": {"S": "..."}, "version": {"N": "1"}}.
Attributes: TypeAlias = dict[str, dict[str, Any]]

IS_LIVE = "(attribute_not_exists(expires_at) OR expires_at > :now)"
IS_ABSENT = "(attribute_not_exists(pk) OR expires_at <= :now)"
HAS_EXPIRED = "expires_at <= :now"
# Some of these are reserved words of DynamoDB's expressions.
_NAMES = {"#type": "type", "#data": "data", "#version": "version"}


def key_of(pk: str, sk: str) -> Attributes:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def attributes_of(item: Item, data: str, version: int) -> Attributes:
    """`data`: the item's data as JSON text."""
    attributes: Attributes = {
        **key_of(item.pk, item.sk),
        "type": {"S": item.type},
        "data": {"S": data},
        "version": number(version),
    }
    if item.gsi1pk is not None and item.gsi1sk is not None:
        attributes["gsi1pk"] = {"S": item.gsi1pk}
        attributes["gsi1sk"] = {"S": item.gsi1sk}
    if item.expires_at is not None:
        attributes["expires_at"] = number(item.expires_at)
    return attributes


def item_of(attributes: Attributes) -> Item:
    """The inverse of `attributes_of`."""
    return Item(
        pk=attributes["pk"]["S"],
        sk=attributes["sk"]["S"],
        data=json.loads(attributes["data"]["S"]),
        type=attributes["type"]["S"],
        version=int(attributes["version"]["N"]),
        gsi1pk=_text(attributes, "gsi1pk"),
        gsi1sk=_text(attributes, "gsi1sk"),
        expires_at=int(attributes["expires_at"]["N"]) if "expires_at" in attributes else None,
    )


def live_version(attributes: Attributes | None, now: int) -> int:
    """0: there is no such item, or it has expired."""
    if not attributes or ("expires_at" in attributes and int(attributes["expires_at"]["N"]) <= now):
        return 0
    return int(attributes["version"]["N"])


def overwrite(item: Item, data: str, now: int) -> dict[str, Any]:
    """Write an item whole and count its version up, in whatever version it is.

    An expired item refuses: it counts from 1 again, which `replace_expired` does.
    """
    values = {
        ":type": {"S": item.type},
        ":data": {"S": data},
        ":none": number(0),
        ":one": number(1),
        ":now": number(now),
    }
    settings = [
        "#type = :type",
        "#data = :data",
        "#version = if_not_exists(#version, :none) + :one",
    ]
    removals = []
    optional = attributes_of(item, data, 0)
    for name in ("gsi1pk", "gsi1sk", "expires_at"):
        if name in optional:
            settings.append(f"{name} = :{name}")
            values[f":{name}"] = optional[name]
        else:
            removals.append(name)
    expression = f"SET {', '.join(settings)}"
    if removals:
        expression += f" REMOVE {', '.join(removals)}"
    return {
        "Key": key_of(item.pk, item.sk),
        "UpdateExpression": expression,
        "ConditionExpression": IS_LIVE,
        "ExpressionAttributeNames": _NAMES,
        "ExpressionAttributeValues": values,
    }


def replace_expired(item: Item, data: str, now: int) -> dict[str, Any]:
    """Write over an item that has expired."""
    return {
        "Item": attributes_of(item, data, 1),
        "ConditionExpression": HAS_EXPIRED,
        "ExpressionAttributeValues": {":now": number(now)},
    }


def write_at(put: Put, data: str, now: int) -> dict[str, Any]:
    """Write an item at a known version."""
    assert put.expect_version is not None
    return {
        "Item": attributes_of(put.item, data, put.expect_version + 1),
        **_condition(put.expect_version, now),
    }


def remove(operation: Delete, now: int) -> dict[str, Any]:
    key = {"Key": key_of(operation.pk, operation.sk)}
    if operation.expect_version is None:
        return key
    return {**key, **_condition(operation.expect_version, now)}


def look(operation: Check, now: int) -> dict[str, Any]:
    """A condition without a write."""
    if operation.expect_version is None:
        condition = {
            "ConditionExpression": f"attribute_exists(pk) AND {IS_LIVE}",
            "ExpressionAttributeValues": {":now": number(now)},
        }
    else:
        condition = _condition(operation.expect_version, now)
    return {"Key": key_of(operation.pk, operation.sk), **condition}


def _condition(expected: int, now: int) -> dict[str, Any]:
    if expected == 0:
        return {
            "ConditionExpression": IS_ABSENT,
            "ExpressionAttributeValues": {":now": number(now)},
        }
    return {
        "ConditionExpression": f"#version = :expected AND {IS_LIVE}",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":expected": number(expected), ":now": number(now)},
    }


def _text(attributes: Attributes, name: str) -> str | None:
    return str(attributes[name]["S"]) if name in attributes else None
