"""Between the form of a value that clouds share and one cloud's own.

Each conversion is a pair of functions; `Uncarried` says why a value has no counterpart. A value
that is changed on the way, rather than spelled otherwise, comes with what was changed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dharma.blueprint.crosscloud import sizes
from dharma.blueprint.crosscloud.listed import as_list
from dharma.core.errors import Misconfigured
from dharma.model.expressions.nodes import Expression, Value


class Uncarried(Exception):
    """A value that the other cloud cannot say; the reason is for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Changed:
    """A value that is no longer quite the same, and why."""

    value: Value
    why: str


Convert = Callable[[Any], "Value | Changed"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """`reads` makes the shared form, `writes` the cloud's. `key` tells conversions apart."""

    key: str
    reads: Convert
    writes: Convert


def conversion(said: Any, source: str, target: str, provider: str) -> Conversion:
    """The conversion of a name. `provider` is whose end it stands at; `source` and `target` are the
    clouds of this journey."""
    name: str
    given: Any
    name, given = (said, None) if isinstance(said, str) else next(iter(said.items()))
    if name == "values":
        return _table(given, said.get("reads", {}), provider)
    if name in ("size", "database_size"):
        return _size(name, source, target, provider)
    if name == "database_tier":
        return Conversion(f"database_tier {provider}", lambda v: _tier(v, source), _no_tier)
    if name == "range":
        low, high = given
        return Conversion(f"range {low} {high}", same, lambda v: _within(v, low, high))
    if name == "scale":
        factor = given
        return Conversion(
            f"scale {factor}", lambda v: _whole(v, factor), lambda v: _number(v) * factor
        )
    if name == "version" and given is not None:
        return Conversion(
            f"version {given}",
            lambda v: _prefix_off(v, given),
            lambda v: _prefixed(v, given),
        )
    if name == "labels":
        return Conversion("labels", same, _labels)
    if name not in _PLAIN:
        raise Misconfigured(f"catalog/equivalents: {name!r} is no conversion")
    return _PLAIN[name]


def same(value: Value) -> Value:
    return value


def _table(written: dict[Any, Any], also_read: dict[Any, Any], provider: str) -> Conversion:
    back = {native: shared for shared, native in written.items()}

    def reads(value: Any) -> Value | Changed:
        if value in back:
            return back[value]  # type: ignore[no-any-return]
        if value in also_read:
            shared = also_read[value]
            return Changed(shared, f"{value} is nearest to {written[shared]}")
        raise Uncarried(f"{value} has no counterpart in the table")

    def writes(value: Any) -> Value:
        if value not in written:
            raise Uncarried(f"{value} has no counterpart in {provider}")
        return written[value]  # type: ignore[no-any-return]

    return Conversion(f"values {sorted(map(str, written.values()))}", reads, writes)


def _size(name: str, source: str, target: str, provider: str) -> Conversion:
    """The shared form is the size's name in the source: it is looked up only when written."""
    databases = name == "database_size"

    def writes(value: Any) -> Value | Changed:
        found = (sizes.database_size if databases else sizes.size_of)(source, str(value))
        if found is None:
            raise Uncarried(f"the size {value} is not in the table of sizes")
        if databases:
            proposed = sizes.nearest_database(found, target)
            other = sizes.database_size(target, proposed) if proposed else None
        else:
            other = sizes.nearest(found, target)
            proposed = other.name if other else None
        if proposed is None or other is None:
            raise Uncarried(f"no size there is as large as {value} ({found})")
        return Changed(proposed, f"{value} has {found}, {proposed} {other}")

    return Conversion(f"{name} {provider}", same, writes)


def _number(value: Any) -> float:
    """A literal number, which may be written as its text."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Uncarried(f"{value!r} is no number")
    return value


def _integer(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise Uncarried(f"{value} is no whole number")
    return int(number)


def _tier(value: Any, provider: str) -> Value:
    found = sizes.database_size(provider, str(value))
    if found is None:
        raise Uncarried(f"the size {value} is not in the table of sizes")
    return sizes.azure_tier(found)


def _no_tier(value: Any) -> Value:
    raise Uncarried("the size says it there")


def _whole(value: Any, factor: int) -> Value | Changed:
    whole, rest = divmod(_number(value), factor)
    if rest:
        return Changed(whole + 1, f"{value} is no whole number of units of {factor}")
    return whole


def _within(value: Any, low: float, high: float) -> Value | Changed:
    number = _number(value)
    if low <= number <= high:
        return number
    kept = low if number < low else high
    return Changed(kept, f"{value} is outside of {low} to {high}, which is what there is")


def _prefix_off(value: Any, prefix: str) -> Value:
    if not str(value).startswith(prefix):
        raise Uncarried(f"{value} is no version of this engine")
    return str(value).removeprefix(prefix).replace("_", ".").removesuffix(".X").removesuffix(".x")


def _prefixed(value: Any, prefix: str) -> Value | Changed:
    """Google's spelling: POSTGRES_16, MYSQL_8_0, REDIS_7_2. The rest of it is the service's."""
    numbers = str(value).split(".")
    kept = numbers[:1] if prefix == "POSTGRES_" else numbers[:2]
    spelled = prefix + "_".join(kept)
    if len(kept) == len(numbers):
        return spelled
    return Changed(spelled, f"the service chooses the release of {'.'.join(kept)}, not {value}")


def _version(value: Any) -> Value:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)*", str(value)):
        raise Uncarried(f"{value} is no version")
    return str(value)


def _seconds(value: Any) -> Value:
    found = re.fullmatch(r"([0-9]+)s", str(value))
    if found is None:
        raise Uncarried(f"{value} is no time in whole seconds")
    return int(found[1])


_PERIOD = re.compile(r"P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?")


def _from_period(value: Any) -> Value:
    """Seconds of an ISO 8601 duration of days and less."""
    found = _PERIOD.fullmatch(str(value))
    if found is None or not any(found.groups()):
        raise Uncarried(f"{value} is no duration")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _to_period(value: Any) -> Value:
    seconds = _integer(value)
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    time = "".join(f"{n}{unit}" for n, unit in parts if n)
    text = f"P{days}D" if days else "P"
    return f"{text}T{time}" if time else text if days else "PT0S"


def _major_only(value: Any) -> Value | Changed:
    major = str(value).split(".")[0]
    if major == str(value):
        return major
    return Changed(major, f"the service chooses the release of {major}, not {value}")


def _mebibytes(value: Any) -> Value:
    found = re.fullmatch(r"([0-9]+)(M|Mi|G|Gi)", str(value))
    if found is None:
        raise Uncarried(f"{value} is no size of memory")
    return int(found[1]) * (1024 if found[2].startswith("G") else 1)


def _from_base64(value: Any) -> Value:
    try:
        return base64.b64decode(str(value), validate=True).decode()
    except ValueError as error:
        raise Uncarried("it is no text in base64") from error


def _only(value: Any) -> Value | Changed:
    if not isinstance(value, list):
        return value  # type: ignore[no-any-return]
    if not value:
        raise Uncarried("it is empty")
    if len(value) > 1:
        return Changed(value[0], f"one of {len(value)} can be said there: the first")
    return value[0]  # type: ignore[no-any-return]


_LABEL_KEY = re.compile(r"[^a-z0-9_-]")


def _labels(value: Any) -> Value | Changed:
    """Google's labels: small letters, digits, _ and -, at most 63 of them; a key begins with a
    letter. Source: https://cloud.google.com/compute/docs/labeling-resources#requirements"""
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]
    made: dict[str, Value] = {}
    changed: list[str] = []
    loose: list[str] = []
    for key, given in value.items():
        spelled = _LABEL_KEY.sub("_", key.lower())[:63]
        spelled = spelled if spelled[:1].isalpha() else f"l_{spelled}"[:63]
        text: Value = given
        if isinstance(given, Expression):
            loose.append(key)
        elif given is not None:
            text = _LABEL_KEY.sub("_", str(given).lower())[:63]
        if spelled in made:
            raise Uncarried(f"{key} and another key would both be {spelled}")
        if spelled != key or text != given:
            changed.append(key)
        made[spelled] = text
    reasons = []
    if changed:
        reasons.append(f"labels have small letters, digits, _ and -: {', '.join(changed)}")
    if loose:
        reasons.append(f"see that these have only such values: {', '.join(loose)}")
    return Changed(made, "; ".join(reasons)) if reasons else made


def _tags(value: Any) -> Value:
    return value  # type: ignore[no-any-return]


def _undotted(value: Any) -> Value | Changed:
    text = str(value)
    return text[:-1] if text.endswith(".") else Changed(text, "a name ends with a dot there")


def _dot(value: Any) -> Value:
    return str(value) if str(value).endswith(".") else f"{value}."


_PLAIN = {
    "not": Conversion("not", lambda v: not v, lambda v: not v),
    "seconds": Conversion("seconds", _seconds, lambda v: f"{_integer(v)}s"),
    "mebibytes": Conversion("mebibytes", _mebibytes, lambda v: f"{_integer(v)}Mi"),
    "base64": Conversion(
        "base64", _from_base64, lambda v: base64.b64encode(str(v).encode()).decode()
    ),
    "only": Conversion("only", _only, as_list),
    "dot": Conversion("dot", _undotted, _dot),
    "version": Conversion("version", _version, str),
    "major_version": Conversion("major_version", _version, _major_only),
    "period": Conversion("period", _from_period, _to_period),
    "tags": Conversion("tags", _tags, _tags),
}
