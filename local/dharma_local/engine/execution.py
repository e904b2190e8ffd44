"""The life of one execution: state after state, each transition committed before the next begins.

What has to survive a kill is in the journal: which state each frame is in with what input, and the
state's progress (retries used, when to go on, what a task was asked). So resuming is running: a
frame that is read back does what it would have done next. A task that was running is invoked again
with the same idempotency key; a wait lasts until the moment it was to last.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from dharma.core.clock import isoformat
from dharma_local.engine import data, errors
from dharma_local.engine.choice import choose, parse_timestamp
from dharma_local.engine.definition import (
    INVOKE_WITH_TOKEN,
    Machine,
    State,
    inner_machines,
)
from dharma_local.engine.errors import StateError
from dharma_local.engine.journal import ROOT, Frame, Journal, Run
from dharma_local.engine.tasks import Tasks
from dharma_local.template import state_machine_arn

# Iterations of an inline Map that run side by side when nothing else is said, as on AWS.
_MAP_CONCURRENCY = 40
_MAX_SLEEP = 5.0


class Execution:
    """`now` gives seconds since 1970, `chance` a number from 0 to 1 (for jitter)."""

    def __init__(
        self,
        run: Run,
        machine: Machine,
        journal: Journal,
        tasks: Tasks,
        *,
        now: Callable[[], float],
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.run = run
        self._machine = machine
        self._journal = journal
        self._tasks = tasks
        self._now = now
        self._chance = chance
        self._sleep = sleep
        self._answered: dict[str, asyncio.Event] = {}

    def token_answered(self, token: str) -> None:
        """Wake the task that waits for this token, if one does."""
        if token in self._answered:
            self._answered[token].set()

    async def live(self) -> None:
        """From where the journal says to the end; the end is in the journal, too."""
        frame = self._journal.frames(self.run, ROOT)[ROOT]
        try:
            async with asyncio.timeout(self._time_left()):
                text = await self._run_frame(self._machine, frame)
        except StateError as failure:
            self._journal.end(self.run, "FAILED", error=failure.error, cause=failure.cause)
        except TimeoutError:
            self._journal.end(self.run, "TIMED_OUT", error=errors.TIMEOUT, cause="")
        else:
            self._journal.succeed(self.run, frame, text)

    def abort(self, error: str, cause: str) -> None:
        self._journal.end(self.run, "ABORTED", error=error, cause=cause)

    def _time_left(self) -> float | None:
        limit = self._machine.timeout
        return None if limit is None else self.run.started_at + limit - self._now()

    async def _run_frame(self, machine: Machine, frame: Frame) -> str:
        """The frame's output as JSON text; a failure that no state of it catches is raised."""
        while True:
            state = machine.states[frame.state]
            try:
                next_state, output = await self._run_state(state, frame)
                text = data.encode(output, f"output of the state '{frame.state}'")
            except StateError as failure:
                if await self._retry(state, frame, failure):
                    continue
                next_state, output = self._catch(state, frame, failure)
                text = data.encode(output, f"output of the state '{frame.state}'")
            if next_state is None:
                if frame.id != ROOT:
                    self._journal.finish(self.run, frame, text)
                return text
            self._journal.transition(self.run, frame, next_state, output, text)
            await asyncio.sleep(0)

    async def _run_state(self, state: State, frame: Frame) -> tuple[str | None, Any]:
        """Name of the next state (None: the end) and the output."""
        context = self._context(frame)
        if state["Type"] == "Fail":
            raise self._failure(state, frame.input, context)
        effective = data.read_path(state.get("InputPath", "$"), frame.input, context, "InputPath")
        kind = state["Type"]
        if kind == "Choice":
            chosen = choose(state["Choices"], effective, context) or state.get("Default")
            if chosen is None:
                raise StateError(
                    errors.NO_CHOICE, f"No choice rule of '{frame.state}' holds for its input"
                )
            return chosen, self._output(state, effective, context)
        if kind == "Succeed":
            return None, self._output(state, effective, context)
        if kind == "Wait":
            await self._wait(state, frame, effective, context)
            result: Any = effective
        elif kind == "Pass":
            result = data.put_result(state, frame.input, self._pass(state, effective, context))
        else:
            raw = await self._work(state, frame, effective, context)
            if "ResultSelector" in state:
                raw = data.fill(state["ResultSelector"], raw, self._context(frame))
            result = data.put_result(state, frame.input, raw)
        return state.get("Next"), self._output(state, result, context)

    def _output(self, state: State, value: Any, context: Any) -> Any:
        return data.read_path(state.get("OutputPath", "$"), value, context, "OutputPath")

    def _pass(self, state: State, effective: Any, context: Any) -> Any:
        if "Result" in state:
            return state["Result"]
        if "Parameters" in state:
            return data.fill(state["Parameters"], effective, context)
        return effective

    def _failure(self, state: State, value: Any, context: Any) -> StateError:
        said = {}
        for field in ("Error", "Cause"):
            if f"{field}Path" in state:
                said[field] = data.read_text(state[f"{field}Path"], value, context, f"{field}Path")
            else:
                said[field] = state.get(field, "")
        return StateError(str(said["Error"]), str(said["Cause"]), task=True)

    def _context(self, frame: Frame) -> dict[str, Any]:
        """The context object, `$$`."""
        run = self.run
        context: dict[str, Any] = {
            "Execution": {
                "Id": run.arn,
                "Input": run.input,
                "Name": run.name,
                "StartTime": _iso(run.started_at),
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": state_machine_arn(run.machine), "Name": run.machine},
            "State": {
                "Name": frame.state,
                "EnteredTime": _iso(frame.progress["enteredAt"]),
                "RetryCount": sum(frame.progress.get("retries", {}).values()),
            },
        }
        if "token" in frame.progress:
            context["Task"] = {"Token": frame.progress["token"]}
        if "map" in frame.progress:
            context["Map"] = {"Item": frame.progress["map"]}
        return context

    # --- failures

    async def _retry(self, state: State, frame: Frame, failure: StateError) -> bool:
        """Whether the state is to be tried again; comes back when it is time."""
        progress = frame.progress
        for index, retrier in enumerate(state.get("Retry", [])):
            if not errors.matches(retrier["ErrorEquals"], failure):
                continue
            used = progress.get("retries", {}).get(str(index), 0)
            if used >= retrier.get("MaxAttempts", 3):
                return False
            delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** used
            delay = min(delay, retrier.get("MaxDelaySeconds", 31_622_400))
            if retrier.get("JitterStrategy") == "FULL":
                delay *= self._chance()
            self._forget_attempt(frame)
            progress["retries"] = {**progress.get("retries", {}), str(index): used + 1}
            progress["retryAt"] = self._now() + delay
            self._journal.note(
                self.run,
                frame,
                "StateRetried",
                {"name": frame.state, "frame": frame.id, "delay": delay, **failure.to_dict()},
            )
            await self._until(progress["retryAt"])
            return True
        return False

    def _forget_attempt(self, frame: Frame) -> None:
        progress = frame.progress
        if token := progress.get("token"):
            self._journal.close_token(token)
        if "children" in progress:
            self._journal.drop_frames(self.run, self._children_prefix(frame))
        for name in ("token", "arguments", "invoked", "begunAt", "until", "children", "deadline"):
            progress.pop(name, None)

    def _catch(self, state: State, frame: Frame, failure: StateError) -> tuple[str, Any]:
        self._journal.note(
            self.run,
            frame,
            "StateFailed",
            {"name": frame.state, "frame": frame.id, **failure.to_dict()},
        )
        for catcher in state.get("Catch", []):
            if errors.matches(catcher["ErrorEquals"], failure):
                output = data.put_result(catcher, frame.input, failure.to_dict())
                return catcher["Next"], output
        if token := frame.progress.get("token"):
            self._journal.close_token(token)
        if frame.id != ROOT:
            self._journal.fail_frame(self.run, frame, {**failure.to_dict(), "Task": failure.task})
        raise failure

    # --- waiting

    async def _wait(self, state: State, frame: Frame, effective: Any, context: Any) -> None:
        if "until" not in frame.progress:
            frame.progress["until"] = self._wait_until(state, effective, context)
            self._journal.note(self.run, frame)
        await self._until(frame.progress["until"])

    def _wait_until(self, state: State, effective: Any, context: Any) -> float:
        if "Seconds" in state:
            return self._now() + float(state["Seconds"])
        if "SecondsPath" in state:
            seconds = data.read_path(state["SecondsPath"], effective, context, "SecondsPath")
            return self._now() + _whole_seconds(seconds, "SecondsPath", least=0)
        text = state.get("Timestamp") or data.read_path(
            state["TimestampPath"], effective, context, "TimestampPath"
        )
        moment = parse_timestamp(text)
        if moment is None:
            raise StateError(errors.RUNTIME, f"The TimestampPath gives no timestamp: {text!r}")
        return moment.timestamp()

    async def _until(self, moment: float) -> None:
        """By the wall clock, in short sleeps: the machine may have been asleep itself."""
        while (left := moment - self._now()) > 0:
            await self._sleep(min(left, _MAX_SLEEP))

    # --- work: Task, Parallel, Map

    async def _work(self, state: State, frame: Frame, effective: Any, context: Any) -> Any:
        if retry_at := frame.progress.get("retryAt"):
            await self._until(retry_at)  # killed while it waited for its next attempt
        if state["Type"] == "Task":
            return await self._task(state, frame, effective)
        if state["Type"] == "Parallel":
            return await self._branches(state, frame, effective, context)
        return await self._iterations(state, frame, effective, context)

    async def _task(self, state: State, frame: Frame, effective: Any) -> Any:
        progress = frame.progress
        waits = state["Resource"] == INVOKE_WITH_TOKEN
        resumed = "arguments" in progress
        if not resumed:
            self._schedule(state, frame, effective, waits)
        elif not waits:
            # Invoked anew: the time for which no engine ran is not the invocation's. Who answers to
            # a token could do so all the while.
            progress["deadline"] = self._deadline(state, frame, effective)
        deadline = progress["deadline"]
        left = None if deadline is None else max(0.0, deadline - self._now())
        try:
            async with asyncio.timeout(left):
                if waits:
                    result = await self._called_back(state, frame, effective, resumed)
                else:
                    result = await self._invoke(frame, resumed)
        except TimeoutError:
            raise StateError(
                errors.TIMEOUT, f"The task '{frame.state}' ran out of its time", task=True
            ) from None
        data.encode(result, f"result of the task '{frame.state}'")
        return result

    def _schedule(self, state: State, frame: Frame, effective: Any, waits: bool) -> None:
        """Settle what the task is asked, once: a repetition after a kill asks the very same."""
        progress = frame.progress
        if waits:
            progress["token"] = secrets.token_urlsafe(48)
        context = self._context(frame)
        arguments = data.fill(state["Parameters"], effective, context)
        data.encode(arguments.get("Payload", {}), f"payload of the task '{frame.state}'")
        progress["arguments"] = arguments
        progress["deadline"] = self._deadline(state, frame, effective)
        details = {
            "name": frame.state,
            "frame": frame.id,
            "resource": state["Resource"],
            "idempotencyKey": self._key(frame),
        }
        if waits:
            self._journal.open_token(self.run, frame, progress["token"], details)
        else:
            self._journal.note(self.run, frame, "TaskScheduled", details)

    def _deadline(self, state: State, frame: Frame, effective: Any) -> float | None:
        seconds = self._limit(state, "TimeoutSeconds", effective, self._context(frame))
        return None if seconds is None else self._now() + seconds

    def _limit(self, state: State, field: str, effective: Any, context: Any) -> float | None:
        if f"{field}Path" in state:
            given = data.read_path(state[f"{field}Path"], effective, context, f"{field}Path")
            return _whole_seconds(given, f"{field}Path", least=1)
        return float(state[field]) if field in state else None

    def _key(self, frame: Frame) -> str:
        """The same for every attempt at the same entering of a state, and for nothing else."""
        return f"{self.run.arn}/{frame.state}/{frame.progress['entry']}"

    async def _invoke(self, frame: Frame, resumed: bool) -> dict[str, Any]:
        return await self._tasks.invoke(
            frame.progress["arguments"],
            {
                "idempotencyKey": self._key(frame),
                "executionId": self.run.arn,
                "stateName": frame.state,
                "attempt": sum(frame.progress.get("retries", {}).values()),
                "resumed": resumed,
            },
        )

    async def _called_back(self, state: State, frame: Frame, effective: Any, resumed: bool) -> Any:
        """Invoke, then wait for the token's answer: whichever comes first, failure or answer."""
        token: str = frame.progress["token"]
        event = self._answered[token] = asyncio.Event()
        heartbeat = self._limit(state, "HeartbeatSeconds", effective, self._context(frame))
        call: asyncio.Task[Any] | None = None
        try:
            while True:
                status, answer, beat = self._journal.token(token)
                if status == "answered" and answer is not None:
                    return _token_result(answer)
                if call is None and not frame.progress.get("invoked"):
                    call = asyncio.create_task(self._invoke(frame, resumed))
                if call is not None and call.done() and not frame.progress.get("invoked"):
                    call.result()
                    frame.progress["invoked"] = True
                    self._journal.note(self.run, frame, "TaskSubmitted", {"name": frame.state})
                left = None if heartbeat is None else beat + heartbeat - self._now()
                if left is not None and left <= 0:
                    raise StateError(
                        errors.HEARTBEAT_TIMEOUT,
                        f"The task '{frame.state}' sent no heartbeat in time",
                        task=True,
                    )
                waiter = asyncio.create_task(event.wait())
                open_calls = {call} if call is not None and not call.done() else set()
                try:
                    await asyncio.wait(
                        {waiter, *open_calls},
                        timeout=min(left or _MAX_SLEEP, _MAX_SLEEP),
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                finally:
                    waiter.cancel()
                event.clear()
        finally:
            del self._answered[token]
            if call is not None:
                call.cancel()

    async def _branches(self, state: State, frame: Frame, effective: Any, context: Any) -> Any:
        machines = inner_machines(state)
        if "Parameters" in state:
            effective = data.fill(state["Parameters"], effective, context)
        if "children" not in frame.progress:
            frame.progress["children"] = len(machines)
            prefix = self._children_prefix(frame)
            children = [
                Frame(f"{prefix}{index}/", machine.start_at, effective)
                for index, machine in enumerate(machines)
            ]
            self._journal.begin_frames(self.run, frame, children)
        return await self._gather(frame, machines, len(machines))

    async def _iterations(self, state: State, frame: Frame, effective: Any, context: Any) -> Any:
        machine = inner_machines(state)[0]
        if "children" not in frame.progress:
            items = data.read_path(state.get("ItemsPath", "$"), effective, context, "ItemsPath")
            if not isinstance(items, list):
                raise StateError(
                    errors.RUNTIME, f"The items of the Map '{frame.state}' are no array"
                )
            template = state.get("ItemSelector", state.get("Parameters"))
            frame.progress["children"] = len(items)
            prefix = self._children_prefix(frame)
            children = []
            for index, item in enumerate(items):
                place = {"Index": index, "Value": item}
                given = item
                if template is not None:
                    given = data.fill(template, effective, {**context, "Map": {"Item": place}})
                children.append(Frame(f"{prefix}{index}/", machine.start_at, given, {"map": place}))
            self._journal.begin_frames(self.run, frame, children)
        count = frame.progress["children"]
        limit = state.get("MaxConcurrency") or _MAP_CONCURRENCY
        return await self._gather(frame, [machine] * count, limit)

    def _children_prefix(self, frame: Frame) -> str:
        return f"{frame.id}{frame.progress['entry']}:"

    async def _gather(self, parent: Frame, machines: list[Machine], limit: int) -> list[Any]:
        """The outputs of all children in order; the first failure ends the others."""
        prefix = self._children_prefix(parent)
        frames = self._journal.frames(self.run, prefix)
        slots = asyncio.Semaphore(max(1, limit))

        async def child(index: int, machine: Machine) -> Any:
            frame = frames[f"{prefix}{index}/"]
            async with slots:
                if frame.outcome is None:
                    await self._run_frame(machine, frame)
            outcome = frame.outcome or {}
            if "failure" in outcome:
                said = outcome["failure"]
                raise StateError(said["Error"], said["Cause"], task=said["Task"])
            return outcome["output"]

        running = [asyncio.create_task(child(i, m)) for i, m in enumerate(machines)]
        try:
            return await asyncio.gather(*running)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


def _token_result(answer: dict[str, Any]) -> Any:
    if "error" in answer:
        raise StateError(answer["error"], answer["cause"], task=True)
    return answer["output"]


def _whole_seconds(given: Any, field: str, *, least: int) -> float:
    if isinstance(given, bool) or not isinstance(given, int) or given < least:
        raise StateError(errors.RUNTIME, f"The {field} gives no number of seconds: {given!r}")
    return float(given)


def _iso(moment: float) -> str:
    return isoformat(datetime.fromtimestamp(moment, UTC))
