"""Invoking Lambda functions from a Task, with the errors that Step Functions makes of theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from dharma_local.engine.errors import StateError
from dharma_local.functions import FunctionError
from dharma_local.template import Function
from dharma_local.workers.pool import FunctionTimedOut, WorkerDied, WorkerPool

SANDBOX_TIMED_OUT = "Sandbox.Timedout"
LAMBDA_UNKNOWN = "Lambda.Unknown"
# How Lambda itself calls what Step Functions reports as LAMBDA_UNKNOWN.
RUNTIME_EXIT = "Runtime.ExitError"


class Tasks(Protocol):
    """What an execution needs to get work done."""

    async def invoke(
        self, arguments: Mapping[str, Any], client_context: Mapping[str, Any]
    ) -> dict[str, Any]: ...


class LambdaTasks:
    """`functions` by name; `pool` runs them."""

    def __init__(self, functions: Mapping[str, Function], pool: WorkerPool) -> None:
        self._functions = functions
        self._pool = pool

    def knows(self, arn: str) -> bool:
        return arn.rsplit(":", 1)[-1] in self._functions

    async def invoke(
        self, arguments: Mapping[str, Any], client_context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The result of lambda:invoke; `StateError` with the class name of what was raised."""
        function = self._functions[str(arguments["FunctionName"]).rsplit(":", 1)[-1]]
        try:
            payload = await self._pool.invoke(
                function, arguments.get("Payload", {}), client_context=client_context
            )
        except FunctionError as error:
            cause = json.dumps(error.to_dict())
            raise StateError(error.error_type, cause, task=True) from error
        except FunctionTimedOut as error:
            cause = _told(SANDBOX_TIMED_OUT, error)
            raise StateError(SANDBOX_TIMED_OUT, cause, task=True) from error
        except WorkerDied as error:
            raise StateError(LAMBDA_UNKNOWN, _told(RUNTIME_EXIT, error), task=True) from error
        return {"ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200}


def _told(error_type: str, error: Exception) -> str:
    """As Lambda answers for a function that cannot answer any more."""
    return json.dumps({"errorMessage": str(error), "errorType": error_type})
