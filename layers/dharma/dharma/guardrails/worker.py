"""The process that evaluates Rego, and may be killed at any moment.

It holds one regorus engine with all policies and answers three requests on its standard input:

    {"op": "load", "modules": [{"id", "text", "rego": "v0"|"v1"|null, "trusted": bool}], "seconds"}
        -> {"at": id} before each module, then {"loaded": [{"id", "package", "rego", "entrypoint"}
           or {"id", "error"}]}
    {"op": "input", "seconds"} followed by a frame with the JSON document
        -> {"ready": true} or {"error"}
    {"op": "evaluate", "packages": ["data.a", ...], "seconds"}
        -> per package {"value"} or {"error"}

Messages travel in frames (`dharma.guardrails.frames`). Before each risky step the
worker sets an alarm whose default action ends it, so it dies in time even when its parent is gone;
memory is bounded by the kernel. What it was doing when it died, the parent knows from the frames.

It is started without site-packages of its own (`python -I -S`), imports only what is below, and
sees no environment variables.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
from typing import Any, BinaryIO

from dharma.guardrails.frames import read_frame, write_frame

REFUSED = {
    "http.send": "policies have no network",
    "net.lookup_ip_addr": "policies have no network",
    "opa.runtime": "policies see nothing of the machine",
    "graph.reachable_paths": "the evaluator's answer differs from OPA's for cyclic graphs",
    "strings.count": "the evaluator counts overlapping matches, OPA does not",
}
"""Builtins that regorus has, but that must not pass for working here."""
REPORTS = re.compile(r"(deny|violation|warn)(_\w+)?$|(fail|unknown)$")
"""Names of the rules that report something: conftest's, and the three outcomes' own."""
OWN = "data.dharma"


def main(memory_bytes: int) -> None:
    """Serve requests until the standard input ends."""
    _limit(memory_bytes)
    import regorus

    source, sink = sys.stdin.buffer, sys.stdout.buffer
    engine = regorus.Engine()
    engine.set_gather_prints(True)
    while (request := read_frame(source)) is not None:
        message = json.loads(request)
        seconds = message["seconds"]
        if message["op"] == "load":
            _send(sink, {"loaded": _load(engine, message["modules"], seconds, sink)})
        elif message["op"] == "input":
            _send(sink, _set_input(engine, read_frame(source) or b"", seconds))
        else:
            for package in message["packages"]:
                _send(sink, _evaluate(engine, package, seconds))


def _send(sink: BinaryIO, message: dict[str, Any]) -> None:
    write_frame(sink, json.dumps(message).encode())


def _limit(memory_bytes: int) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the limit is not enforced
        # Set before regorus is imported: its allocator reserves a gigabyte where it may.
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


class _Deadline:
    """The process ends when the block takes longer."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)


# --- load -----------------------------------------------------------------------------------------


def _load(
    engine: Any, modules: list[dict[str, Any]], seconds: float, sink: BinaryIO
) -> list[dict[str, Any]]:
    loaded = []
    checked: list[tuple[dict[str, Any], str]] = []
    for module in modules:
        _send(sink, {"at": module["id"]})
        with _Deadline(seconds):
            if module["trusted"]:
                loaded.append(_add_trusted(engine, module))
                continue
            outcome, text = _prepare(module)
            loaded.append(outcome)
            if text is not None:
                checked.append((outcome, text))
    _add_checked(engine, checked)
    return loaded


def _add_trusted(engine: Any, module: dict[str, Any]) -> dict[str, Any]:
    engine.set_rego_v0(False)
    try:
        package = engine.add_policy(module["id"], module["text"])
    except RuntimeError as error:
        return {"id": module["id"], "error": f"does not parse; as Rego v1: {_told(error)}"}
    return {"id": module["id"], "package": package, "rego": "v1"}


def _prepare(module: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The module parsed, summed up and rewritten; without text when it cannot be used."""
    from dharma.guardrails.rewriting import Unfaithful, rewrite

    failures = []
    for version in [module["rego"]] if module["rego"] else ["v1", "v0"]:

        def parse(text: str, version: str = version) -> dict[str, Any]:
            return _parse(module["id"], text, version)

        try:
            outcome = {"id": module["id"], "rego": version}
            outcome |= _summary(parse(module["text"]), module["text"].encode())
            return outcome, rewrite(module["text"], parse)
        except Unfaithful as error:
            return {"id": module["id"], "error": str(error)}, None
        except RuntimeError as error:
            failures.append(f"as Rego {version}: {_told(error)}")
    return {"id": module["id"], "error": "does not parse; " + "; ".join(failures)}, None


def _parse(name: str, text: str, version: str) -> dict[str, Any]:
    import regorus

    engine = regorus.Engine()
    engine.set_rego_v0(version == "v0")
    engine.add_policy(name, text)
    tree: dict[str, Any] = json.loads(engine.get_ast_as_json())[0]["ast"]
    return tree


def _summary(tree: dict[str, Any], text: bytes) -> dict[str, Any]:
    """Package, what it defines, calls and imports, and whether it reports anything."""
    from dharma.guardrails.syntax_tree import called, data_references, dotted, nodes

    imports = {}
    for entry in tree["imports"]:
        path, alias = dotted(entry["refr"]), entry.get("as")
        name = text[alias["start"] : alias["end"]].decode() if alias else path.rsplit(".", 1)[-1]
        imports[name] = path
    functions, rules = set(), set()
    for rule in tree["rules"]:
        ((kind, body),) = rule.items()
        ((form, head),) = [("Default", body)] if kind == "Default" else body["head"].items()
        name = dotted(head["refr"])
        rules.add(name)
        if form == "Func" or (form == "Default" and body["args"]):
            functions.add(name)
    return {
        "package": "data." + dotted(tree["package"]["refr"]),
        "functions": sorted(functions),
        "rules": sorted(rules),
        "calls": sorted({(called(n), n["span"]["line"]) for t, n in nodes(tree) if t == "Call"}),
        "imports": imports,
        "refers": sorted(set(data_references(tree["rules"]))),
        "entrypoint": any(REPORTS.match(name) for name in rules),
    }


def _add_checked(engine: Any, checked: list[tuple[dict[str, Any], str]]) -> None:
    """Judge what every module uses against all that is defined, then add the good ones."""
    builtins = _builtins() if checked else set()
    functions = {f"{o['package']}.{name}" for o, _ in checked for name in o["functions"]}
    rules = {f"{o['package']}.{name}" for o, _ in checked for name in o["rules"]}
    rules |= functions
    used = {path for o, _ in checked for path in o["imports"].values()}
    used |= {path for o, _ in checked for path, _ in o["refers"]}
    used |= {o["package"] for o, _ in checked if o["entrypoint"]}
    for outcome, text in checked:
        fault = _fault_of(outcome, builtins, functions, rules)
        if fault is None and not outcome["entrypoint"] and not _is_used(outcome, used):
            fault = (
                "reports nothing: it has no rule named deny, violation, warn, fail or unknown, "
                "and no other policy uses it"
            )
        for detail in ("functions", "rules", "calls", "imports", "refers"):
            del outcome[detail]
        if fault is None:
            try:
                engine.set_rego_v0(outcome["rego"] == "v0")
                engine.add_policy(outcome["id"], text)
            except RuntimeError as error:
                fault = f"does not compile: {_told(error)}"
        if fault is not None:
            outcome["error"] = fault


def _fault_of(
    outcome: dict[str, Any], builtins: set[str], functions: set[str], rules: set[str]
) -> str | None:
    """What OPA's compiler would refuse and regorus lets pass until it is reached, or for ever; and
    what looks at data that does not exist, which both take for an absence."""
    if outcome["package"] == OWN or outcome["package"].startswith(OWN + "."):
        return "the package dharma is the product's own; name it differently"
    for path in outcome["imports"].values():
        if not _is_defined(path, rules):
            return f"imports {path}, which no policy defines"
    for path, line in outcome["refers"]:
        if not _is_defined(path, rules):
            return f"line {line}: there is no {path}"
    for name, line in outcome["calls"]:
        if name in REFUSED:
            return f"line {line}: {name} is not available: {REFUSED[name]}"
        root, _, rest = name.partition(".")
        imported = outcome["imports"].get(root)
        full = f"{imported}.{rest}".rstrip(".") if imported else name
        if not (
            name in builtins
            or full in functions
            or f"{outcome['package']}.{name}" in functions
            or full.startswith(OWN + ".")
        ):
            return f"line {line}: there is no function {name}"
    return None


def _is_defined(path: str, rules: set[str]) -> bool:
    """Whether a path leads to a rule, into its value, or to a package of rules."""
    if not path.startswith("data.") or path.startswith(OWN):
        return True
    return any(
        path == rule or rule.startswith(path + ".") or path.startswith(rule + ".") for rule in rules
    )


def _is_used(outcome: dict[str, Any], used: set[str]) -> bool:
    package = outcome["package"]
    return any(path == package or path.startswith(package + ".") for path in used)


def _builtins() -> set[str]:
    import regorus

    listed = json.loads(regorus.Engine().eval_query_as_json("x := opa.runtime().builtins"))
    return {*listed["result"][0]["bindings"]["x"], "print"}


# --- input and evaluation -------------------------------------------------------------------------


def _set_input(engine: Any, document: bytes, seconds: float) -> dict[str, Any]:
    with _Deadline(seconds):
        try:
            engine.set_input_json(document.decode())
        except (RuntimeError, UnicodeDecodeError) as error:
            return {"error": _told(error)}
    return {"ready": True}


def _evaluate(engine: Any, package: str, seconds: float) -> dict[str, Any]:
    with _Deadline(seconds):
        try:
            answer = json.loads(engine.eval_query_as_json(package))
        except (RuntimeError, ValueError) as error:
            return {"error": _told(error)}
    results = answer.get("result") or []
    if not results:
        return {"error": f"{package} is undefined"}
    return {"value": results[0]["expressions"][0]["value"]}


def _told(error: Exception) -> str:
    """The evaluator's message in one line: what is wrong and where, without the source excerpt."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    place = next((line[4:] for line in lines if line.startswith("--> ")), "")
    said = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    if not said:
        return " ".join(lines)[:500]
    line = place.rsplit(":", 2)[-2] if place.count(":") >= 2 else ""
    return f"line {line}: {said[0]}" if line else said[0]
