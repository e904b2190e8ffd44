"""`Workflows` on Step Functions (standard state machines).

A machine's name in the port (`deploy`) is its name on AWS without what they have in common
(`dharma-dev-`); an execution's identifier is its ARN.
"""

from __future__ import annotations

import json
import re
from typing import Any

from botocore.exceptions import ClientError

from dharma.adapters.aws.failures import answering
from dharma.adapters.aws_errors import code_of
from dharma.core.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from dharma.core.workflows import Execution, ExecutionStatus

PAYLOAD_BYTES = 262_144
_VARIABLE = "DHARMA_STATE_MACHINES"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_NO_TOKEN = frozenset({"InvalidToken", "TaskDoesNotExist", "TaskTimedOut"})
_NO_EXECUTION = frozenset({"ExecutionDoesNotExist", "InvalidArn"})
_STATUS: dict[str, ExecutionStatus] = {
    "RUNNING": "RUNNING",
    "SUCCEEDED": "SUCCEEDED",
    "FAILED": "FAILED",
    "TIMED_OUT": "TIMED_OUT",
    "ABORTED": "ABORTED",
    # Has failed, and will be run again from where it did.
    "PENDING_REDRIVE": "RUNNING",
}


class StepFunctions:
    """`prefix`: what the ARNs of all machines begin with (`arn:...:stateMachine:dharma-dev-`)."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def start(self, machine: str, name: str, input: dict[str, Any]) -> str:
        if not _NAME.fullmatch(name):
            raise InvalidInput(f"{name!r} is no name of an execution")
        arn = machine if machine.startswith("arn:") else f"{self._prefix}{machine}"
        # Step Functions compares inputs as text.
        text = _payload(input, sort_keys=True)
        with answering(_VARIABLE):
            try:
                answer = self._client.start_execution(stateMachineArn=arn, name=name, input=text)
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
                # Also said of an equal start once the execution has ended.
                return self._same(f"{arn.replace(':stateMachine:', ':execution:')}:{name}", input)
        return str(answer["executionArn"])

    def succeed(self, token: str, output: Any) -> None:
        with answering(_VARIABLE):
            try:
                self._client.send_task_success(taskToken=token, output=_payload(output))
            except ClientError as error:
                raise _unless(error, _NO_TOKEN, "nothing waits for this task token") from error

    def fail(self, token: str, error: str, cause: str) -> None:
        with answering(_VARIABLE):
            try:
                self._client.send_task_failure(
                    taskToken=token, error=error[:256], cause=cause[:32_768]
                )
            except ClientError as refusal:
                raise _unless(refusal, _NO_TOKEN, "nothing waits for this task token") from refusal

    def stop(self, execution: str, error: str = "Stopped", cause: str = "") -> None:
        # Asked first, so that nothing depends on how a stop of an ended execution is answered.
        if self.describe(execution).status != "RUNNING":
            return
        with answering(_VARIABLE):
            self._client.stop_execution(
                executionArn=execution, error=error[:256], cause=cause[:32_768]
            )

    def describe(self, execution: str) -> Execution:
        with answering(_VARIABLE):
            try:
                found = self._client.describe_execution(executionArn=execution)
            except ClientError as error:
                raise _unless(error, _NO_EXECUTION, f"there is no execution {execution}") from error
        output = found.get("output")
        return Execution(
            id=found["executionArn"],
            machine=self._machine(found["stateMachineArn"]),
            name=found["name"],
            status=_STATUS[found["status"]],
            input=json.loads(found["input"]),
            output=None if output is None else json.loads(output),
            error=found.get("error"),
            cause=found.get("cause"),
        )

    def _same(self, execution: str, input: dict[str, Any]) -> str:
        found = self.describe(execution)
        if found.input != input:
            raise Conflict(f"the execution {found.machine}:{found.name} exists with another input")
        return found.id

    def _machine(self, arn: str) -> str:
        return arn.removeprefix(self._prefix)


def _payload(value: Any, *, sort_keys: bool = False) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=sort_keys)
    if len(text.encode("utf-8", "surrogatepass")) > PAYLOAD_BYTES:
        raise LimitExceeded(f"a state machine's payload has at most {PAYLOAD_BYTES} bytes")
    return text


def _unless(error: ClientError, codes: frozenset[str], said: str) -> Exception:
    return NotFound(said) if code_of(error) in codes else error
