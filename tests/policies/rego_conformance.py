"""The evaluator, as this product uses it, against OPA's own compliance cases.

    python tests/policies/rego_conformance.py CASES.json.gz [--every N]

The cases are a JSON list with `id`, `v0`, `query`, `modules`, and where given `data`, `input`,
`input_term`, `want_result`, `want_error` (OPA's test cases, Apache-2.0, as carried by swift-opa and
jarl). Each runs in a process that can be killed. What counts for a gate is the difference between a
case that is refused loudly and one that gets a wrong answer in silence. Prints a table, every
silent case, and one JSON object.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import signal
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 10
OUTCOMES = ("pass", "loud", "silent", "raised", "nothing raised", "ended")
"""Right answer; refused; wrong answer; error where one was due; none where one was due; process
ended."""

Case = dict[str, Any]


@dataclass(frozen=True)
class Result:
    case: Case
    outcome: str
    detail: str

    @property
    def suite(self) -> str:
        return "v0" if self.case["v0"] else "v1"


def read_cases(path: Path, every: int = 1) -> list[Case]:
    with gzip.open(path) as file:
        cases: list[Case] = json.load(file)
    return cases[::every]


def run(case: Case) -> Result:
    """One case in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(SECONDS)
        told = "\n".join(_judge(case))
        with os.fdopen(writing, "wb") as sink:
            sink.write(told.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as source:
        outcome, _, detail = source.read().decode().partition("\n")
    os.waitpid(child, 0)
    return Result(case, outcome or "ended", detail)


def _judge(case: Case) -> tuple[str, str]:
    from dharma.guardrails.checked_module import Unusable

    wants_error = "want_result" not in case
    try:
        found = _bindings(case)
    except (RuntimeError, Unusable) as error:
        return ("raised" if wants_error else "loud"), str(error).strip()[-300:]
    if wants_error:
        return "nothing raised", json.dumps(found)[:300]
    same = _comparable(found) == _comparable(case["want_result"])
    return ("pass" if same else "silent"), json.dumps(found)[:300]


def _bindings(case: Case) -> list[Any]:
    import regorus

    from dharma.guardrails.builtins import add_builtins
    from dharma.guardrails.checked_module import REFUSED, Unusable, prepare

    engine = regorus.Engine()
    add_builtins(engine)
    engine.set_rego_v0(case["v0"])
    engine.set_gather_prints(True)
    if "data" in case:
        engine.add_data_json(json.dumps(case["data"]))
    for number, text in enumerate(case["modules"] or ()):
        module = prepare(f"m{number}.rego", text, "v0" if case["v0"] else "v1")
        refused = sorted({name for name, _ in module.calls} & REFUSED.keys())
        if refused:
            raise Unusable(f"{refused[0]} is not available")
        engine.add_policy(module.id, module.text)
    if "input_term" in case:
        term = json.loads(regorus.Engine().eval_query_as_json(f"x := {case['input_term']}"))
        engine.set_input_json(json.dumps(term["result"][0]["bindings"]["x"]))
    elif "input" in case:
        engine.set_input_json(json.dumps(case["input"]))
    answer = json.loads(engine.eval_query_as_json(case["query"]))
    return [
        result.get("bindings", {})
        for result in answer.get("result") or ()
        if not any(expression["value"] is False for expression in result["expressions"])
    ]


def _comparable(value: Any) -> Any:
    """Sets come as lists, so order does not count; 1 equals 1.0."""
    if isinstance(value, list):
        return sorted((_comparable(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    if isinstance(value, dict):
        return {k: _comparable(v) for k, v in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only every Nth case")
    arguments = parser.parse_args()
    results = [run(case) for case in read_cases(arguments.cases, arguments.every)]
    counted = Counter((r.suite, r.outcome) for r in results)
    print(f"{'':<6}" + "".join(f"{outcome:>16}" for outcome in OUTCOMES))
    for suite in ("v0", "v1"):
        print(f"{suite:<6}" + "".join(f"{counted[suite, o]:>16}" for o in OUTCOMES))
    for result in results:
        if result.outcome in {"silent", "nothing raised", "ended"}:
            print(f"{result.case['id']} {result.outcome}: {result.case['note']} {result.detail}")
    print(json.dumps({s: {o: counted[s, o] for o in OUTCOMES} for s in ("v0", "v1")}))


if __name__ == "__main__":
    os.environ["RUST_BACKTRACE"] = "0"
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "layers" / "dharma"))
    main()
