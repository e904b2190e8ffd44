"""Expected usage: what nobody can read off a design, stated by address and key.

    {"aws_sqs_queue.jobs[*]": {"monthly_requests": 1000000},
     "aws_s3_bucket.assets": {"standard": {"storage_gb": 50}}}

An address without its keys, or with `[*]` for them, holds for all instances of a loop; the more
exact one counts. The words are those of Infracost's usage files. A figure that no price asks for is
told, with what was probably meant: a misspelled key would lower a bill without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from dharma.blueprint.nearest import suggestion
from dharma.core.errors import Fault, InvalidInput

_KEY = re.compile(r"""\[(?:\d+|"(?:[^"\\]|\\.)*")\]""")
_LAST_KEY = re.compile(_KEY.pattern + r"\Z")

# So many strange addresses are compared with all that there are.
_SUGGESTED = 20


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of one resource by dotted key. `stated` tells for each key which address says it;
    `asked` gathers the keys that somebody wanted to know."""

    values: Mapping[str, Any] = field(default_factory=dict)
    stated: Mapping[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    file: str | None = None

    def get(self, key: str) -> Decimal | None:
        """A figure. Raises `InvalidInput` for what is none, or less than nothing."""
        self.asked.add(key)
        value = self.values.get(key)
        if value is None:
            return None
        try:
            figure = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value))
        except InvalidOperation:
            figure = Decimal("NaN")
        if not figure.is_finite() or figure < 0:
            raise self._wrong(key, "is no figure of at least 0")
        return figure

    def text(self, key: str) -> str | None:
        self.asked.add(key)
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            raise self._wrong(key, "is no text")
        return value

    def _wrong(self, key: str, message: str) -> InvalidInput:
        path = f"{self.stated.get(key, '')}.{key}".lstrip(".")
        shown = str(self.values[key])[:80]
        return InvalidInput(
            f"the usage {path} {message}: {shown}", [Fault(f"{message}: {shown}", path, self.file)]
        )


@dataclass(frozen=True, slots=True)
class UnusedUsage:
    """A figure, or all of one address (`key` is None), that changed nothing."""

    address: str
    key: str | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        return {"address": self.address, "key": self.key, "reason": self.reason}


class UsageTable:
    """All that is stated, and what of it was used."""

    def __init__(self, stated: Mapping[str, Mapping[str, Any]], file: str | None = None) -> None:
        self._file = file
        self._stated = {address: _flatten(figures) for address, figures in stated.items()}
        # By address: the keys that a resource which it holds for was asked for.
        self._asked: dict[str, list[set[str]]] = {address: [] for address in stated}
        self._addresses: list[str] = []

    def of(self, address: str) -> Usage:
        """The usage of the instance at an address."""
        self._addresses.append(address)
        values: dict[str, Any] = {}
        stated: dict[str, str] = {}
        asked: set[str] = set()
        for name in _names(address):
            figures = self._stated.get(name)
            if figures is not None:
                values |= figures
                stated |= dict.fromkeys(figures, name)
                self._asked[name].append(asked)
        return Usage(values, stated, asked, self._file)

    def unused(self) -> Iterator[UnusedUsage]:
        strangers = 0
        for address, figures in self._stated.items():
            if not self._asked[address]:
                strangers += 1
                hint = None
                if strangers <= _SUGGESTED:
                    hint = suggestion(address, self._addresses)
                yield UnusedUsage(address, None, _with(hint, "there is no such resource"))
                continue
            asked = set().union(*self._asked[address])
            for key, value in figures.items():
                if key not in asked and value is not None:
                    hint = suggestion(key, sorted(asked))
                    yield UnusedUsage(address, key, _with(hint, "no price of it asks for this"))


def _with(hint: str | None, reason: str) -> str:
    return f"{reason} ({hint})" if hint else reason


def _names(address: str) -> Iterator[str]:
    """The addresses that hold for this one, the most general first."""
    yield from dict.fromkeys(
        (_KEY.sub("", address), _KEY.sub("[*]", address), _LAST_KEY.sub("[*]", address), address)
    )


def _flatten(usage: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in usage.items():
        if isinstance(value, Mapping):
            flat.update(_flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
