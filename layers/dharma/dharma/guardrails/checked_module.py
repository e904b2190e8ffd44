"""A user's Rego module before it is trusted: parsed, rewritten, and judged beside the others.

regorus looks up a function when it is called. OPA's compiler does so beforehand, and a gate must:
a policy that would fail on another input is no policy. What is found here is an error of the
policy, never a pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dharma.guardrails.builtins import ADDED, RENAMED
from dharma.guardrails.rewriting import Unfaithful, rewrite
from dharma.guardrails.syntax_tree import Node, called, data_references, dotted, nodes

REFUSED = {
    "http.send": "policies have no network",
    "net.lookup_ip_addr": "policies have no network",
    "opa.runtime": "policies see nothing of the machine",
    "graph.reachable_paths": "the evaluator's answer differs from OPA's for cyclic graphs",
    "strings.count": "the evaluator counts overlapping matches, OPA does not",
}
"""Builtins that regorus has, but that must not pass for working here."""
OWN = "data.dharma"
_REPORTS = re.compile(r"(deny|violation|warn)(_\w+)?$|(fail|unknown)$")
"""Names of the rules that report something: conftest's, and the three outcomes' own."""


class Unusable(Exception):
    """The module cannot be used; the message says why and in which line."""


@dataclass(frozen=True, slots=True)
class CheckedModule:
    """`text` is what to evaluate (see `rewriting`). Names of `functions` and `rules` are complete
    paths (`data.team.f`); `calls` and `refers` come with their lines."""

    id: str
    text: str
    rego: str
    package: str
    functions: frozenset[str]
    rules: frozenset[str]
    imports: dict[str, str]
    calls: tuple[tuple[str, int], ...]
    refers: tuple[tuple[str, int], ...]
    reports: bool


def prepare(module_id: str, text: str, rego: str | None) -> CheckedModule:
    """The module, as Rego `rego` or else as whichever of v1 and v0 it parses. Raises `Unusable`."""
    failures = []
    for version in [rego] if rego else ["v1", "v0"]:

        def parse(source: str, version: str = version) -> Node:
            return _parse(module_id, source, version)

        try:
            tree = parse(text)
            rewritten = rewrite(text, parse)
        except Unfaithful as error:
            raise Unusable(str(error)) from error
        except RuntimeError as error:
            failures.append(f"as Rego {version}: {told(error)}")
            continue
        return _summed_up(module_id, version, tree, text.encode(), rewritten)
    raise Unusable("does not parse; " + "; ".join(failures))


def faults(modules: Sequence[CheckedModule]) -> dict[str, str]:
    """What is wrong with which module (by id) when they are used together."""
    functions = frozenset().union(*(m.functions for m in modules))
    rules = functions.union(*(m.rules for m in modules))
    used = {path for m in modules for path in m.imports.values()}
    used |= {path for m in modules for path, _ in m.refers}
    used |= {m.package for m in modules if m.reports}
    found = {}
    for module in modules:
        fault = _fault(module, functions, rules)
        if fault is None and not any(_leads_into(path, module.package) for path in used):
            fault = (
                "reports nothing: it has no rule named deny, violation, warn, fail or unknown, "
                "and no other policy uses it"
            )
        if fault is not None:
            found[module.id] = fault
    return found


def told(error: Exception) -> str:
    """The evaluator's message in one line: what is wrong and where, without the source excerpt."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    place = next((line[4:] for line in lines if line.startswith("--> ")), "")
    said = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    if not said:
        return " ".join(lines)[:500]
    line = place.rsplit(":", 2)[-2] if place.count(":") >= 2 else ""
    message = said[0].rstrip(":")
    return f"line {line}: {message}" if line else message


def _parse(module_id: str, text: str, version: str) -> Node:
    import regorus

    engine = regorus.Engine()
    engine.set_rego_v0(version == "v0")
    engine.add_policy(module_id, text)
    tree: Node = json.loads(engine.get_ast_as_json())[0]["ast"]
    return tree


def _summed_up(
    module_id: str, version: str, tree: Node, text: bytes, rewritten: str
) -> CheckedModule:
    package = "data." + dotted(tree["package"]["refr"])
    imports = {}
    for entry in tree["imports"]:
        path, alias = dotted(entry["refr"]), entry.get("as")
        name = text[alias["start"] : alias["end"]].decode() if alias else path.rsplit(".", 1)[-1]
        imports[name] = path
    functions: set[str] = set()
    rules: set[str] = set()
    for rule in tree["rules"]:
        ((kind, body),) = rule.items()
        ((form, head),) = [("Default", body)] if kind == "Default" else body["head"].items()
        name = dotted(head["refr"])
        is_function = form == "Func" or (form == "Default" and body["args"])
        (functions if is_function else rules).add(name)
    return CheckedModule(
        id=module_id,
        text=rewritten,
        rego=version,
        package=package,
        functions=frozenset(f"{package}.{name}" for name in functions),
        rules=frozenset(f"{package}.{name}" for name in rules),
        imports=imports,
        calls=_distinct((called(n), n["span"]["line"]) for t, n in nodes(tree) if t == "Call"),
        refers=_distinct(data_references(tree["rules"])),
        reports=any(_REPORTS.match(name) for name in rules),
    )


def _distinct(found: Any) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(set(found), key=lambda pair: (pair[1], pair[0])))


def _fault(module: CheckedModule, functions: frozenset[str], rules: frozenset[str]) -> str | None:
    """What OPA's compiler would refuse; and what looks at data that does not exist, which OPA too
    takes for an absence."""
    if module.package == OWN or module.package.startswith(OWN + "."):
        return "the package dharma is the product's own; name it differently"
    for path in module.imports.values():
        if not _is_defined(path, rules):
            return f"imports {path}, which no policy defines"
    for path, line in module.refers:
        if not _is_defined(path, rules):
            return f"line {line}: there is no {path}"
    for name, line in module.calls:
        if name in REFUSED:
            return f"line {line}: {name} is not available: {REFUSED[name]}"
        root, _, rest = name.partition(".")
        imported = module.imports.get(root)
        full = f"{imported}.{rest}".rstrip(".") if imported else name
        if not (
            name in _builtins()
            or (name.encode() in RENAMED and module.rego == "v0")
            or full in functions
            or f"{module.package}.{name}" in functions
            or full.startswith(OWN + ".")
        ):
            return f"line {line}: there is no function {name}"
    return None


def _is_defined(path: str, rules: frozenset[str]) -> bool:
    """Whether a path leads to a rule, into its value, or to a package of rules."""
    if not path.startswith("data.") or path.startswith(OWN):
        return True
    return any(_leads_into(path, rule) or _leads_into(rule, path) for rule in rules)


def _leads_into(path: str, owner: str) -> bool:
    return path == owner or path.startswith(owner + ".")


@lru_cache(maxsize=1)
def _builtins() -> frozenset[str]:
    import regorus

    listed = json.loads(regorus.Engine().eval_query_as_json("x := opa.runtime().builtins"))
    return frozenset({*listed["result"][0]["bindings"]["x"], *ADDED, "print"})
