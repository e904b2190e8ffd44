"""One run of a state machine, and what of it is compared."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dharma.core.workflows import Execution

STATE_MACHINES = Path(__file__).resolve().parents[2] / "statemachines"
Action = Mapping[str, Any]


@dataclass(frozen=True)
class Decision:
    """What is answered to the task that waits for it: an output, or an error with its cause.

    `stop`: the whole execution is stopped with that error instead.
    """

    output: Any = None
    error: str = ""
    cause: str = ""
    stop: bool = False


@dataclass(frozen=True)
class Scenario:
    """`answers`: by step what its calls do (`stand_in`), over what they do in this machine anyway.

    `limits`: seconds that states may take here, in place of their own TimeoutSeconds.
    `differs`: a limit of the emulator, because of which the outcomes are not the same; then `ends`
    is the last state that the language asks for.
    """

    machine: str
    name: str
    answers: Mapping[str, Sequence[Action]] = field(default_factory=dict)
    decision: Decision | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    differs: str = ""
    ends: str = ""

    @property
    def id(self) -> str:
        """Fit for the name of an execution."""
        return re.sub(r"[^A-Za-z0-9]+", "-", f"{self.machine}-{self.name}").strip("-")

    @property
    def input(self) -> dict[str, Any]:
        return {"deploymentId": self.id, "tenant": "acme"}

    def definition(self, function: str) -> str:
        """The machine's own file, each of its functions being `function` (an ARN)."""
        text = (STATE_MACHINES / f"{self.machine}.asl.json").read_text()
        document = json.loads(re.sub(r"\$\{\w+\}", function, text))
        for state, seconds in self.limits.items():
            document["States"][state]["TimeoutSeconds"] = seconds
        return json.dumps(document)


@dataclass(frozen=True)
class Outcome:
    """How it ended; the states in their order, with what went in; what functions were asked."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    states: list[tuple[str, Any]]
    calls: list[Any]

    @property
    def way(self) -> list[str]:
        return [name for name, _ in self.states]


def outcome(told: Execution, states: Sequence[tuple[str, Any]], calls: Sequence[Any]) -> Outcome:
    """Without what is of one run only: ARNs, tokens, request ids, line numbers of a trace."""
    said = _neutral({"Error": told.error, "Cause": told.cause})
    return Outcome(
        told.status,
        # Of a failure the emulator tells one as well (error and cause once more); AWS does not.
        _neutral(told.output) if told.status == "SUCCEEDED" else None,
        said["Error"],
        said["Cause"],
        [(name, _neutral(given)) for name, given in states],
        [_neutral(call) for call in calls],
    )


_EXECUTION = re.compile(r"arn:aws:states:[\w-]+:\d{12}:execution:[^\"]+")
_TIMED_OUT = re.compile(r".*(Task timed out after \d+\.\d\d seconds)")


def _neutral(value: Any) -> Any:
    if isinstance(value, list):
        return [_neutral(item) for item in value]
    if isinstance(value, str):
        return _EXECUTION.sub("<execution>", value)
    if not isinstance(value, dict):
        return value
    if set(value) == {"Error", "Cause"}:
        return {"Error": value["Error"], "Cause": _cause(value["Error"], value["Cause"])}
    return {k: "<token>" if k == "taskToken" else _neutral(v) for k, v in value.items()}


def _cause(error: str | None, cause: str | None) -> Any:
    """A function's failure by message, type and the names of its members; an error of the engine
    itself (`States.Timeout`) without its words, which Step Functions does not fix."""
    if error and error.startswith("States."):
        return ""
    try:
        said = json.loads(cause or "")
    except ValueError:
        return cause
    if not isinstance(said, dict):
        return cause
    message = _TIMED_OUT.sub(r"\1", said["errorMessage"])
    return {**dict.fromkeys(said, "..."), "errorMessage": message, "errorType": said["errorType"]}
