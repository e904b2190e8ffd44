"""All scenarios of all state machines: those that follow from a file, and those beside it.

From the file: every task fails with each error that a Catch of it names, with one that only
`States.ALL` matches, and once with an error that its Retry names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

from . import deploy
from .scenario import STATE_MACHINES, Action, Scenario

# A state machine brings its module: ANSWERS, REACHED_BY, SCENARIOS.
MODULES: dict[str, ModuleType] = {"deploy": deploy}
OTHER = "DeploymentFailed"


def files() -> list[str]:
    return sorted(path.name.removesuffix(".asl.json") for path in STATE_MACHINES.glob("*.asl.json"))


def definition(machine: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((STATE_MACHINES / f"{machine}.asl.json").read_text())
    return found


def answers(scenario: Scenario) -> dict[str, Any]:
    return {**MODULES[scenario.machine].ANSWERS, **scenario.answers}


def scenarios() -> list[Scenario]:
    return [
        scenario
        for machine, module in MODULES.items()
        for scenario in (*module.SCENARIOS, *_derived(machine, module))
    ]


def _derived(machine: str, module: ModuleType) -> Iterator[Scenario]:
    for name, state in definition(machine)["States"].items():
        if state["Type"] != "Task":
            continue
        step = state["Parameters"]["Payload"]["step"]
        there = module.REACHED_BY.get(name, {})
        waits = state["Resource"].endswith(".waitForTaskToken")
        usual = list(module.ANSWERS[step])
        for error in _caught(state):
            failing: list[Action] = [{"raise": error, "message": "by the script"}]
            case = Scenario(machine, f"{name} fails: {error}", {**there, step: failing})
            yield _unnoticed(case, name, "Failed") if waits else case
        for retrier in state.get("Retry", []):
            error = retrier["ErrorEquals"][0]
            failing = [{"raise": error, "message": "by the script"}, *usual]
            case = Scenario(machine, f"{name} tried again: {error}", {**there, step: failing})
            yield _unnoticed(case, name, "Done") if waits else case


def _caught(state: dict[str, Any]) -> list[str]:
    named = [error for catcher in state.get("Catch", []) for error in catcher["ErrorEquals"]]
    return [error for error in named if error != "States.ALL"] + [OTHER]


def _unnoticed(case: Scenario, state: str, ends: str) -> Scenario:
    decision = deploy.YES if ends == "Done" else None
    return replace(case, decision=decision, limits={state: 3}, differs=deploy.UNNOTICED, ends=ends)
