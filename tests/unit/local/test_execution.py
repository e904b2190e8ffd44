"""What state machines do: data flow, errors, waiting, branches, and going on after a kill."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dharma.core.errors import NotFound
from dharma_local.engine.definition import INVOKE_WITH_TOKEN
from dharma_local.engine.execution import Execution


def test_a_pass_state_puts_its_parameters_at_the_result_path(machines, one_state):
    told = machines.run(
        one_state(
            {
                "Type": "Pass",
                "InputPath": "$.order",
                "Parameters": {
                    "number.$": "$.id",
                    "label.$": "States.Format('n-{}', $.id)",
                    "x": 1,
                },
                "ResultPath": "$.seen.order",
                "OutputPath": "$.seen",
                "End": True,
            }
        ),
        {"order": {"id": 7}},
    )
    assert told.status == "SUCCEEDED"
    assert told.output == {"order": {"number": 7, "label": "n-7", "x": 1}}


def test_a_result_path_of_null_drops_the_result(machines, one_state, task):
    told = machines.run(one_state(task(ResultPath=None)), {"a": 1}, lambda payload: "dropped")
    assert told.output == {"a": 1}


def test_a_task_gives_the_result_of_lambda_invoke(machines, one_state, task):
    told = machines.run(
        one_state(
            task(ResultSelector={"sum.$": "$.Payload", "code.$": "$.StatusCode"}, ResultPath="$.r")
        ),
        {"a": 2},
        lambda payload: payload["a"] + 1,
    )
    assert told.output == {"a": 2, "r": {"sum": 3, "code": 200}}


def test_a_missing_path_is_a_runtime_error_that_states_all_does_not_catch(
    machines, one_state, task
):
    told = machines.run(
        one_state(
            task(
                ResultSelector={"x.$": "$.Payload.nothing"},
                Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
            ),
            Caught={"Type": "Succeed"},
        ),
        {},
        lambda payload: {},
    )
    assert (told.status, told.error) == ("FAILED", "States.Runtime")
    assert "$.Payload.nothing" in (told.cause or "")


def test_a_caught_error_goes_where_the_catcher_says(machines, one_state, task):
    def refuse(payload: Any) -> Any:
        raise KeyError("gone")

    told = machines.run(
        one_state(
            task(
                Catch=[
                    {"ErrorEquals": ["IndexError"], "Next": "Wrong"},
                    {"ErrorEquals": ["KeyError"], "ResultPath": "$.error", "Next": "Caught"},
                ]
            ),
            Caught={"Type": "Pass", "End": True},
            Wrong={"Type": "Fail"},
        ),
        {"a": 1},
        refuse,
    )
    assert told.output == {"a": 1, "error": {"Error": "KeyError", "Cause": "'gone'"}}
    assert ("StateFailed", "Only") in machines.history(told)


def test_a_retry_waits_longer_each_time_and_gives_up_after_its_attempts(machines, one_state, task):
    def refuse(payload: Any) -> Any:
        raise KeyError("gone")

    retry = {"ErrorEquals": ["KeyError"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 3}
    told = machines.run(one_state(task(Retry=[retry])), {}, refuse)
    assert (told.status, told.error) == ("FAILED", "KeyError")
    assert machines.time.slept == [1, 2, 4]
    assert [context["attempt"] for _, context in machines.tasks.calls] == [0, 1, 2, 3]
    assert len({context["idempotencyKey"] for _, context in machines.tasks.calls}) == 1


def test_a_delay_is_capped_and_jittered(machines, one_state, task):
    def refuse(payload: Any) -> Any:
        raise KeyError("gone")

    retry = {
        "ErrorEquals": ["States.TaskFailed"],
        "IntervalSeconds": 3,
        "BackoffRate": 10,
        "MaxDelaySeconds": 4,
        "MaxAttempts": 2,
        "JitterStrategy": "FULL",
    }
    machines.run(one_state(task(Retry=[retry])), {}, refuse)
    assert machines.time.slept == [1.5, 2.0]


def test_each_retrier_counts_for_itself(machines, one_state, task):
    failures = iter([KeyError("a"), IndexError("b"), KeyError("c"), None])

    def sometimes(payload: Any) -> Any:
        failure = next(failures)
        if failure is not None:
            raise failure
        return "fine"

    told = machines.run(
        one_state(
            task(
                Retry=[
                    {"ErrorEquals": ["KeyError"], "MaxAttempts": 2},
                    {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1},
                ],
                OutputPath="$.Payload",
            )
        ),
        {},
        sometimes,
    )
    assert told.output == "fine"


def test_retries_begin_anew_when_a_state_is_entered_again(machines, task):
    calls = []

    def every_second_time(payload: Any) -> Any:
        calls.append(payload)
        if len(calls) % 2:
            raise KeyError("odd")
        return {"round": payload["round"] + 1}

    document = {
        "StartAt": "Work",
        "States": {
            "Work": task(
                Retry=[{"ErrorEquals": ["KeyError"], "MaxAttempts": 1}],
                OutputPath="$.Payload",
                Next="Again",
            ),
            "Again": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.round", "NumericLessThan": 3, "Next": "Work"}],
                "Default": "Done",
            },
            "Done": {"Type": "Succeed"},
        },
    }
    assert machines.run(document, {"round": 0}, every_second_time).output == {"round": 3}
    assert len({context["idempotencyKey"] for _, context in machines.tasks.calls}) == 3


def test_a_choice_without_a_matching_rule_fails(machines, one_state):
    told = machines.run(
        one_state(
            {
                "Type": "Choice",
                "Choices": [{"Variable": "$.a", "NumericEquals": 2, "Next": "Never"}],
            },
            Never={"Type": "Succeed"},
        ),
        {"a": 1},
    )
    assert (told.status, told.error) == ("FAILED", "States.NoChoiceMatched")


def test_a_fail_state_names_error_and_cause(machines, one_state):
    told = machines.run(
        one_state(
            {"Type": "Fail", "Error": "Refused", "CausePath": "States.Format('by {}', $.who)"}
        ),
        {"who": "ada"},
    )
    assert (told.status, told.error, told.cause) == ("FAILED", "Refused", "by ada")


@pytest.mark.parametrize(
    ("wait", "slept"),
    [
        ({"Seconds": 12}, 12),
        ({"SecondsPath": "$.delay"}, 3),
        ({"Timestamp": "2026-01-01T00:00:07Z"}, 7),
        ({"TimestampPath": "$.at"}, 60),
        ({"Timestamp": "2020-01-01T00:00:00Z"}, 0),
    ],
)
def test_a_wait_lasts_as_long_as_it_says(machines, one_state, wait, slept):
    told = machines.run(
        one_state({"Type": "Wait", **wait, "End": True}),
        {"delay": 3, "at": "2026-01-01T01:01:00+01:00"},
    )
    assert told.status == "SUCCEEDED"
    assert sum(machines.time.slept) == slept


def test_branches_run_side_by_side_and_give_their_outputs_in_order(machines, one_state, task):
    log = []

    async def slow_first(payload: Any) -> Any:
        log.append(f"begin {payload}")
        for _ in range(20 if payload == 1 else 1):
            await asyncio.sleep(0.001)
        log.append(f"end {payload}")
        return payload * 10

    def branch(number: int) -> dict[str, Any]:
        state = task(OutputPath="$.Payload")
        state["Parameters"] = {
            "FunctionName": state["Parameters"]["FunctionName"],
            "Payload": number,
        }
        return {"StartAt": "One", "States": {"One": state}}

    told = machines.run(
        one_state({"Type": "Parallel", "Branches": [branch(1), branch(2)], "End": True}),
        {},
        slow_first,
    )
    assert told.output == [10, 20]
    assert log == ["begin 1", "begin 2", "end 2", "end 1"]


def test_a_failing_branch_fails_the_parallel_and_ends_the_others(machines, one_state, task):
    ended = []

    async def fail_second(payload: Any) -> Any:
        if payload == "second":
            raise KeyError("no")
        await asyncio.sleep(5)
        ended.append(payload)

    def branch(name: str) -> dict[str, Any]:
        state = task()
        state["Parameters"] = {"FunctionName": state["Parameters"]["FunctionName"], "Payload": name}
        return {"StartAt": name, "States": {name: state}}

    told = machines.run(
        one_state(
            {
                "Type": "Parallel",
                "Branches": [branch("first"), branch("second")],
                "Catch": [{"ErrorEquals": ["KeyError"], "Next": "Caught"}],
                "End": True,
            },
            Caught={"Type": "Pass", "End": True},
        ),
        {},
        fail_second,
    )
    assert told.output == {"Error": "KeyError", "Cause": "'no'"}
    assert ended == []


def test_a_map_hands_each_item_to_its_processor(machines, one_state):
    told = machines.run(
        one_state(
            {
                "Type": "Map",
                "ItemsPath": "$.names",
                "ItemSelector": {
                    "name.$": "$$.Map.Item.Value",
                    "at.$": "$$.Map.Item.Index",
                    "all.$": "$.names",
                },
                "ItemProcessor": {
                    "StartAt": "Greet",
                    "States": {
                        "Greet": {
                            "Type": "Pass",
                            "Parameters": {
                                "said.$": "States.Format('{} {}', $.at, $.name)",
                                "count.$": "States.ArrayLength($.all)",
                            },
                            "End": True,
                        }
                    },
                },
                "End": True,
            }
        ),
        {"names": ["ada", "bob"]},
    )
    assert told.output == [{"said": "0 ada", "count": 2}, {"said": "1 bob", "count": 2}]


def test_a_map_runs_no_more_items_at_once_than_it_may(machines, one_state, task):
    running, most = 0, 0

    async def count(payload: Any) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.002)
        running -= 1
        return payload

    told = machines.run(
        one_state(
            {
                "Type": "Map",
                "MaxConcurrency": 2,
                "ItemProcessor": {
                    "StartAt": "One",
                    "States": {"One": task(OutputPath="$.Payload")},
                },
                "End": True,
            }
        ),
        [1, 2, 3, 4, 5],
        count,
    )
    assert told.output == [1, 2, 3, 4, 5]
    assert most == 2


def test_a_map_over_nothing_gives_an_empty_list(machines, one_state):
    processor = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    told = machines.run(one_state({"Type": "Map", "ItemProcessor": processor, "End": True}), [])
    assert told.output == []


def test_a_retried_map_begins_its_items_anew(machines, one_state, task):
    calls = []

    def fail_once(payload: Any) -> Any:
        calls.append(payload)
        if len(calls) == 2:
            raise KeyError("once")
        return payload

    processor = {"StartAt": "One", "States": {"One": task(OutputPath="$.Payload")}}
    told = machines.run(
        one_state(
            {
                "Type": "Map",
                "MaxConcurrency": 1,
                "ItemProcessor": processor,
                "Retry": [{"ErrorEquals": ["States.ALL"]}],
                "End": True,
            }
        ),
        ["a", "b"],
        fail_once,
    )
    assert told.output == ["a", "b"]
    assert calls == ["a", "b", "a", "b"]


def test_a_payload_over_256_kilobytes_ends_the_execution(machines, one_state, task):
    told = machines.run(
        one_state(
            task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]),
            Caught={"Type": "Succeed"},
        ),
        {},
        lambda payload: "x" * 262_145,
    )
    assert (told.status, told.error) == ("FAILED", "States.DataLimitExceeded")


def test_a_payload_of_just_256_kilobytes_passes(machines, one_state, task):
    envelope = len('{"ExecutedVersion":"$LATEST","Payload":"","StatusCode":200}')
    told = machines.run(one_state(task()), {}, lambda payload: "x" * (262_144 - envelope))
    assert told.status == "SUCCEEDED"


def test_a_task_that_takes_too_long_times_out(machines, one_state, task):
    async def sleep(payload: Any) -> Any:
        await asyncio.sleep(30)

    told = machines.run(
        one_state(
            task(
                TimeoutSeconds=1,
                Catch=[
                    {"ErrorEquals": ["States.TaskFailed"], "Next": "Wrong"},
                    {"ErrorEquals": ["States.Timeout"], "Next": "Late"},
                ],
            ),
            Late={"Type": "Pass", "Result": "late", "End": True},
            Wrong={"Type": "Fail"},
        ),
        {},
        sleep,
    )
    assert told.output == "late"


def test_an_execution_that_takes_too_long_times_out(machines, task):
    async def sleep(payload: Any) -> Any:
        await asyncio.sleep(30)

    document = {"StartAt": "Only", "TimeoutSeconds": 1, "States": {"Only": task()}}
    told = machines.run(document, {}, sleep)
    assert (told.status, told.error) == ("TIMED_OUT", "States.Timeout")


def _with_token(task: Any, **fields: Any) -> dict[str, Any]:
    state = task(**fields)
    state["Resource"] = INVOKE_WITH_TOKEN
    function = state["Parameters"]["FunctionName"]
    state["Parameters"] = {"FunctionName": function, "Payload": {"token.$": "$$.Task.Token"}}
    return state


def test_a_task_with_a_token_waits_for_its_answer(machines, one_state, task):
    given: list[str] = []
    machines.tasks.answer = lambda payload: given.append(payload["token"])
    execution = machines.begin(one_state(_with_token(task, ResultPath="$.said")), {"a": 1})

    async def scene() -> None:
        living = asyncio.create_task(execution.live())
        while not given:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        assert not living.done()
        machines.workflows.succeed(given[0], {"by": "ada"})
        execution.token_answered(given[0])
        await living

    asyncio.run(scene())
    told = machines.workflows.describe(execution.run.arn)
    assert told.output == {"a": 1, "said": {"by": "ada"}}
    with pytest.raises(NotFound):
        machines.workflows.succeed(given[0], {})


def test_a_token_answered_with_a_failure_fails_the_task(machines, one_state, task):
    def fail_at_once(payload: Any) -> None:
        machines.workflows.fail(payload["token"], "ApprovalRejected", "not today")

    told = machines.run(one_state(_with_token(task)), {}, fail_at_once)
    assert (told.error, told.cause) == ("ApprovalRejected", "not today")


def test_a_token_times_out_and_is_worth_nothing_afterwards(machines, one_state, task):
    given: list[str] = []
    told = machines.run(
        one_state(_with_token(task, TimeoutSeconds=1)),
        {},
        lambda payload: given.append(payload["token"]),
    )
    assert told.error == "States.Timeout"
    with pytest.raises(NotFound):
        machines.workflows.succeed(given[0], {})


def test_a_missing_heartbeat_fails_the_task(machines, one_state, task):
    given: list[str] = []

    def note(payload: Any) -> None:
        given.append(payload["token"])
        machines.time.at += 11

    told = machines.run(one_state(_with_token(task, HeartbeatSeconds=10)), {}, note)
    assert told.error == "States.HeartbeatTimeout"


def test_a_function_that_fails_before_the_answer_fails_the_task(machines, one_state, task):
    def refuse(payload: Any) -> Any:
        raise KeyError("gone")

    assert machines.run(one_state(_with_token(task)), {}, refuse).error == "KeyError"


def _resume(machines: Any, execution: Execution) -> Execution:
    """What a new process would make of the journal."""
    run, text = machines.journal.running()[0]
    assert run.arn == execution.run.arn
    from dharma_local.engine.definition import load_definition

    return Execution(
        run,
        load_definition(text, "journal"),
        machines.journal,
        machines.tasks,
        now=machines.time.now,
        sleep=machines.time.sleep,
    )


def test_killed_in_a_task_it_is_invoked_again_with_the_same_question_and_key(machines, task):
    async def hang(payload: Any) -> Any:
        await asyncio.sleep(30)

    machines.tasks.answer = hang
    state = task(OutputPath="$.Payload")
    state["Parameters"] = {
        "FunctionName": state["Parameters"]["FunctionName"],
        "Payload": {"id.$": "States.UUID()"},
    }
    execution = machines.begin(
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": state}}, {}
    )

    async def killed() -> None:
        living = asyncio.create_task(execution.live())
        while not machines.tasks.calls:
            await asyncio.sleep(0.001)
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)

    asyncio.run(killed())
    machines.tasks.answer = lambda payload: payload
    asyncio.run(_resume(machines, execution).live())
    first, second = machines.tasks.calls
    assert first[0] == second[0]
    assert first[1]["idempotencyKey"] == second[1]["idempotencyKey"]
    assert (first[1]["resumed"], second[1]["resumed"]) == (False, True)
    told = machines.workflows.describe(execution.run.arn)
    assert told.output == first[0]
    entered = [name for kind, name in machines.history(told) if kind == "StateEntered"]
    assert entered == ["A", "B"]


def test_the_time_that_the_engine_was_off_is_not_the_time_of_an_invocation(
    machines, one_state, task
):
    async def hang(payload: Any) -> Any:
        await asyncio.sleep(30)

    machines.tasks.answer = hang
    execution = machines.begin(one_state(task(TimeoutSeconds=60)), {})

    async def killed() -> None:
        living = asyncio.create_task(execution.live())
        while not machines.tasks.calls:
            await asyncio.sleep(0.001)
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)

    asyncio.run(killed())
    machines.time.at += 3600
    machines.tasks.answer = lambda payload: "done"
    asyncio.run(_resume(machines, execution).live())
    assert machines.workflows.describe(execution.run.arn).status == "SUCCEEDED"


def test_killed_in_a_map_only_unfinished_items_run_again(machines, one_state, task):
    async def hang_at_three(payload: Any) -> Any:
        if payload == 3:
            await asyncio.sleep(30)
        return payload * 2

    machines.tasks.answer = hang_at_three
    processor = {"StartAt": "One", "States": {"One": task(OutputPath="$.Payload")}}
    execution = machines.begin(
        one_state({"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}),
        [1, 2, 3, 4],
    )

    async def killed() -> None:
        living = asyncio.create_task(execution.live())
        while len(machines.tasks.calls) < 3:
            await asyncio.sleep(0.001)
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)

    asyncio.run(killed())
    machines.tasks.answer = lambda payload: payload * 2
    asyncio.run(_resume(machines, execution).live())
    assert machines.workflows.describe(execution.run.arn).output == [2, 4, 6, 8]
    assert [payload for payload, _ in machines.tasks.calls] == [1, 2, 3, 3, 4]


def test_killed_while_it_waits_for_an_answer_it_does_not_ask_again(machines, one_state, task):
    given: list[str] = []
    machines.tasks.answer = lambda payload: given.append(payload["token"])
    execution = machines.begin(one_state(_with_token(task)), {})

    async def killed() -> None:
        living = asyncio.create_task(execution.live())
        while not given:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)

    asyncio.run(killed())
    machines.workflows.succeed(given[0], "approved")
    asyncio.run(_resume(machines, execution).live())
    assert machines.workflows.describe(execution.run.arn).output == "approved"
    assert len(given) == 1


def test_killed_in_a_wait_it_waits_for_the_rest(machines, one_state):
    execution = machines.begin(one_state({"Type": "Wait", "Seconds": 100, "End": True}), {})

    async def killed() -> None:
        real = machines.time.sleep

        async def sleep(seconds: float) -> None:
            await real(seconds)
            if sum(machines.time.slept) >= 40:
                raise asyncio.CancelledError

        execution._sleep = sleep
        await asyncio.gather(execution.live(), return_exceptions=True)

    asyncio.run(killed())
    machines.time.at += 20
    asyncio.run(_resume(machines, execution).live())
    assert sum(machines.time.slept) == 80
