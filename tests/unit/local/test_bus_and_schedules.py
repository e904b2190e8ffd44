"""Events reach their targets once; schedules fire when they should, and never twice."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dharma.adapters.local.workflows import LocalWorkflows
from dharma.core.events import Event
from dharma_local.engine.bus import Bus, execution_name, target_input
from dharma_local.engine.journal import Journal
from dharma_local.engine.schedules import InvalidSchedule, Schedule, Scheduler, convert_cron
from dharma_local.functions import FunctionError
from dharma_local.template import Target
from dharma_local.template_reading import load_template

PROJECT = Path(__file__).parents[2] / "sample_project"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Outbox:
    def __init__(self, *events: Event) -> None:
        self.events = list(events)

    def pending(self, limit: int = 100) -> list[Event]:
        return self.events[:limit]

    def mark_delivered(self, ids: Any) -> None:
        self.events = [event for event in self.events if event.id not in ids]


class Pool:
    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.failures = 0

    async def invoke(self, function: Any, event: Any, *, client_context: Any = None) -> Any:
        self.calls.append((function.name, event))
        if self.failures:
            self.failures -= 1
            raise FunctionError("Refused", "not now")


class World:
    def __init__(self, folder: Path) -> None:
        self.at = NOW.timestamp()
        self.template = load_template(PROJECT / "infra" / "template.yaml")
        self.journal = Journal(folder / "engine.sqlite3", self.now)
        self.workflows = LocalWorkflows(folder / "engine.sqlite3")
        self.outbox = Outbox()
        self.pool = Pool()
        self.bus = Bus(self.template, self.journal, self.outbox, self.pool, self.now)  # type: ignore[arg-type]

    def now(self) -> float:
        return self.at

    def deliver(self) -> int:
        due = self.journal.due_deliveries()
        for delivery in due:
            asyncio.run(self.bus.deliver(delivery))
        return len(due)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def order(identifier: str = "e1", source: str = "sample.orders", **data: Any) -> Event:
    return Event("OrderPlaced", source, "order-1", data, identifier, NOW, "c1")


def test_an_event_starts_its_state_machine_once_however_often_it_arrives(world: World) -> None:
    for _ in range(3):
        world.outbox.events.append(order(amount=3))
        world.bus.take_in()
        world.deliver()
    runs = world.journal.new_executions()
    assert [(run.machine, run.name) for run in runs] == [("journey", "Requested-e1")]
    told = {"eventId": "e1", "subject": "order-1", "correlationId": "c1"}
    assert runs[0].input == {"amount": 3, **told}
    assert world.outbox.events == []


def test_a_crash_between_writing_down_and_marking_repeats_nothing(world: World) -> None:
    world.outbox.events.append(order())
    world.outbox.mark_delivered = lambda ids: None  # type: ignore[method-assign]
    world.bus.take_in()
    world.deliver()
    world.bus.take_in()
    assert world.deliver() == 0
    assert len(world.journal.new_executions()) == 1


def test_an_event_that_no_rule_wants_is_done_with(world: World) -> None:
    world.outbox.events.append(order(source="nobody"))
    assert world.bus.take_in() == 1
    assert world.outbox.events == []
    assert world.deliver() == 0


def test_a_function_gets_the_event_as_eventbridge_shapes_it(world: World) -> None:
    world.outbox.events.append(order(source="sample.notes", text="hi"))
    world.bus.take_in()
    world.deliver()
    [(name, event)] = world.pool.calls
    assert name == "StepFunction"
    assert event["detail-type"] == "OrderPlaced"
    assert event["detail"]["text"] == "hi"
    assert event["time"] == "2026-03-01T12:00:00.000Z"
    names = "version id detail-type source account time region resources detail"
    assert set(event) == set(names.split())


def test_a_failing_function_is_tried_again_later_and_then_given_up(world: World) -> None:
    world.pool.failures = 9
    world.outbox.events.append(order(source="sample.notes"))
    world.bus.take_in()
    attempts = []
    for _ in range(20):
        if world.deliver():
            attempts.append(world.at - NOW.timestamp())
        world.at += 0.5
    assert attempts == [0, 1, 3]
    [letter] = world.workflows.dead_letters()
    assert (letter["event"], letter["attempts"]) == ("e1", 3)
    assert "Refused: not now" in letter["error"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target("t", "function", "F", input='{"fixed": 1}'), {"fixed": 1}),
        (Target("t", "function", "F", input_path="$.detail.who"), "ada"),
        (
            Target(
                "t",
                "function",
                "F",
                input_transformer={
                    "InputPathsMap": {"who": "$.detail.who", "n": "$.detail.n"},
                    "InputTemplate": '{"text": "<who> has <n>", "who": <who>, "n": <n>}',
                },
            ),
            {"text": "ada has 3", "who": "ada", "n": 3},
        ),
        (
            Target(
                "t",
                "function",
                "F",
                input_transformer={
                    "InputPathsMap": {"who": "$.detail.who"},
                    "InputTemplate": '"Hello <who>"',
                },
            ),
            "Hello ada",
        ),
    ],
)
def test_a_target_can_have_its_own_input(target: Target, expected: Any) -> None:
    envelope = {"id": "1", "detail": {"who": "ada", "n": 3}}
    assert json.loads(target_input(target, envelope)) == expected


def test_execution_names_fit_and_stay_apart() -> None:
    names = {execution_name("Rule" * 30, f"event/{n}") for n in range(10)}
    assert len(names) == 10
    assert all(len(name) <= 80 and "/" not in name for name in names)


def moments(expression: str, start: datetime, count: int, timezone: str = "UTC") -> list[str]:
    schedule, at, found = Schedule(expression, timezone), start.timestamp(), []
    for _ in range(count):
        upcoming = schedule.after(at)
        if upcoming is None:
            break
        at = upcoming
        found.append(datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M"))
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(5 minutes)", ["2026-03-01 12:05", "2026-03-01 12:10"]),
        ("rate(1 day)", ["2026-03-02 12:00", "2026-03-03 12:00"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-03-02 18:00", "2026-03-03 18:00"]),
        ("cron(0 10 ? * 1 *)", ["2026-03-08 10:00", "2026-03-15 10:00"]),
        ("cron(15 12 * * ? *)", ["2026-03-01 12:15", "2026-03-02 12:15"]),
        ("cron(0/15 8 1 * ? *)", ["2026-04-01 08:00", "2026-04-01 08:15"]),
        ("cron(0 0 L * ? *)", ["2026-03-31 00:00", "2026-04-30 00:00"]),
        ("cron(0 9 ? * 2#1 *)", ["2026-03-02 09:00", "2026-04-06 09:00"]),
        ("cron(0 9 ? * 6L *)", ["2026-03-27 09:00", "2026-04-24 09:00"]),
        ("cron(0 0 1 1 ? 2027-2028)", ["2027-01-01 00:00", "2028-01-01 00:00"]),
        ("at(2026-03-05T06:00:00)", ["2026-03-05 06:00"]),
        ("at(2026-01-05T06:00:00)", []),
    ],
)
def test_a_schedule_names_its_next_moments(expression: str, expected: list[str]) -> None:
    assert moments(expression, NOW, 2) == expected


def test_a_schedule_keeps_local_time_over_the_change_of_clocks() -> None:
    before = datetime(2026, 3, 28, 0, tzinfo=UTC)
    assert moments("cron(30 9 * * ? *)", before, 2, "Europe/Berlin") == [
        "2026-03-28 08:30",
        "2026-03-29 07:30",
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "rate(0 minutes)",
        "rate(5 fortnights)",
        "cron(* * * * *)",
        "cron(0 0 1 * MON *)",
        "cron(0 0 ? * ? *)",
        "cron(99 0 * * ? *)",
        "cron(0 0 15W * ? *)",
        "every day",
    ],
)
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    with pytest.raises(InvalidSchedule):
        Schedule(expression)


def test_days_of_the_week_count_from_sunday() -> None:
    assert convert_cron("0 0 ? * 1,3-5 *") == ("0 0 * * SUN,TUE-THU", None)


def test_a_schedule_fires_once_for_what_was_missed_and_never_twice(world: World) -> None:
    def scheduler() -> Scheduler:
        return Scheduler(world.template, world.journal, world.bus, world.now)

    scheduler().fire_due()
    assert world.deliver() == 0
    world.at += 5 * 3600 + 60
    scheduler().fire_due()
    scheduler().fire_due()
    assert world.deliver() == 1
    [(name, event)] = world.pool.calls
    assert name == "StepFunction"
    assert (event["source"], event["time"]) == ("aws.events", "2026-03-01T17:00:00.000Z")
    assert 0 < scheduler().seconds_to_next() <= 60
    world.at += 3540
    scheduler().fire_due()
    assert world.deliver() == 1
