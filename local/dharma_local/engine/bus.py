"""The event bus: events of the store's outbox to the targets of the template's rules.

An event is first written down as one delivery per matching target, then marked in the outbox; a
crash in between repeats the first step, which changes nothing. A state machine is started and its
delivery ended in one transaction, with an execution name made from rule and event: never lost,
never twice. A function is invoked at least once, with growing pauses up to the target's number of
attempts and age; what is given up stays in the journal as a dead letter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dharma.core.errors import Fault, InvalidTemplate
from dharma.core.events import Event, Outbox
from dharma_local.engine.data import PAYLOAD_LIMIT
from dharma_local.engine.journal import Delivery, Journal
from dharma_local.engine.jsonpath import PathNotFound, parse_path
from dharma_local.engine.patterns import InvalidPattern, check_pattern, matches
from dharma_local.functions import FunctionError
from dharma_local.template import ACCOUNT, REGION, Rule, Target, Template
from dharma_local.workers.pool import FunctionTimedOut, WorkerDied, WorkerPool

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 300.0
_NAME_LIMIT = 80


class Bus:
    """`now` gives seconds since 1970."""

    def __init__(
        self,
        template: Template,
        journal: Journal,
        outbox: Outbox | None,
        pool: WorkerPool,
        now: Callable[[], float],
    ) -> None:
        self._template = template
        self._journal = journal
        self._outbox = outbox
        self._pool = pool
        self._now = now
        self._rules = [rule for rule in template.rules if rule.pattern is not None]
        faults = []
        for rule in self._rules:
            try:
                check_pattern(rule.pattern)
            except InvalidPattern as error:
                faults.append(Fault(str(error), path=rule.name, file=str(template.file)))
        if faults:
            raise InvalidTemplate(f"{template.file}: event patterns", faults)

    def take_in(self) -> int:
        """Turn pending events into deliveries; how many events there were."""
        if self._outbox is None:
            return 0
        events = self._outbox.pending(100)
        if events:
            self._journal.accept_events([d for event in events for d in self._matching(event)])
            self._outbox.mark_delivered([event.id for event in events])
        return len(events)

    def _matching(self, event: Event) -> Sequence[Delivery]:
        envelope = {**event.to_dict(), "account": ACCOUNT, "region": REGION}
        return [
            self.delivery(rule, target, event.id, envelope)
            for rule in self._rules
            if matches(rule.pattern or {}, envelope)
            for target in rule.targets
        ]

    def delivery(
        self, rule: Rule, target: Target, event: str, envelope: Mapping[str, Any]
    ) -> Delivery:
        return Delivery(
            event=event,
            rule=rule.name,
            target=target.id,
            kind=target.kind,
            name=self._machine_name(target),
            input=target_input(target, envelope),
            attempts=0,
            first_at=self._now(),
        )

    def _machine_name(self, target: Target) -> str:
        if target.kind != "state-machine":
            return target.name
        machine = self._template.state_machine(target.name)
        return machine.name if machine else target.name

    async def deliver(self, delivery: Delivery) -> None:
        """One attempt; its result is in the journal afterwards."""
        if delivery.kind == "state-machine":
            if len(delivery.input.encode()) > PAYLOAD_LIMIT:
                self._journal.undelivered(delivery, "the input has more than 256 KB", None)
                return
            self._journal.deliver_start(delivery, execution_name(delivery.rule, delivery.event))
            return
        function = self._template.functions[delivery.name]
        try:
            await self._pool.invoke(
                function,
                json.loads(delivery.input),
                client_context={
                    "idempotencyKey": f"{delivery.event}/{delivery.rule}/{delivery.target}",
                    "attempt": delivery.attempts,
                },
            )
        except (FunctionError, FunctionTimedOut, WorkerDied) as error:
            self._journal.undelivered(delivery, str(error), self._next_attempt(delivery))
        else:
            self._journal.delivered(delivery)

    def _next_attempt(self, delivery: Delivery) -> float | None:
        target = self._target(delivery)
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**delivery.attempts)
        moment = self._now() + pause
        if target is None or delivery.attempts >= target.max_attempts:
            return None
        return moment if moment - delivery.first_at <= target.max_age else None

    def _target(self, delivery: Delivery) -> Target | None:
        for rule in self._template.rules:
            for target in rule.targets:
                if (rule.name, target.id) == (delivery.rule, delivery.target):
                    return target
        return None


def execution_name(rule: str, event: str) -> str:
    """Always the same for the same rule and event."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", f"{rule}-{event}")
    return name if len(name) <= _NAME_LIMIT else name[-_NAME_LIMIT:]


def target_input(target: Target, envelope: Mapping[str, Any]) -> str:
    """What the target gets, as JSON text: the event, a part of it, a constant, or a template."""
    if target.input is not None:
        return target.input if isinstance(target.input, str) else json.dumps(target.input)
    if target.input_path is not None:
        return json.dumps(_read(target.input_path, envelope))
    if target.input_transformer is not None:
        return _transform(target.input_transformer, envelope)
    return json.dumps(dict(envelope))


def _read(path: str, envelope: Mapping[str, Any]) -> Any:
    try:
        return parse_path(path).read(dict(envelope))
    except PathNotFound:
        return None


_PLACE = re.compile(r'"?<([A-Za-z0-9_.-]+)>"?')


def _transform(transformer: Mapping[str, Any], envelope: Mapping[str, Any]) -> str:
    """Variables in `<>`: a quoted one becomes text, one that stands alone becomes JSON."""
    values: dict[str, Any] = {
        name: _read(path, envelope)
        for name, path in (transformer.get("InputPathsMap") or {}).items()
    }
    values["aws.events.event.json"] = dict(envelope)
    values["aws.events.event.ingestion-time"] = envelope.get("time")
    values["aws.events.rule-name"] = envelope.get("detail-type")

    def put(match: re.Match[str]) -> str:
        value = values.get(match[1])
        quoted = match[0].startswith('"') and match[0].endswith('"')
        if quoted:
            return json.dumps(value if isinstance(value, str) else json.dumps(value))
        inside = json.dumps(value)
        inner = inside[1:-1] if isinstance(value, str) else inside
        before = '"' if match[0].startswith('"') else ""
        after = '"' if match[0].endswith('"') else ""
        whole = text[: match.start()].count('"') % 2 == 0 and not before
        return inside if whole else f"{before}{inner}{after}"

    text = str(transformer["InputTemplate"])
    filled = _PLACE.sub(put, text)
    try:
        json.loads(filled)
    except ValueError:
        return json.dumps(filled)
    return filled
