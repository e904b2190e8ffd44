"""`Workflows` on Step Functions. moto's interpreter runs the machines, in threads, without network.

Where moto is simpler than the service (it drops the cause of a failed token, and forgets that names
stay taken), botocore's stubber answers as the service's reference says.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from dharma.adapters.aws.clients import Clients
from dharma.adapters.aws.step_functions import StepFunctions
from dharma.core.errors import Conflict, InvalidInput, LimitExceeded, Misconfigured, NotFound
from dharma.core.workflows import Execution

PREFIX = "arn:aws:states:eu-west-1:123456789012:stateMachine:dharma-test-"
EXECUTION = f"{PREFIX.replace('stateMachine', 'execution')}deploy:d1"
PASSES = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}
WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}


@pytest.fixture
def workflows(_clients: Clients) -> Iterator[StepFunctions]:
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        client = _clients["stepfunctions"]
        for name, definition in (("deploy", PASSES), ("slow", WAITS), ("asks", asks(_clients))):
            client.create_state_machine(
                name=f"dharma-test-{name}",
                definition=json.dumps(definition),
                roleArn="arn:aws:iam::123456789012:role/any",
            )
        yield StepFunctions(client, PREFIX)


def asks(clients: Clients) -> dict[str, Any]:
    """Hands its task token to a queue and waits."""
    client = botocore.session.get_session().create_client("sqs", region_name="eu-west-1")
    url = client.create_queue(QueueName="questions")["QueueUrl"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}},
        "End": True,
    }
    return {"StartAt": "Ask", "States": {"Ask": task}}


def token() -> str:
    client = botocore.session.get_session().create_client("sqs", region_name="eu-west-1")
    url = client.get_queue_url(QueueName="questions")["QueueUrl"]
    found: list[Any] = []

    def asked() -> bool:
        found.extend(client.receive_message(QueueUrl=url).get("Messages", []))
        return bool(found)

    until(asked)
    text: str = json.loads(found[0]["Body"])["token"]
    return text


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def ended(workflows: StepFunctions, execution: str) -> Execution:
    until(lambda: workflows.describe(execution).status != "RUNNING")
    return workflows.describe(execution)


def test_an_execution_is_started_and_described(workflows: StepFunctions) -> None:
    execution = workflows.start("deploy", "d1", {"deploymentId": "d1", "text": "Füße 😀"})
    found = ended(workflows, execution)
    assert (found.machine, found.name, found.status) == ("deploy", "d1", "SUCCEEDED")
    assert found.input == found.output == {"deploymentId": "d1", "text": "Füße 😀"}
    assert found.id == execution == EXECUTION


def test_starting_is_idempotent_by_name_and_input(workflows: StepFunctions) -> None:
    first = workflows.start("slow", "d1", {"a": 1, "b": 2})
    assert workflows.start("slow", "d1", {"b": 2, "a": 1}) == first
    with pytest.raises(Conflict, match="slow:d1"):
        workflows.start("slow", "d1", {"a": 2})
    workflows.stop(first)


def test_a_token_is_answered_once(workflows: StepFunctions) -> None:
    execution = workflows.start("asks", "d1", {})
    mine = token()
    workflows.succeed(mine, {"approved": True})
    assert ended(workflows, execution).output == {"approved": True}
    with pytest.raises(NotFound, match="nothing waits"):
        workflows.succeed(mine, {})


def test_a_failed_token_names_the_error(workflows: StepFunctions) -> None:
    execution = workflows.start("asks", "d1", {})
    workflows.fail(token(), "ApprovalRejected", "not on a Friday")
    found = ended(workflows, execution)
    assert (found.status, found.error) == ("FAILED", "ApprovalRejected")


def test_stopping_ends_what_runs_and_nothing_else(workflows: StepFunctions) -> None:
    running = workflows.start("slow", "d1", {})
    done = workflows.start("deploy", "d1", {})
    assert ended(workflows, done).status == "SUCCEEDED"
    for execution in (running, done):
        workflows.stop(execution, "Cancelled", "by somebody")
    assert ended(workflows, running).status == "ABORTED"
    assert workflows.describe(done).status == "SUCCEEDED"


def test_what_is_not_there_is_not_found(workflows: StepFunctions) -> None:
    with pytest.raises(NotFound, match="no execution"):
        workflows.describe(EXECUTION + "-absent")
    with pytest.raises(NotFound, match="no execution"):
        workflows.stop(EXECUTION + "-absent")
    with pytest.raises(Misconfigured, match="DHARMA_STATE_MACHINES"):
        workflows.start("absent", "d1", {})


def test_names_and_payloads_have_limits(workflows: StepFunctions) -> None:
    for name in ("", "a b", "x" * 81, "ä"):
        with pytest.raises(InvalidInput):
            workflows.start("deploy", name, {})
    with pytest.raises(LimitExceeded):
        workflows.start("deploy", "d1", {"x": "ü" * 131_072})


# --- where the emulator is simpler than the service


@pytest.fixture
def stubbed() -> Iterator[tuple[StepFunctions, Stubber]]:
    client = botocore.session.get_session().create_client(
        "stepfunctions",
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    with Stubber(client) as stubber:
        yield StepFunctions(client, PREFIX), stubber
        stubber.assert_no_pending_responses()


def described(input: dict[str, Any]) -> dict[str, Any]:
    return {
        "executionArn": EXECUTION,
        "stateMachineArn": f"{PREFIX}deploy",
        "name": "d1",
        "status": "SUCCEEDED",
        "startDate": 0,
        "input": json.dumps(input),
        "output": "{}",
    }


def test_an_equal_start_after_the_end_gives_what_has_ended(
    stubbed: tuple[StepFunctions, Stubber],
) -> None:
    workflows, stubber = stubbed
    for _ in range(2):
        stubber.add_client_error("start_execution", "ExecutionAlreadyExists")
        stubber.add_response("describe_execution", described({"a": 1}), {"executionArn": EXECUTION})
    assert workflows.start("deploy", "d1", {"a": 1}) == EXECUTION
    with pytest.raises(Conflict):
        workflows.start("deploy", "d1", {"a": 2})


@pytest.mark.parametrize("code", ["TaskDoesNotExist", "TaskTimedOut", "InvalidToken"])
def test_nothing_waits_for_a_token_that_is_over(
    stubbed: tuple[StepFunctions, Stubber], code: str
) -> None:
    workflows, stubber = stubbed
    stubber.add_client_error("send_task_success", code)
    stubber.add_client_error("send_task_failure", code)
    with pytest.raises(NotFound):
        workflows.succeed("t", {})
    with pytest.raises(NotFound):
        workflows.fail("t", "E", "c")


def test_a_long_cause_is_cut_to_what_the_service_takes(
    stubbed: tuple[StepFunctions, Stubber],
) -> None:
    workflows, stubber = stubbed
    sent = {"taskToken": "t", "error": "E" * 256, "cause": "c" * 32_768}
    stubber.add_response("send_task_failure", {}, sent)
    workflows.fail("t", "E" * 300, "c" * 40_000)
