"""Schedules of the template: `rate(5 minutes)`, `cron(0 12 * * ? *)`, `at(2026-01-31T12:00:00)`.

When a schedule last fired is in the journal, written together with what it started: no restart
fires a moment twice. Moments that passed while nothing ran are made up for by one run.
Source: "Schedule types in EventBridge Scheduler", Amazon EventBridge user guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from dharma.core.clock import isoformat
from dharma.core.errors import Fault, InvalidTemplate
from dharma_local.engine.bus import Bus
from dharma_local.engine.journal import Journal
from dharma_local.template import ACCOUNT, REGION, Rule, Template

_RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)")
_CRON = re.compile(r"cron\(\s*(.*?)\s*\)")
_AT = re.compile(r"at\(\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\s*\)")
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class InvalidSchedule(ValueError):
    """No schedule expression that is known here."""


class Schedule:
    """The moments of one expression, in seconds since 1970."""

    def __init__(self, expression: str, timezone: str = "UTC") -> None:
        self._every: float | None = None
        self._at: float | None = None
        self._cron: str | None = None
        self._years: frozenset[int] | None = None
        self._zone = ZoneInfo(timezone)
        if found := _RATE.fullmatch(expression):
            if int(found[1]) == 0:
                raise InvalidSchedule(f"{expression}: nothing happens every 0 {found[2]}s")
            self._every = float(int(found[1]) * _UNITS[found[2]])
        elif found := _AT.fullmatch(expression):
            local = datetime.fromisoformat(found[1]).replace(tzinfo=self._zone)
            self._at = local.timestamp()
        elif found := _CRON.fullmatch(expression):
            self._cron, self._years = convert_cron(found[1])
            try:
                CronSim(self._cron, datetime(2026, 1, 1, tzinfo=self._zone))
            except CronSimError as error:
                raise InvalidSchedule(f"{expression}: {error}") from error
        else:
            raise InvalidSchedule(f"{expression} is neither rate() nor cron() nor at()")

    def after(self, moment: float) -> float | None:
        """The first moment later than this one; None when there is none any more."""
        if self._every is not None:
            return moment + self._every
        if self._at is not None:
            return self._at if self._at > moment else None
        start = datetime.fromtimestamp(moment, self._zone)
        for candidate in CronSim(str(self._cron), start):
            if self._years is None or candidate.year in self._years:
                return candidate.timestamp()
            if candidate.year > max(self._years):
                return None
        return None

    def latest(self, last: float, now: float) -> float | None:
        """The latest moment after `last` that is not in the future, or None."""
        found: float | None = None
        upcoming = self.after(last)
        if self._every is not None and upcoming is not None and upcoming <= now:
            return last + self._every * ((now - last) // self._every)
        while upcoming is not None and upcoming <= now:
            found = upcoming
            upcoming = self.after(upcoming)
        return found


def convert_cron(text: str) -> tuple[str, frozenset[int] | None]:
    """AWS's six fields (`?`, Sunday is 1, years) to the usual five, and the years (None: all)."""
    fields = text.upper().split()
    if len(fields) != 6:
        raise InvalidSchedule(f"cron({text}) has {len(fields)} fields, not 6")
    minute, hour, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise InvalidSchedule(f"cron({text}): exactly one of the two day fields is ?")
    if "W" in day:
        raise InvalidSchedule(f"cron({text}): the nearest weekday (W) is not known here")
    day = "*" if day == "?" else day
    if weekday == "?":
        weekday = "*"
    else:
        weekday = re.sub(
            r"(?<![#/\d])([1-7])(?=\D|$)", lambda m: _DAYS[int(m[1]) - 1], weekday
        ).replace("SUNL", "0L")
        weekday = re.sub(r"(MON|TUE|WED|THU|FRI|SAT)L", lambda m: f"{_DAYS.index(m[1])}L", weekday)
    return f"{minute} {hour} {day} {month} {weekday}", _years(year, text)


def _years(field: str, text: str) -> frozenset[int] | None:
    if field == "*":
        return None
    years: set[int] = set()
    for part in field.split(","):
        found = re.fullmatch(r"(\d{4}|\*)(?:-(\d{4}))?(?:/(\d+))?", part)
        if not found:
            raise InvalidSchedule(f"cron({text}): the years {field}")
        first = 1970 if found[1] == "*" else int(found[1])
        last = int(found[2]) if found[2] else 2199 if found[3] else first
        years.update(range(first, last + 1, int(found[3] or 1)))
    return frozenset(years)


class Scheduler:
    """Fires what is due; `now` gives seconds since 1970."""

    def __init__(
        self, template: Template, journal: Journal, bus: Bus, now: Callable[[], float]
    ) -> None:
        self._journal = journal
        self._bus = bus
        self._now = now
        self._schedules: list[tuple[Rule, Schedule]] = []
        faults = []
        for rule in template.rules:
            if rule.schedule is None:
                continue
            try:
                self._schedules.append((rule, Schedule(rule.schedule, rule.timezone)))
            except (InvalidSchedule, LookupError) as error:
                faults.append(Fault(str(error), path=rule.name, file=str(template.file)))
        if faults:
            raise InvalidTemplate(f"{template.file}: schedules", faults)

    def fire_due(self) -> None:
        now = self._now()
        for rule, schedule in self._schedules:
            last = self._journal.last_fired(rule.name)
            if last is None:
                self._journal.fire(rule.name, now, [])  # it counts from its first sight
                continue
            moment = schedule.latest(last, now)
            if moment is not None:
                self._fire(rule, moment)

    def _fire(self, rule: Rule, moment: float) -> None:
        stamp = datetime.fromtimestamp(moment, UTC)
        event = f"{stamp:%Y%m%dT%H%M%SZ}"
        envelope = {
            "version": "0",
            "id": f"{rule.name}-{event}",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT,
            "time": isoformat(stamp.replace(microsecond=0)),
            "region": REGION,
            "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule.name}"],
            "detail": {},
        }
        deliveries = [self._bus.delivery(rule, t, event, envelope) for t in rule.targets]
        self._journal.fire(rule.name, moment, deliveries)

    def seconds_to_next(self) -> float:
        """How long nothing is due, at most a minute (clocks may be set)."""
        left = 60.0
        for rule, schedule in self._schedules:
            last = self._journal.last_fired(rule.name)
            upcoming = None if last is None else schedule.after(last)
            if upcoming is not None:
                left = min(left, max(0.0, upcoming - self._now()))
        return left
