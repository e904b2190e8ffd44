"""timeadd, timecmp and formatdate: times as RFC 3339 text, as Terraform reads and writes them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

from dharma.model.expressions.conversion import as_text
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.functions.registry import function
from dharma.model.expressions.nodes import Value

_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)\Z", re.ASCII
)
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|us|µs|ns)", re.ASCII)
_SECONDS = {
    "h": "3600",
    "m": "60",
    "s": "1",
    "ms": "1e-3",
    "us": "1e-6",
    "µs": "1e-6",
    "ns": "1e-9",
}
_SPECIFIER = re.compile(r"'((?:[^']|'')*)'|([a-zA-Z])\2*|[^a-zA-Z']+")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip


def _time(value: Value) -> datetime:
    text = as_text(value)
    try:
        if _TIME.match(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:
        pass
    raise EvaluationError(f"{text[:40]!r} is no time such as 2020-02-03T04:05:06Z")


@function("timeadd", "string")
def timeadd(time: Value, duration: Value) -> Value:
    text = as_text(duration)
    body = text.lstrip("+-") if text[:1] in "+-" else text
    parts = _DURATION.findall(body)
    if not parts or "".join(n + u for n, u in parts) != body:
        raise EvaluationError(f"{text[:40]!r} is no duration such as 1h30m")
    seconds = sum(Decimal(number) * Decimal(_SECONDS[unit]) for number, unit in parts)
    try:
        delta = timedelta(microseconds=int(seconds * 1_000_000))
        moved = _time(time) + (-delta if text.startswith("-") else delta)
    except OverflowError as error:
        raise EvaluationError("timeadd: the result is out of range") from error
    return _rfc3339(moved)


@function("timecmp", "number")
def timecmp(first: Value, second: Value) -> Value:
    a, b = _time(first), _time(second)
    return (a > b) - (a < b)


@function("formatdate", "string")
def formatdate(specification: Value, time: Value) -> Value:
    moment = _time(time)
    text = as_text(specification)
    pieces: list[str] = []
    position = 0
    while position < len(text):
        match = _SPECIFIER.match(text, position)
        if match is None:
            raise EvaluationError("formatdate: a quote is not closed")
        position = match.end()
        if match[1] is not None:
            pieces.append(match[1].replace("''", "'"))
        elif match[2]:
            pieces.append(_formatted(match[0], moment))
        else:
            pieces.append(match[0])
    return "".join(pieces)


def _formatted(verb: str, moment: datetime) -> str:
    hour = moment.hour % 12 or 12
    values = {
        "YYYY": f"{moment.year:04}", "YY": f"{moment.year % 100:02}",
        "MMMM": _MONTHS[moment.month - 1], "MMM": _MONTHS[moment.month - 1][:3],
        "MM": f"{moment.month:02}", "M": str(moment.month),
        "DD": f"{moment.day:02}", "D": str(moment.day),
        "EEEE": _DAYS[moment.weekday()], "EEE": _DAYS[moment.weekday()][:3],
        "hh": f"{moment.hour:02}", "h": str(moment.hour), "HH": f"{hour:02}", "H": str(hour),
        "AA": "AM" if moment.hour < 12 else "PM", "aa": "am" if moment.hour < 12 else "pm",
        "mm": f"{moment.minute:02}", "m": str(moment.minute),
        "ss": f"{moment.second:02}", "s": str(moment.second),
        "ZZZZZ": _offset(moment, ":"), "ZZZZ": _offset(moment, ""),
        "ZZZ": "UTC" if not moment.utcoffset() else _offset(moment, ""),
        "Z": "Z" if not moment.utcoffset() else _offset(moment, ":"),
    }  # fmt: skip
    if verb not in values:
        raise EvaluationError(f"formatdate: {verb} has no meaning; quote text with '...'")
    return values[verb]


def _offset(moment: datetime, colon: str) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}{colon}{abs(minutes) % 60:02}"


def _rfc3339(moment: datetime) -> str:
    text = moment.replace(tzinfo=None).isoformat(timespec="seconds")
    return text + ("Z" if not moment.utcoffset() else _offset(moment, ":"))
