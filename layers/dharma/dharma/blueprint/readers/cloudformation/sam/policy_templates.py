"""SAM's policy templates written out: `DynamoDBCrudPolicy: {TableName: orders}`."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from dharma.blueprint.tree import Members

_FILE = Path(__file__).with_name("policy_templates.yaml")
_PARAMETER = re.compile(r"\$\{([A-Za-z]+)\}")


@lru_cache(maxsize=1)
def _templates() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = yaml.load(_FILE.read_bytes(), yaml.CSafeLoader)
    return found


def is_policy_template(name: str) -> bool:
    return name in _templates()


def statements_of(name: str, given: Members) -> list[dict[str, Any]] | None:
    """The statements of a policy template; None where a parameter of it is missing."""
    statements = _templates()[name]
    if not set(_PARAMETER.findall(repr(statements))) <= given.keys():
        return None
    return [{"Effect": "Allow", **_filled(statement, given)} for statement in statements]


def _filled(value: Any, given: Members) -> Any:
    if isinstance(value, dict):
        return {key: _filled(part, given) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, given) for part in value]
    if "${" not in value:
        return value
    named = {name: given[name][1] for name in _PARAMETER.findall(value)}
    return {"Fn::Sub": [value, named]} if named else {"Fn::Sub": value}
