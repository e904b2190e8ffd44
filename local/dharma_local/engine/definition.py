"""State machine definitions: read, and refused whole when anything in them is not known here.

Every field, state type, path, intrinsic and transition is checked at load, so that nothing fails at
run time that could have been said before. One query language: JSONPath.
Source: the Amazon States Language specification, https://states-language.net/spec.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dharma.core.errors import Fault, InvalidTemplate
from dharma_local.engine.choice import LITERALS, OPERATORS, parse_timestamp
from dharma_local.engine.intrinsics import IntrinsicSyntaxError, is_intrinsic, parse_intrinsic
from dharma_local.engine.jsonpath import PathSyntaxError, parse_path

INVOKE = "arn:aws:states:::lambda:invoke"
INVOKE_WITH_TOKEN = "arn:aws:states:::lambda:invoke.waitForTaskToken"

State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Machine:
    """A sequence of states: a whole state machine, a branch of Parallel, the processor of Map."""

    start_at: str
    states: dict[str, State]
    timeout: float | None = None


def load_definition(
    text: str, file: str, knows_function: Callable[[str], bool] = lambda name: True
) -> Machine:
    """`InvalidTemplate` lists all faults with file and path; `knows_function` takes an ARN."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InvalidTemplate(f"{file} is no JSON: {error}") from error
    checker = _Checker(file, knows_function)
    checker.machine(document, "", outermost=True)
    if checker.faults:
        raise InvalidTemplate(f"{file} is no state machine that runs here", checker.faults)
    return as_machine(document)


def as_machine(document: dict[str, Any]) -> Machine:
    """A document that was checked before."""
    return Machine(document["StartAt"], document["States"], document.get("TimeoutSeconds"))


def inner_machines(state: State) -> list[Machine]:
    """The branches of a Parallel; of a Map its processor."""
    if state["Type"] == "Parallel":
        return [as_machine(branch) for branch in state["Branches"]]
    if state["Type"] == "Map":
        return [as_machine(state.get("ItemProcessor") or state["Iterator"])]
    return []


def functions_used(machine: Machine) -> Iterator[str]:
    """The function ARNs that the tasks invoke."""
    for state in machine.states.values():
        if state["Type"] == "Task":
            yield state["Parameters"]["FunctionName"]
        for inner in inner_machines(state):
            yield from functions_used(inner)


_TOP = {"Comment", "StartAt", "States", "TimeoutSeconds", "Version", "QueryLanguage"}
_COMMON = {"Type", "Comment", "QueryLanguage"}
_FLOW = {"Next", "End"}
_PATHS = {"InputPath", "OutputPath"}
_RESULT = {"Parameters", "ResultPath"}
_RECOVERY = {"Retry", "Catch", "ResultSelector"}
_FIELDS = {
    "Task": _FLOW
    | _PATHS
    | _RESULT
    | _RECOVERY
    | {
        "Resource",
        "TimeoutSeconds",
        "TimeoutSecondsPath",
        "HeartbeatSeconds",
        "HeartbeatSecondsPath",
    },
    "Pass": _FLOW | _PATHS | _RESULT | {"Result"},
    "Choice": _PATHS | {"Choices", "Default"},
    "Wait": _FLOW | _PATHS | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Succeed": _PATHS,
    "Fail": {"Error", "Cause", "ErrorPath", "CausePath"},
    "Parallel": _FLOW | _PATHS | _RESULT | _RECOVERY | {"Branches"},
    "Map": _FLOW
    | _PATHS
    | _RESULT
    | _RECOVERY
    | {"ItemsPath", "ItemSelector", "ItemProcessor", "Iterator", "MaxConcurrency"},
}
_INVOKE_PARAMETERS = {
    "FunctionName",
    "Payload",
    "ClientContext",
    "InvocationType",
    "Qualifier",
    "LogType",
}


class _Checker:
    def __init__(self, file: str, knows_function: Callable[[str], bool]) -> None:
        self.file = file
        self.knows_function = knows_function
        self.faults: list[Fault] = []

    def fault(self, path: str, message: str) -> None:
        self.faults.append(Fault(message, path=path.strip("."), file=self.file))

    def machine(self, raw: Any, path: str, *, outermost: bool = False) -> None:
        if not isinstance(raw, dict) or not isinstance(raw.get("States"), dict):
            self.fault(path, "a state machine needs an object States")
            return
        allowed = _TOP if outermost else _TOP | {"ProcessorConfig"}
        self._unknown(raw, allowed, path)
        self._query_language(raw, path)
        if raw.get("StartAt") not in raw["States"]:
            self.fault(f"{path}.StartAt", f"there is no state {raw.get('StartAt')!r}")
        config = raw.get("ProcessorConfig") or {}
        if config.get("Mode", "INLINE") != "INLINE" or set(config) - {"Mode"}:
            self.fault(f"{path}.ProcessorConfig", "only the mode INLINE runs here")
        self._seconds(raw, "TimeoutSeconds", path)
        for name, state in raw["States"].items():
            self._state(name, state, raw["States"], f"{path}.States.{name}")
        self._reached(raw, path)

    def _reached(self, raw: dict[str, Any], path: str) -> None:
        states = {name: s for name, s in raw["States"].items() if isinstance(s, dict)}
        seen: set[str] = set()
        waiting: list[Any] = [raw.get("StartAt")]
        while waiting:
            name = waiting.pop()
            if name in seen or name not in states:
                continue
            seen.add(name)
            state = states[name]
            waiting += [state.get("Next"), state.get("Default")]
            waiting += [c.get("Next") for c in state.get("Choices", []) if isinstance(c, dict)]
            waiting += [c.get("Next") for c in state.get("Catch", []) if isinstance(c, dict)]
        for name in sorted(states.keys() - seen):
            self.fault(f"{path}.States.{name}", "no transition leads to this state")

    def _state(self, name: str, state: Any, states: dict[str, Any], path: str) -> None:
        if not isinstance(state, dict):
            self.fault(path, "a state is an object")
            return
        if len(name) > 80:
            self.fault(path, "the name of a state has at most 80 characters")
        kind = state.get("Type")
        if kind not in _FIELDS:
            self.fault(f"{path}.Type", f"there is no state type {kind!r}")
            return
        self._unknown(state, _COMMON | _FIELDS[kind], path)
        self._query_language(state, path)
        if "Next" in _FIELDS[kind]:
            self._transition(state, states, path)
        for field in ("InputPath", "OutputPath", "ItemsPath"):
            if state.get(field) is not None:
                self._path(state[field], f"{path}.{field}")
        if state.get("ResultPath") is not None:
            self._path(state["ResultPath"], f"{path}.ResultPath", reference=True)
        for field in ("Parameters", "ResultSelector", "ItemSelector"):
            if field in state:
                if not isinstance(state[field], dict) and field != "Parameters":
                    self.fault(f"{path}.{field}", "a template is an object")
                self._template(state[field], f"{path}.{field}")
        self._retries(state, path)
        self._catchers(state, states, path)
        getattr(self, f"_{kind.lower()}")(state, states, path)

    def _transition(self, state: State, states: dict[str, Any], path: str) -> None:
        if ("Next" in state) == (state.get("End") is True):
            self.fault(path, "a state has either Next or End: true")
        self._target(state.get("Next", ...), states, f"{path}.Next")

    def _target(self, name: Any, states: dict[str, Any], path: str) -> None:
        if name is not ... and name not in states:
            self.fault(path, f"there is no state {name!r}")

    def _task(self, state: State, states: dict[str, Any], path: str) -> None:
        resource = state.get("Resource")
        if resource not in (INVOKE, INVOKE_WITH_TOKEN):
            self.fault(f"{path}.Resource", f"{resource!r} does not run here")
        parameters = state.get("Parameters")
        if not isinstance(parameters, dict):
            self.fault(f"{path}.Parameters", "lambda:invoke needs FunctionName and Payload")
            return
        for given in parameters:
            if given.removesuffix(".$") not in _INVOKE_PARAMETERS:
                self.fault(f"{path}.Parameters.{given}", "lambda:invoke has no such parameter")
        if parameters.get("InvocationType", "RequestResponse") != "RequestResponse":
            self.fault(f"{path}.Parameters.InvocationType", "only RequestResponse runs here")
        function = parameters.get("FunctionName")
        if not isinstance(function, str):
            self.fault(f"{path}.Parameters.FunctionName", "the function's ARN, as a literal")
        elif not self.knows_function(function):
            self.fault(f"{path}.Parameters.FunctionName", f"there is no function {function}")
        if resource == INVOKE_WITH_TOKEN and "$$.Task.Token" not in json.dumps(parameters):
            self.fault(f"{path}.Parameters", "$$.Task.Token is handed to nobody")
        for field in ("TimeoutSeconds", "HeartbeatSeconds"):
            self._seconds(state, field, path)
            if f"{field}Path" in state:
                self._path(state[f"{field}Path"], f"{path}.{field}Path")
                if field in state:
                    self.fault(path, f"{field} and {field}Path exclude each other")

    def _pass(self, state: State, states: dict[str, Any], path: str) -> None:
        pass_through = state.get("Result")
        if isinstance(pass_through, dict) and any(key.endswith(".$") for key in pass_through):
            self.fault(f"{path}.Result", "Result is literal; paths belong into Parameters")

    def _choice(self, state: State, states: dict[str, Any], path: str) -> None:
        choices = state.get("Choices")
        if not isinstance(choices, list) or not choices:
            self.fault(f"{path}.Choices", "a Choice needs choices")
            return
        for index, rule in enumerate(choices):
            self._rule(rule, f"{path}.Choices.{index}", outermost=True)
            if isinstance(rule, dict):
                self._target(rule.get("Next"), states, f"{path}.Choices.{index}.Next")
        self._target(state.get("Default", ...), states, f"{path}.Default")

    def _rule(self, rule: Any, path: str, *, outermost: bool = False) -> None:
        if not isinstance(rule, dict):
            self.fault(path, "a rule is an object")
            return
        extra = {"Next", "Comment"} if outermost else {"Comment"}
        for name in ("And", "Or"):
            if name in rule:
                self._unknown(rule, {name} | extra, path)
                if not isinstance(rule[name], list) or not rule[name]:
                    self.fault(f"{path}.{name}", "a list of rules")
                    return
                for index, inner in enumerate(rule[name]):
                    self._rule(inner, f"{path}.{name}.{index}")
                return
        if "Not" in rule:
            self._unknown(rule, {"Not"} | extra, path)
            self._rule(rule["Not"], f"{path}.Not")
            return
        operators = [name for name in rule if name in OPERATORS]
        self._unknown(rule, {"Variable", *operators} | extra, path)
        self._path(rule.get("Variable"), f"{path}.Variable")
        if len(operators) != 1:
            self.fault(path, "a rule has one comparison")
            return
        operator, literal = operators[0], rule[operators[0]]
        if not LITERALS[operator](literal):
            self.fault(f"{path}.{operator}", f"{literal!r} is of the wrong type")
        elif operator.endswith("Path"):
            self._path(literal, f"{path}.{operator}")

    def _wait(self, state: State, states: dict[str, Any], path: str) -> None:
        given = [f for f in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if f in state]
        if len(given) != 1:
            self.fault(path, "a Wait has one of Seconds, SecondsPath, Timestamp, TimestampPath")
            return
        if given[0].endswith("Path"):
            self._path(state[given[0]], f"{path}.{given[0]}")
        elif given[0] == "Timestamp" and parse_timestamp(state["Timestamp"]) is None:
            self.fault(f"{path}.Timestamp", "a time as in 2026-01-31T12:00:00Z")
        self._seconds(state, "Seconds", path, least=0)

    def _succeed(self, state: State, states: dict[str, Any], path: str) -> None:
        """Nothing but the paths, which are checked for all states."""

    def _fail(self, state: State, states: dict[str, Any], path: str) -> None:
        for field in ("Error", "Cause"):
            if field in state and f"{field}Path" in state:
                self.fault(path, f"{field} and {field}Path exclude each other")
            if not isinstance(state.get(field, ""), str):
                self.fault(f"{path}.{field}", "a text")
            if f"{field}Path" in state:
                self._dynamic(state[f"{field}Path"], f"{path}.{field}Path")

    def _parallel(self, state: State, states: dict[str, Any], path: str) -> None:
        branches = state.get("Branches")
        if not isinstance(branches, list) or not branches:
            self.fault(f"{path}.Branches", "a Parallel needs branches")
            return
        for index, branch in enumerate(branches):
            self.machine(branch, f"{path}.Branches.{index}")

    def _map(self, state: State, states: dict[str, Any], path: str) -> None:
        if ("ItemProcessor" in state) == ("Iterator" in state):
            self.fault(path, "a Map has either ItemProcessor or (older) Iterator")
            return
        name = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
        self.machine(state[name], f"{path}.{name}")
        self._seconds(state, "MaxConcurrency", path, least=0)
        if "ItemSelector" in state and "Parameters" in state:
            self.fault(path, "ItemSelector and (older) Parameters exclude each other")

    def _retries(self, state: State, path: str) -> None:
        for index, retrier in enumerate(self._listed(state, "Retry", path)):
            here = f"{path}.Retry.{index}"
            allowed = {
                "ErrorEquals",
                "IntervalSeconds",
                "MaxAttempts",
                "BackoffRate",
                "MaxDelaySeconds",
                "JitterStrategy",
                "Comment",
            }
            self._unknown(retrier, allowed, here)
            self._error_names(retrier, here, last=index == len(state["Retry"]) - 1)
            self._seconds(retrier, "IntervalSeconds", here)
            self._seconds(retrier, "MaxAttempts", here, least=0)
            self._seconds(retrier, "MaxDelaySeconds", here)
            rate = retrier.get("BackoffRate", 2.0)
            if isinstance(rate, bool) or not isinstance(rate, int | float) or rate < 1:
                self.fault(f"{here}.BackoffRate", "a number of at least 1")
            if retrier.get("JitterStrategy", "NONE") not in ("NONE", "FULL"):
                self.fault(f"{here}.JitterStrategy", "NONE or FULL")

    def _catchers(self, state: State, states: dict[str, Any], path: str) -> None:
        for index, catcher in enumerate(self._listed(state, "Catch", path)):
            here = f"{path}.Catch.{index}"
            self._unknown(catcher, {"ErrorEquals", "Next", "ResultPath", "Comment"}, here)
            self._error_names(catcher, here, last=index == len(state["Catch"]) - 1)
            self._target(catcher.get("Next"), states, f"{here}.Next")
            if catcher.get("ResultPath") is not None:
                self._path(catcher["ResultPath"], f"{here}.ResultPath", reference=True)

    def _listed(self, state: State, field: str, path: str) -> list[dict[str, Any]]:
        given = state.get(field, [])
        if isinstance(given, list) and all(isinstance(item, dict) for item in given):
            return given
        self.fault(f"{path}.{field}", "a list of objects")
        return []

    def _error_names(self, rule: dict[str, Any], path: str, *, last: bool) -> None:
        names = rule.get("ErrorEquals")
        if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
            self.fault(f"{path}.ErrorEquals", "a list of error names")
        elif "States.ALL" in names and (len(names) > 1 or not last):
            self.fault(f"{path}.ErrorEquals", "States.ALL stands alone and last")

    def _template(self, template: Any, path: str) -> None:
        if isinstance(template, list):
            for index, item in enumerate(template):
                self._template(item, f"{path}.{index}")
        elif isinstance(template, dict):
            for name, item in template.items():
                if name.endswith(".$"):
                    self._dynamic(item, f"{path}.{name}")
                else:
                    self._template(item, f"{path}.{name}")

    def _dynamic(self, text: Any, path: str) -> None:
        if isinstance(text, str) and is_intrinsic(text):
            try:
                parse_intrinsic(text)
            except IntrinsicSyntaxError as error:
                self.fault(path, str(error))
        else:
            self._path(text, path)

    def _path(self, text: Any, path: str, *, reference: bool = False) -> None:
        if not isinstance(text, str):
            self.fault(path, f"a path is a text, not {text!r}")
            return
        try:
            parsed = parse_path(text)
        except PathSyntaxError as error:
            self.fault(path, str(error))
            return
        if reference and not parsed.reference:
            self.fault(path, f"{text!r} is no reference path")

    def _seconds(self, holder: State, field: str, path: str, *, least: int = 1) -> None:
        given = holder.get(field, least)
        if isinstance(given, bool) or not isinstance(given, int) or given < least:
            self.fault(f"{path}.{field}", f"a whole number of at least {least}")

    def _query_language(self, holder: dict[str, Any], path: str) -> None:
        if holder.get("QueryLanguage", "JSONPath") != "JSONPath":
            self.fault(f"{path}.QueryLanguage", "only JSONPath runs here")

    def _unknown(self, holder: dict[str, Any], allowed: set[str], path: str) -> None:
        for name in holder.keys() - allowed:
            self.fault(f"{path}.{name}", "there is no such field here")
