"""What goes wrong inside a state machine, in the words of the Amazon States Language."""

from __future__ import annotations

ALL = "States.ALL"
TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
TASK_FAILED = "States.TaskFailed"
RUNTIME = "States.Runtime"
DATA_LIMIT = "States.DataLimitExceeded"
INTRINSIC = "States.IntrinsicFailure"
RESULT_PATH = "States.ResultPathMatchFailure"
NO_CHOICE = "States.NoChoiceMatched"

# Not even States.ALL catches these; DataLimitExceeded can be named.
_TERMINAL = frozenset({RUNTIME, DATA_LIMIT})
_TIMEOUTS = frozenset({TIMEOUT, HEARTBEAT_TIMEOUT})


class StateError(Exception):
    """A failure with its name (`error`) and an explanation; `task`: the work failed, not the state.

    Raised by everything that evaluates a state, matched by Retry and Catch.
    """

    def __init__(self, error: str, cause: str = "", *, task: bool = False) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
        self.task = task

    def to_dict(self) -> dict[str, str]:
        return {"Error": self.error, "Cause": self.cause}


def matches(names: list[str], failure: StateError) -> bool:
    """Whether one of the names in an `ErrorEquals` stands for this failure."""
    for name in names:
        if name == failure.error:
            return True
        if name == ALL and failure.error not in _TERMINAL:
            return True
        if name == TASK_FAILED and failure.task and failure.error not in _TIMEOUTS:
            return True
        if name == TIMEOUT and failure.error == HEARTBEAT_TIMEOUT:
            return True
    return False
