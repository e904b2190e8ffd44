"""What the sandbox adapter has done to a stack: kept in the metadata of the stack's own template.

The emulator stores a template when its change set has succeeded, so the journal and what it tells
of change together; whatever is killed in between is found and repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal

from dharma.orchestrator.clouds import NativeEvent

Phase = Literal["running", "succeeded", "failed"]
# Enough for every event of 5,000 resources; more are counted, not kept.
_KEPT_EVENTS = 10_000
# How an event is kept: many are, and each template holds them all.
_ROW = ("time", "logical_id", "type", "status", "reason", "physical_id")


@dataclass(slots=True)
class Entry:
    """One resource. `name` is its logical id in the emulator's template: a replaced resource gets a
    new one, because the emulator remembers old ones. `properties` are worked out, secrets excepted
    (they refer to parameters). `fresh`: made, and not yet completed through its service. `skipped`:
    the emulator does not know the type."""

    logical_id: str
    name: str
    type: str
    digest: str
    properties: dict[str, Any]
    physical_id: str = ""
    number: int = 0
    by_hand: bool = False
    fresh: bool = False
    skipped: bool = False
    retain: bool = False


@dataclass(slots=True)
class Journal:
    """`change` is the last one; `completed` whether any ever succeeded,
    `emptied` that a removal found nothing left; `done` of `total` resources the present change is
    through with; `leaving` holds resources that are replaced or no longer wanted and are removed
    when all the rest succeeded. `events` are the first of the present change, and its failures."""

    change: str = ""
    phase: Phase = "running"
    reason: str = ""
    completed: bool = False
    emptied: bool = False
    serial: int = 0
    total: int = 0
    done: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)
    leaving: list[Entry] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    events: list[list[str]] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    description: str = ""

    def begin(self, change: str, total: int) -> None:
        self.change, self.phase, self.reason, self.total = change, "running", "", total
        self.done, self.events = 0, []
        for entry in self.entries.values():
            # Made by another change and never completed: no digest fits, so it is set anew.
            entry.fresh = False

    def next_number(self) -> int:
        self.serial += 1
        return self.serial

    def tell(self, time: str, entry: Entry, status: str, reason: str = "") -> None:
        """Add an event of the present change."""
        self.done += not status.endswith(("_IN_PROGRESS", "_FAILED"))
        if len(self.events) < _KEPT_EVENTS or status.endswith("_FAILED"):
            self.events.append(
                [time, entry.logical_id, entry.type, status, reason, entry.physical_id]
            )

    def fail(self, reason: str) -> None:
        """End the present change, and name the resource at which it did."""
        rows = (dict(zip(_ROW, row, strict=True)) for row in reversed(self.events))
        last = next((row for row in rows if row["status"].endswith("_FAILED")), None)
        self.phase = "failed"
        self.reason = f"{last['logical_id']} ({last['type']}): {reason}" if last else reason

    def told(self) -> list[NativeEvent]:
        return [
            NativeEvent(id=f"{self.change}-{number}", **dict(zip(_ROW, row, strict=True)))
            for number, row in enumerate(self.events, start=1)
        ]

    def everything(self) -> Iterator[Entry]:
        yield from self.entries.values()
        yield from self.leaving

    def template(self, bodies: dict[str, Any]) -> str:
        """The emulator's template: `bodies` by name, the journal as metadata."""
        parameters = {
            name: {"Type": "String", "NoEcho": True}
            for body in bodies.values()
            for name in secret_names(body)
        }
        document = {
            "AWSTemplateFormatVersion": "2010-09-09",
            **({"Description": self.description} if self.description else {}),
            "Metadata": {"Dharma": self._kept(bodies)},
            **({"Parameters": parameters} if parameters else {}),
            "Resources": bodies,
        }
        # The emulator tries a YAML parser in pure Python first, and parses every template several
        # times. A tab before JSON is no YAML: it gives up at once and reads it as JSON.
        return "\t" + json.dumps(document, separators=(",", ":"))

    def _kept(self, bodies: dict[str, Any]) -> dict[str, Any]:
        """What is said elsewhere in the template, or not at all, is not said again."""
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        kept["entries"] = {k: _entry_kept(e, bodies) for k, e in self.entries.items()}
        kept["leaving"] = [_entry_kept(e, bodies) for e in self.leaving]
        return kept

    @classmethod
    def read(cls, template: dict[str, Any]) -> tuple[Journal, dict[str, Any]]:
        """The journal and the bodies of a template; an empty journal for a stack of others."""
        kept = dict(template.get("Metadata", {}).get("Dharma", {}))
        bodies = dict(template.get("Resources", {}))
        if kept:
            kept["entries"] = {k: _entry(v, bodies) for k, v in kept["entries"].items()}
            kept["leaving"] = [_entry(v, bodies) for v in kept["leaving"]]
        return cls(**kept), bodies


def _entry_kept(entry: Entry, bodies: dict[str, Any]) -> dict[str, Any]:
    kept = {
        f.name: value
        for f in fields(entry)
        if (value := getattr(entry, f.name)) != f.default or f.default is MISSING
    }
    if entry.name in bodies and bodies[entry.name].get("Properties") == entry.properties:
        del kept["properties"]
    return kept


def _entry(kept: dict[str, Any], bodies: dict[str, Any]) -> Entry:
    if "properties" in kept:
        return Entry(**kept)
    return Entry(**kept, properties=bodies[kept["name"]]["Properties"])


def secret_names(body: Any) -> Iterator[str]:
    """Parameters that a worked out value still refers to: only secrets are."""
    if isinstance(body, dict):
        for key, member in body.items():
            if key == "Ref" and len(body) == 1:
                yield member
            else:
                yield from secret_names(member)
    elif isinstance(body, list):
        for element in body:
            yield from secret_names(element)
