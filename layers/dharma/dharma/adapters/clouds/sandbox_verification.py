"""What a stack of the sandbox has, against what its template says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dharma.adapters.clouds.cloudformation_template import Evaluation, Resource, Template
from dharma.adapters.clouds.sandbox_emulator import EmulatedStack
from dharma.adapters.clouds.sandbox_journal import Entry, secret_names
from dharma.adapters.clouds.sandbox_surroundings import evaluation
from dharma.adapters.clouds.sandbox_types import TYPES
from dharma.adapters.clouds.sandbox_types.native_type import Made, same
from dharma.orchestrator.clouds import Difference, NativeResource, StackTemplate


class Verification:
    """Asks each resource through its own service."""

    def __init__(self, stack: EmulatedStack) -> None:
        self.stack = stack

    def differences(self, template: StackTemplate) -> Iterator[Difference]:
        parsed = Template.parse(template.body, template.parameters)
        worked_out = evaluation(self.stack, parsed, reveal=True, lenient=True)
        wanted = {
            name: resource
            for name, resource in parsed.resources.items()
            if worked_out.exists(resource)
        }
        for _, resource in sorted(wanted.items()):
            yield from self._verify_one(resource, worked_out)
        for name, entry in sorted(self.stack.journal.entries.items()):
            if name not in wanted:
                yield Difference("unexpected", name, "", "gone", entry.physical_id)
        for entry in self.stack.journal.leaving:
            if self._is_there(entry):
                yield Difference("unexpected", entry.logical_id, "", "gone", entry.physical_id)

    def _verify_one(self, resource: Resource, worked_out: Evaluation) -> Iterator[Difference]:
        name = resource.logical_id
        entry = self.stack.journal.entries.get(name)
        if entry is None:
            yield Difference("missing", name, "", "present", "")
            return
        native = TYPES.get(entry.type)
        if native is None or entry.skipped:
            said = "skipped by the sandbox" if entry.skipped else "not told"
            yield Difference("unverifiable", name, "", entry.type, said)
            return
        wanted = worked_out.properties(resource)
        live = native.read(self.stack.aws, Made(entry.physical_id, wanted))
        if live is None:
            yield Difference("missing", name, "", entry.physical_id, "")
            return
        hidden = {key for key in wanted if any(secret_names(entry.properties.get(key)))}
        for key, value in sorted(wanted.items()):
            expected = "(secret)" if key in hidden else _brief(value)
            if key not in live.properties:
                yield Difference("unverifiable", name, key, expected, "not told by the sandbox")
            elif not same(value, live.properties[key]):
                yield self._judged(name, key, value, live.properties[key], expected)

    @staticmethod
    def _judged(name: str, key: str, wanted: Any, live: Any, expected: str) -> Difference:
        """A difference in what the emulator tells only in part is none that counts."""
        if isinstance(wanted, dict) and isinstance(live, dict):
            told = {k: v for k, v in wanted.items() if k in live}
            if same(told, live):
                return Difference("unverifiable", name, key, expected, _brief(live))
        return Difference("different", name, key, expected, _brief(live))

    def leftovers(self, recorded: tuple[NativeResource, ...]) -> list[NativeResource]:
        """Of the journal and of what was recorded elsewhere, all that still exists."""
        entries = list(self.stack.journal.everything()) if self.stack.exists else []
        left = [native_resource(entry) for entry in entries if self._is_there(entry)]
        known = {resource.physical_id for resource in left}
        for resource in recorded:
            entry = Entry(resource.logical_id, "", resource.type, "", {})
            entry.physical_id = resource.physical_id
            if resource.physical_id not in known and self._is_there(entry):
                left.append(resource)
        return left

    def _is_there(self, entry: Entry) -> bool:
        native = TYPES.get(entry.type)
        if native is None or not entry.physical_id or (native.by_hand and not entry.properties):
            return False
        return native.read(self.stack.aws, Made(entry.physical_id, entry.properties)) is not None


def native_resource(entry: Entry) -> NativeResource:
    status = "SKIPPED" if entry.skipped else "COMPLETE"
    return NativeResource(entry.logical_id, entry.physical_id, entry.type, status)


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= 200 else f"{text[:197]}..."
