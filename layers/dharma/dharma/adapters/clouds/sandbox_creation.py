"""Making resources of the sandbox: by change sets, as many at once as do not wait for one another.

A change set costs the emulator time in proportion to the whole stack, so one for each resource
would cost time in proportion to its square.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from dharma.adapters.aws_errors import message_of
from dharma.adapters.clouds.cloudformation_template import Resource, Template
from dharma.adapters.clouds.sandbox_emulator import EmulatedStack
from dharma.adapters.clouds.sandbox_journal import Entry, secret_names
from dharma.adapters.clouds.sandbox_removal import Removal
from dharma.adapters.clouds.sandbox_surroundings import live
from dharma.adapters.clouds.sandbox_types import TYPES
from dharma.adapters.clouds.sandbox_types.native_type import (
    Made,
    NativeType,
    NotUpdatable,
    differences,
)
from dharma.core.errors import DeploymentFailed

# Resources of one change set: few enough that it answers well before its caller loses patience.
MOST_TOGETHER = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource worked out: `literal` with references to secrets, `properties` with the secrets
    themselves, `secrets` the values of those referred to."""

    resource: Resource
    literal: dict[str, Any]
    properties: dict[str, Any]
    secrets: dict[str, str]

    @classmethod
    def of(
        cls, parsed: Template, resource: Resource, literal: Any, properties: dict[str, Any]
    ) -> Wanted:
        declared: dict[str, Any] = parsed.document.get("Parameters", {})
        secrets = {
            name: str(parsed.parameters.get(name, declared[name].get("Default", "")))
            for name in secret_names(literal)
        }
        return cls(resource, literal, properties, secrets)

    @property
    def logical_id(self) -> str:
        return self.resource.logical_id

    @property
    def digest(self) -> str:
        return digest_of(self.resource.type, self.properties)

    def parameters(self, number: int) -> dict[str, str]:
        """A parameter of its own for each use of a secret: changing the value of one that exists
        would make the emulator update, and so forget, what uses it."""
        return {own: f"{own}V{number}" for own in self.secrets}


def digest_of(kind: str, properties: dict[str, Any]) -> str:
    text = json.dumps([kind, properties], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Creation:
    """Makes what is wanted, or a new one beside the old; the journal has it before the emulator
    does, so that a kill in between leaves nothing unknown."""

    def __init__(self, stack: EmulatedStack, removal: Removal) -> None:
        self.stack = stack
        self.removal = removal

    def by_hand(self, wanted: Wanted) -> None:
        """Through the service: the emulator's CloudFormation cannot make it."""
        entry = self._enter(wanted)
        if entry is None:
            return
        native = TYPES[entry.type]
        entry.by_hand = True
        self.stack.tell(entry, "CREATE_IN_PROGRESS")
        try:
            entry.physical_id = native.create(
                self.stack.aws, wanted.properties, f"{self.stack.name}/{entry.name}"
            )
        except (ClientError, DeploymentFailed) as error:
            self._failed(entry, error)
            raise
        self._finished(entry, wanted)

    def together(self, several: list[Wanted]) -> None:
        """By one change set. They are then `fresh`: each still has to be finished.

        When the emulator refuses one, those that it made before stay, and the others are not made.
        """
        batch: list[Entry] = []
        values: dict[str, str] = {}
        for wanted in several:
            entry = self._enter(wanted)
            if entry is not None:
                names = wanted.parameters(entry.number)
                values |= {names[own]: value for own, value in wanted.secrets.items()}
                batch.append(entry)
        if not batch:
            return
        before = _Namesakes(self.stack, batch)
        told = len(self.stack.journal.events)
        for entry in batch:
            entry.fresh = True
            self.stack.bodies[entry.name] = _body(entry)
            self.stack.tell(entry, "CREATE_IN_PROGRESS")
        try:
            self.stack.submit(values)
        except (ClientError, DeploymentFailed) as error:
            made = self._made_in_spite(batch)
            if len(made) < len(batch):
                del self.stack.journal.events[told:]
                self._clear(made, batch[len(made) :], before, values, error)
                raise
            self.stack.submit(values)
        self._name(batch)

    def _made_in_spite(self, batch: list[Entry]) -> list[Entry]:
        """Those that a failed change set made: it stops at the first that it cannot make."""
        made: list[Entry] = []
        for entry in batch:
            entry.physical_id = self.stack.physical_id(entry.name)
            if not entry.physical_id:
                break
            made.append(entry)
        return made

    def _clear(
        self,
        made: list[Entry],
        others: list[Entry],
        before: _Namesakes,
        values: dict[str, str],
        error: ClientError | DeploymentFailed,
    ) -> None:
        """Leave the emulator as if the others had not been asked for; the first of them failed."""
        for entry in others:
            del self.stack.bodies[entry.name]
            self.stack.journal.stale.append(entry.name)
            self._withdraw(entry)
        for entry in made:
            self.stack.tell(entry, "CREATE_IN_PROGRESS")
        self.stack.tell(others[0], "CREATE_IN_PROGRESS")
        self.stack.tell(others[0], "CREATE_FAILED", _reason(error))
        self.stack.submit(values)
        before.remove_left(others[0], {entry.physical_id for entry in made})

    def _name(self, batch: list[Entry]) -> None:
        names = self.stack.physical_ids()
        for entry in batch:
            entry.physical_id = names.get(entry.name, "")
            if not entry.physical_id:
                # Passed over, as it does with types it lacks.
                entry.skipped = True
                del self.stack.bodies[entry.name]
                self.stack.journal.stale.append(entry.name)

    def finish(self, entry: Entry, wanted: Wanted) -> None:
        """Complete what a change set made. What cannot be completed goes again."""
        native = TYPES.get(entry.type)
        if native is not None and not entry.skipped:
            try:
                self.complete(entry, native, wanted.properties)
            except (ClientError, DeploymentFailed) as error:
                self._failed(entry, error)
                raise
        self._finished(entry, wanted)

    def complete(self, entry: Entry, native: NativeType, properties: dict[str, Any]) -> None:
        """Set through the service what creation dropped."""
        present = live(self.stack, entry, native, properties)
        if present is None:
            raise DeploymentFailed("it vanished after its creation")
        if list(differences(properties, present.properties)):
            try:
                native.update(self.stack.aws, Made(entry.physical_id), properties)
            except NotUpdatable:
                return
            self.stack.lives.pop(entry.logical_id, None)

    def _enter(self, wanted: Wanted) -> Entry | None:
        """The new entry; None when an old one comes back that is still there: its replacement had
        not yet taken over for good."""
        entries, leaving = self.stack.journal.entries, self.stack.journal.leaving
        self.stack.lives.pop(wanted.logical_id, None)
        old = entries.get(wanted.logical_id)
        returning = self._returning(wanted)
        if old is not None:
            leaving.append(old)
        entry = entries[wanted.logical_id] = returning or self._new_entry(wanted)
        return None if returning else entry

    def _returning(self, wanted: Wanted) -> Entry | None:
        for entry in self.stack.journal.leaving:
            if (entry.logical_id, entry.digest) == (wanted.logical_id, wanted.digest):
                self.stack.journal.leaving.remove(entry)
                return entry
        return None

    def _new_entry(self, wanted: Wanted) -> Entry:
        number = self.stack.journal.next_number()
        name = wanted.logical_id
        if name in self.stack.bodies or name in self.stack.journal.stale:
            name = f"{name}R{number}"
        return Entry(
            wanted.logical_id,
            name,
            wanted.resource.type,
            "",
            _renamed(wanted.literal, wanted.parameters(number)),
            number=number,
            retain=wanted.resource.retain,
        )

    def _finished(self, entry: Entry, wanted: Wanted) -> None:
        entry.digest, entry.fresh = wanted.digest, False
        self.stack.lives.pop(entry.logical_id, None)
        self.stack.tell(entry, "CREATE_SKIPPED" if entry.skipped else "CREATE_COMPLETE")

    def _failed(self, entry: Entry, error: ClientError | DeploymentFailed) -> None:
        self.stack.tell(entry, "CREATE_FAILED", _reason(error))
        if entry.physical_id:
            self.removal.destroy(entry)
        self._withdraw(entry)
        self.removal.tidy()

    def _withdraw(self, entry: Entry) -> None:
        """As if it had not been entered: the one that it was to replace is back."""
        entries, leaving = self.stack.journal.entries, self.stack.journal.leaving
        del entries[entry.logical_id]
        replaced = [each for each in leaving if each.logical_id == entry.logical_id]
        if replaced:
            leaving.remove(replaced[-1])
            entries[entry.logical_id] = replaced[-1]


class _Namesakes:
    """What of the same names there was before a creation, so that what a failed one leaves half
    made can be told from it. Asked once for each type."""

    def __init__(self, stack: EmulatedStack, batch: list[Entry]) -> None:
        self.stack = stack
        searches: dict[str, list[str]] = {}
        for entry in batch:
            if entry.type in TYPES:
                searches.setdefault(entry.type, []).append(self._search(entry))
        self.before = {
            kind: set(TYPES[kind].named(stack.aws, _common_start(names)))
            for kind, names in searches.items()
        }

    def remove_left(self, entry: Entry, others: set[str]) -> None:
        """Remove what is there of the entry since, unless it is one of the others."""
        native = TYPES.get(entry.type)
        if native is None:
            return
        found = set(native.named(self.stack.aws, self._search(entry)))
        for physical_id in found - self.before[entry.type] - others:
            native.delete(self.stack.aws, Made(physical_id, entry.properties))

    def _search(self, entry: Entry) -> str:
        native = TYPES[entry.type]
        explicit = entry.properties.get(native.name_property or "")
        own = f"{self.stack.name}-{entry.name}-"
        return explicit if isinstance(explicit, str) else own[:24]


def _common_start(names: list[str]) -> str:
    """What all begin with: whatever the first and the last in order share."""
    first, last = min(names), max(names)
    length = next(
        (n for n, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1), None
    )
    return first[:length]


def _body(entry: Entry) -> dict[str, Any]:
    body: dict[str, Any] = {"Type": entry.type, "Properties": entry.properties}
    if entry.retain:
        body["DeletionPolicy"] = "Retain"
    return body


def _reason(error: ClientError | DeploymentFailed) -> str:
    return message_of(error) if isinstance(error, ClientError) else error.message


def in_parts(wanted: list[Wanted]) -> Iterator[list[Wanted]]:
    """Of a size that one change set may have."""
    for first in range(0, len(wanted), MOST_TOGETHER):
        yield wanted[first : first + MOST_TOGETHER]


def _renamed(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, dict):
        if len(node) == 1 and node.get("Ref") in names:
            return {"Ref": names[node["Ref"]]}
        return {key: _renamed(member, names) for key, member in node.items()}
    if isinstance(node, list):
        return [_renamed(element, names) for element in node]
    return node
