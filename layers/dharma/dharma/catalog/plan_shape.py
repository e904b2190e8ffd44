"""A Terraform document in the shape of `terraform show -json PLAN`.

Policies written for conftest and OPA look at `resource_changes`, `planned_values` and
`configuration`; this gives them all three for resources that no Terraform has planned yet. As in a
real plan, a value that is known stands in `after`, one that is not is marked in `after_unknown`,
and `configuration` tells which references an expression holds.

The shape is documented at https://developer.hashicorp.com/terraform/internals/json-format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from dharma.catalog.document import Document, Part
from dharma.model.addresses import parse_address
from dharma.model.expressions.nodes import (
    Ambient,
    Call,
    Expression,
    Index,
    ResourceRef,
    Symbol,
    Value,
    VariableRef,
    is_known,
    walk,
)

FORMAT_VERSION = "1.2"
_UNKNOWN = object()
_DATA = {
    "account_id": "data.aws_caller_identity.current.account_id",
    "availability_zones": "data.aws_availability_zones.available.names",
    "partition": "data.aws_partition.current.partition",
    "region": "data.aws_region.current.region",
    "url_suffix": "data.aws_partition.current.dns_suffix",
}
_INSTANCE = re.compile(r"(.*?)\[(?:(\d+)|\"((?:[^\"\\]|\\.)*)\")\]\Z")


def plan_shape(
    document: Document, actions: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """`{"format_version", "planned_values", "resource_changes", "configuration"}` as plain data.

    `actions` gives the change of a part's address (`["update"]`, `["delete", "create"]`); what is
    not named there is created.
    """
    resources, changes, configured = [], [], {}
    for part in document.parts:
        head = _head(part)
        after, unknown = planned(part.arguments)
        wanted = list((actions or {}).get(part.address, ("create",)))
        resources.append({**head, "schema_version": 0, "values": after, "sensitive_values": {}})
        changes.append(
            {
                **head,
                "change": {
                    "actions": wanted,
                    "before": None,
                    "after": after,
                    "after_unknown": unknown,
                    "before_sensitive": False,
                    "after_sensitive": {},
                },
            }
        )
        entry = _configured(part, head)
        configured[entry["address"]] = entry
    return {
        "format_version": FORMAT_VERSION,
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": list(configured.values())}},
    }


def planned(arguments: Mapping[str, Value]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is known of some arguments, and the mask of what is not."""
    after: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for name, value in arguments.items():
        known, mask = _planned(value)
        if known is not _UNKNOWN and known is not None:
            after[name] = known
        if mask:
            unknown[name] = mask
    return after, unknown


def _planned(value: Value) -> tuple[Any, Any]:
    if isinstance(value, dict):
        return planned(value)
    if isinstance(value, list):
        pairs = [_planned(v) for v in value if v is not None]
        known = [None if k is _UNKNOWN else k for k, _ in pairs]
        masks = [m for _, m in pairs]
        return known, masks if any(masks) else False
    if isinstance(value, Call) and value.name == "jsonencode" and is_known(value.arguments[0]):
        return json.dumps(value.arguments[0], separators=(",", ":")), False
    if isinstance(value, Expression):
        return _UNKNOWN, True
    return value, False


def _head(part: Part) -> dict[str, Any]:
    address, key = instance_of(part.address)
    head: dict[str, Any] = {
        "address": part.address,
        "mode": "managed",
        "type": part.type,
        "name": address.rsplit(".", 1)[-1],
    }
    parsed = parse_address(part.address)
    if parsed is not None and parsed.modules:
        head["module_address"] = parsed.modules.removesuffix(".")
    if key is not None:
        head["index"] = key
    provider = part.type.split("_", 1)[0]
    return {**head, "provider_name": f"registry.terraform.io/hashicorp/{provider}"}


def instance_of(address: str) -> tuple[str, int | str | None]:
    """`aws_subnet.app[0]` as address and key; no key for what is not repeated."""
    match = _INSTANCE.match(address)
    if match is None:
        return address, None
    if match[2] is not None:
        return match[1], int(match[2])
    return match[1], str(json.loads(f'"{match[3]}"'))


def _configured(part: Part, head: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "address": instance_of(part.address)[0],
        "mode": "managed",
        "type": part.type,
        "name": head["name"],
        "provider_config_key": part.type.split("_", 1)[0],
        "expressions": {k: _expression(v) for k, v in part.arguments.items() if v is not None},
        "schema_version": 0,
    }
    if part.count is not None:
        entry["count_expression"] = _expression(part.count)
    if part.for_each is not None:
        entry["for_each_expression"] = _expression(part.for_each)
    if part.awaited:
        entry["depends_on"] = [instance_of(a)[0] for a in part.awaited]
    return entry


def _expression(value: Value) -> Any:
    """Blocks as lists of expressions; an attribute as its constant or its references."""
    if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        return [
            {k: _expression(m) for k, m in block.items() if m is not None}
            for block in value
            if isinstance(block, dict)
        ]
    if is_known(value):
        return {"constant_value": value}
    names: dict[str, None] = {}
    for node in walk(value):
        names.update(dict.fromkeys(_names(node)))
    return {"references": list(names)} if names else {}


def _names(node: Value) -> list[str]:
    """A reference as a plan lists it: the whole, then its prefixes down to the resource."""
    if isinstance(node, VariableRef):
        return [f"var.{node.name}"]
    if isinstance(node, Symbol):
        return [".".join(str(s) for s in node.path)]
    if isinstance(node, Ambient):
        return [_DATA.get(node.name, f"var.{node.name}")]
    if isinstance(node, Index) and node.collection == Ambient("availability_zones"):
        return [f"{_DATA['availability_zones']}[{node.key}]"] if isinstance(node.key, int) else []
    if not isinstance(node, ResourceRef):
        return []
    key = ""
    if isinstance(node.instance, str | int) and not isinstance(node.instance, bool):
        key = f"[{json.dumps(node.instance)}]"
    owner = f"{node.address}{key}"
    found = []
    for length in range(len(node.path), 0, -1):
        steps = (f"[{s}]" if isinstance(s, int) else f".{s}" for s in node.path[:length])
        found.append(owner + "".join(steps))
    return [*found, owner, *([node.address] if key else [])]
