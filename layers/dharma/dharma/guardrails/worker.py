"""The process that evaluates Rego, and may be killed at any moment.

It holds one regorus engine with all policies and answers three requests on its standard input:

    {"op": "load", "modules": [{"id", "text", "rego": "v0"|"v1"|null, "trusted": bool}], "seconds"}
        -> {"at": id} before each module, then {"loaded": [{"id", "package", "rego", "entrypoint"}
           or {"id", "error"}]}
    {"op": "input", "seconds"} followed by a frame with the JSON document
        -> {"ready": true} or {"error"}
    {"op": "evaluate", "packages": ["data.a", ...], "seconds"}
        -> per package {"value"} or {"error"}

Messages travel in frames (`dharma.guardrails.frames`). Before each risky step the worker sets an
alarm whose default action ends it, so it dies in time even when its parent is gone; memory is
bounded by the kernel. What it was doing when it died, the parent knows from the frames.

It is started without site-packages of its own (`python -I -S`), sees no environment variables, and
imports what checks a user's policies only when there is one.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import Any, BinaryIO

from dharma.guardrails.frames import read_frame, write_frame


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
    """Our own modules go straight to the engine, a user's are checked one by one and together."""
    loaded: dict[str, dict[str, Any]] = {}
    checked: list[Any] = []
    for module in modules:
        name = module["id"]
        _send(sink, {"at": name})
        with _Deadline(seconds):
            if module["trusted"]:
                loaded[name] = _add(engine, name, module["text"], "v1")
            else:
                loaded[name] = _check(module, checked)
    if checked:
        from dharma.guardrails.builtins import add_builtins
        from dharma.guardrails.checked_module import faults

        add_builtins(engine)
        found = faults(checked)
        for good in checked:
            if good.id in found:
                loaded[good.id] = {"id": good.id, "error": found[good.id]}
            else:
                loaded[good.id] = _add(engine, good.id, good.text, good.rego)
                loaded[good.id]["entrypoint"] = good.reports
    return list(loaded.values())


def _check(module: dict[str, Any], checked: list[Any]) -> dict[str, Any]:
    from dharma.guardrails.checked_module import Unusable, prepare

    try:
        checked.append(prepare(module["id"], module["text"], module["rego"]))
    except Unusable as error:
        return {"id": module["id"], "error": str(error)}
    return {"id": module["id"]}


def _add(engine: Any, name: str, text: str, rego: str) -> dict[str, Any]:
    try:
        engine.set_rego_v0(rego == "v0")
        package = engine.add_policy(name, text)
    except RuntimeError as error:
        return {"id": name, "error": f"does not parse; as Rego {rego}: {_told(error)}"}
    return {"id": name, "package": package, "rego": rego}


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
        finally:
            engine.take_prints()  # what policies print is for their authors' own tools
    results = answer.get("result") or []
    if not results:
        return {"error": f"{package} is undefined"}
    return {"value": results[0]["expressions"][0]["value"]}


def _told(error: Exception) -> str:
    from dharma.guardrails.checked_module import told

    return told(error)
