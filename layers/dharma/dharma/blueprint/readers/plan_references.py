"""Which resource an expression of a Terraform plan refers to.

A plan's `configuration` does not hold expressions, only the names in them. Names are followed
through module inputs (`var.x` of a module is what its call gives) and outputs (`module.vpc.id`),
down to the resources. Whether `"${aws_s3_bucket.a.id}-logs"` or the bare reference was written
cannot be told: one reference alone is taken as the reference itself, apart from arguments that hold
text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from dharma.model.expressions.nodes import Ambient, Index, ResourceRef, Unknown, Value, VariableRef

_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]|\[\"((?:[^\"\\]|\\.)*)\"\]")
_DEEPEST = 32
_AMBIENT: dict[tuple[str | int, ...], str] = {
    ("aws_availability_zones", "names"): "availability_zones",
    ("aws_caller_identity", "account_id"): "account_id",
    ("aws_partition", "dns_suffix"): "url_suffix",
    ("aws_partition", "partition"): "partition",
    ("aws_region", "name"): "region",
    ("aws_region", "region"): "region",
    ("google_client_config", "project"): "project",
    ("google_client_config", "region"): "region",
}
_NO_RESOURCES = ("each.", "count.", "var.", "local.", "path.", "terraform.", "self.")
# Sets with an unknown element are unknown as a whole; such arguments are told by their names.
_LIST = re.compile(r"(.*_)?(ids|arns|subnets|security_groups|vpc_zone_identifier)\Z")
# Text that is written around references more often than not.
_TEXT = re.compile(
    r"(.*_)?(policy|json|user_data|user_data_base64|description|definition|content|template)\Z"
)


class Module:
    """One instance of a module: its configuration and the way there."""

    def __init__(
        self, configuration: Mapping[str, Any], path: str = "", parent: Module | None = None
    ) -> None:
        """`path` is the instance's address with a dot behind it, empty for the root."""
        self.configuration = configuration
        self.path = path
        self.parent = parent
        self.resources = {
            r["address"]: r
            for r in listed(configuration, "resources")
            if isinstance(r, dict) and isinstance(r.get("address"), str)
        }

    def call(self, name: str) -> Mapping[str, Any]:
        calls = self.configuration.get("module_calls")
        found = calls.get(name) if isinstance(calls, dict) else None
        return found if isinstance(found, dict) else {}

    def child(self, name: str, key: str = "") -> Module:
        inner = self.call(name).get("module")
        path = f"{self.path}module.{name}{key}."
        return Module(inner if isinstance(inner, dict) else {}, path, self)


def listed(owner: Mapping[str, Any], name: str) -> list[Any]:
    """A list of a plan; nothing where the plan has something else there."""
    found = owner.get(name)
    return found if isinstance(found, list) else []


def steps_of(text: str) -> list[str | int]:
    """`module.web["a"].aws_subnet.app[0].id` as steps; an index is an int, a key is quoted."""
    found: list[str | int] = []
    for match in _STEP.finditer(text):
        if match[1] is not None:
            found.append(match[1])
        elif match[2] is not None:
            found.append(int(match[2]))
        else:
            found.append("\0" + str(json.loads(f'"{match[3]}"')))
    return found


def value_of(expression: Any, module: Module, argument: str, depth: int = 0) -> Value:
    """The value behind an expression whose result the plan does not know."""
    if not isinstance(expression, dict):
        return Unknown("known after apply")
    if "constant_value" in expression:
        constant: Value = expression["constant_value"]
        return constant
    whole = names_in(expression)
    if not _TEXT.match(argument) and depth < _DEEPEST:
        found = [_resolved(name, module, argument, depth) for name in whole]
        if _LIST.match(argument) and found and all(isinstance(f, ResourceRef) for f in found):
            return found
        if len(found) == 1 and found[0] is not None:
            return found[0]
    said = f"known after apply, from {', '.join(whole[:3])}" if whole else "known after apply"
    return Unknown(said)


def names_in(expression: Any) -> list[str]:
    """The references of an expression, without the prefixes that a plan lists behind each."""
    if not isinstance(expression, dict):
        return []
    names = [n for n in listed(expression, "references") if isinstance(n, str)]
    # A prefix follows what it is a prefix of, so one look back is enough.
    whole: list[str] = []
    for name in names:
        if not (whole and whole[-1].startswith(name) and whole[-1][len(name) :][:1] in (".", "[")):
            whole.append(name)
    return list(dict.fromkeys(whole))


def element_of(expression: Any, position: int, length: int) -> Any:
    """The expression of one element of a list that is written as a whole: the reference at its
    place where there are as many, else the only reference to a resource."""
    names = [n for n in names_in(expression) if not n.startswith(_NO_RESOURCES)]
    if len(names) == length:
        return {"references": [names[position]]}
    return {"references": names} if names else None


def _resolved(name: str, module: Module, argument: str, depth: int) -> Value:
    steps = steps_of(name)
    match steps:
        case ["var", str(variable), *rest]:
            if module.parent is None:
                return None if rest else VariableRef(variable)
            called = _call_name(module)
            given = module.parent.call(called).get("expressions")
            expression = given.get(variable) if isinstance(given, dict) else None
            if expression is None or rest:
                return None
            return value_of(expression, module.parent, argument, depth + 1)
        case ["module", str(called), *rest]:
            key = ""
            if rest and (isinstance(rest[0], int) or rest[0].startswith("\0")):
                key = f"[{json.dumps(_key(rest[0]))}]"
                rest = rest[1:]
            if len(rest) != 1:
                return None
            child = module.child(called, key)
            outputs = child.configuration.get("outputs")
            output = outputs.get(rest[0]) if isinstance(outputs, dict) else None
            if not isinstance(output, dict):
                return None
            return value_of(output.get("expression"), child, argument, depth + 1)
        case ["data", str(source), _, *rest] if (source, *rest[:1]) in _AMBIENT:
            ambient = Ambient(_AMBIENT[source, *rest[:1]])
            index = rest[1] if len(rest) == 2 else None
            return ambient if index is None else Index(ambient, index)
        case ["data" | "local" | "each" | "count" | "path" | "terraform" | "self", *_]:
            return None
        case [str(kind), str(label), *rest] if rest:
            instance: Value = None
            if isinstance(rest[0], int):
                instance, rest = rest[0], rest[1:]
            elif rest[0].startswith("\0"):
                instance, rest = rest[0][1:], rest[1:]
            if not rest:
                return None
            path = tuple(_key(s) for s in rest)
            return ResourceRef(f"{module.path}{kind}.{label}", path, instance)
    return None


def _key(step: str | int) -> str | int:
    return step.lstrip("\0") if isinstance(step, str) else step


def _call_name(module: Module) -> str:
    steps = [s for s in steps_of(module.path) if isinstance(s, str) and not s.startswith("\0")]
    return steps[-1] if steps else ""
