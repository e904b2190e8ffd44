"""The next semantic version of a blueprint, proposed from what changed, with the reasons.

What weighs how much is seen with the eyes of those who deployed the version before and state values
for its variables:

    major   something goes away or is replaced (an immutable property changed, an instance may no
            longer exist), or their values no longer suffice
    minor   something is new
    patch   something is changed in place

Where a change hangs on an expression that only values decide, it weighs as much as it may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dharma.blueprint.diff import BlueprintDiff, PathChange, diff_blueprints
from dharma.blueprint.dump import plain_value
from dharma.blueprint.versions import Step, next_version, parse_version
from dharma.catalog.catalog import Catalog
from dharma.catalog.kinds import Property
from dharma.model.blueprint import Blueprint, Resource, Variable

STEPS: tuple[Step, ...] = ("major", "minor", "patch")
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Reason:
    """One change and its weight. `subject` is a resource's address, `var.NAME` or `output.NAME`,
    empty for the blueprint itself; `path` leads on from there."""

    step: Step
    subject: str
    path: str
    message: str

    def __str__(self) -> str:
        place = ".".join(part for part in (self.subject, self.path) if part)
        return f"{place}: {self.message}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "subject": self.subject,
            "path": self.path,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Proposal:
    """`version` is the least that the changes ask for; `previous` the release that they were made
    since, None before the first one. `step` is None when nothing that counts has changed."""

    version: str
    previous: str | None
    step: Step | None
    reasons: tuple[Reason, ...] = ()

    def suffices(self, version: str) -> bool:
        """Whether a version (a pre-release too) promises no more than the changes keep. Below 1.0.0
        nothing is promised (semver.org, 4)."""
        if self.previous is None or self.step is None or parse_version(self.previous).major == 0:
            return True
        return parse_version(version).finalize_version() >= parse_version(self.version)


def propose(before: Blueprint | None, after: Blueprint, catalog: Catalog) -> Proposal:
    """What `after` should be called if `before` was the release until now. The first release is
    called as the blueprint says itself."""
    if before is None:
        return Proposal(str(parse_version(after.version).finalize_version()), None, None)
    reasons = weigh(before, after, catalog)
    step = reasons[0].step if reasons else None
    return Proposal(next_version(before.version, step), before.version, step, reasons)


def weigh(before: Blueprint, after: Blueprint, catalog: Catalog) -> tuple[Reason, ...]:
    """Every change, the weightiest first."""
    diff = diff_blueprints(before, after)
    found = [
        *_header(diff),
        *_variables(before, after, diff),
        *_resources(before, after, diff, catalog),
        *_outputs(diff),
    ]
    return tuple(sorted(found, key=lambda reason: STEPS.index(reason.step)))


def _header(diff: BlueprintDiff) -> Iterator[Reason]:
    for change in diff.header:
        if change.path != "version":
            yield Reason("patch", "", change.path, "changed")


def _variables(before: Blueprint, after: Blueprint, diff: BlueprintDiff) -> Iterator[Reason]:
    old, new = ({v.name: v for v in b.variables} for b in (before, after))
    for name in diff.variables.removed:
        yield Reason("major", f"var.{name}", "", "removed")
    for name in diff.new_required_variables:
        yield Reason("major", f"var.{name}", "", "has to be given now")
    for name in diff.variables.added:
        if name not in diff.new_required_variables:
            yield Reason("minor", f"var.{name}", "", "added")
    for name, changes in diff.variables.changed.items():
        yield from _variable(old[name], new[name], changes)


def _variable(old: Variable, new: Variable, changes: tuple[PathChange, ...]) -> Iterator[Reason]:
    subject = f"var.{new.name}"
    if new.required and not old.required:
        changes = tuple(c for c in changes if c.path not in ("required", "default"))
    narrowed = _narrowed(old, new)
    for key in dict.fromkeys(re.split(r"[.\[]", change.path)[0] for change in changes):
        if key in narrowed:
            yield Reason("major", subject, key, narrowed[key])
        else:
            yield Reason("patch", subject, key, "changed")


def _narrowed(old: Variable, new: Variable) -> dict[str, str]:
    """Which rules refuse values that were fine before."""
    found = {}
    if old.type != new.type:
        found["type"] = "takes values of another type"
    if new.allowed and (not old.allowed or any(v not in new.allowed for v in old.allowed)):
        found["allowed"] = "refuses values that were allowed"
    if new.pattern is not None and new.pattern != old.pattern:
        found["pattern"] = "may refuse values that were fine"
    if new.min is not None and (old.min is None or new.min > old.min):
        found["min"] = "refuses values that were fine"
    if new.max is not None and (old.max is None or new.max < old.max):
        found["max"] = "refuses values that were fine"
    return found


def _outputs(diff: BlueprintDiff) -> Iterator[Reason]:
    for name in diff.outputs.removed:
        yield Reason("major", f"output.{name}", "", "removed")
    for name in diff.outputs.added:
        yield Reason("minor", f"output.{name}", "", "added")
    for name, changes in diff.outputs.changed.items():
        for change in changes:
            if change.path == "condition" and change.after is not None:
                yield Reason("major", f"output.{name}", change.path, "may no longer exist")
            else:
                yield Reason("patch", f"output.{name}", change.path, "changed")


def _resources(
    before: Blueprint, after: Blueprint, diff: BlueprintDiff, catalog: Catalog
) -> Iterator[Reason]:
    old, new = ({r.address: r for r in b.resources} for b in (before, after))
    for address in diff.resources.removed:
        yield Reason("major", address, "", "removed")
    for address in diff.resources.added:
        yield Reason("minor", address, "", "added")
    for address, former in diff.resources.renamed.items():
        yield Reason("minor", address, "", f"renamed from {former}")
    for address, changes in diff.resources.changed.items():
        before_it = old[diff.resources.renamed.get(address, address)]
        yield from _instances(address, before_it, new[address])
        for change in changes:
            part, _, path = change.path.partition(".")
            part = _INDEX.sub("", part)
            if part == "properties":
                yield _property(new[address], path, change, catalog)
            elif part == "region":
                yield Reason("major", address, part, "forces replacement")
            elif part not in ("count", "for_each", "condition"):
                yield Reason("patch", address, change.path, "changed")


def _property(resource: Resource, path: str, change: PathChange, catalog: Catalog) -> Reason:
    kind = catalog.kind(resource.type)
    rules: Mapping[str, Property] = {} if kind is None else kind.properties
    for key in _INDEX.sub("", path).split("."):
        rule = rules.get(key)
        if rule is None:
            break
        if rule.immutable and _differs(change, rule):
            return Reason("major", resource.address, path, "forces replacement")
        rules = rule.properties
    return Reason("patch", resource.address, path, "changed")


def _differs(change: PathChange, rule: Property) -> bool:
    """An absent property is its default."""
    before, after = (plain_value(rule.default) if v is None else v for v in _both(change))
    return bool(before != after)


def _both(change: PathChange) -> tuple[Any, Any]:
    return change.before, change.after


def _instances(address: str, old: Resource, new: Resource) -> Iterator[Reason]:
    """What changed loops and conditions do to the instances that are there."""
    if old.condition != new.condition:
        if new.condition is None:
            yield Reason("minor", address, "condition", "exists always now")
        else:
            yield Reason("major", address, "condition", "may no longer exist")
    for loop, before, after in (
        ("count", _count_keys(old.count), _count_keys(new.count)),
        ("for_each", _each_keys(old.for_each), _each_keys(new.for_each)),
    ):
        stated = (getattr(old, loop), getattr(new, loop))
        if stated[0] == stated[1]:
            continue
        if None in stated:
            yield Reason("major", address, loop, "its instances get other addresses")
        elif before is None or after is None:
            yield Reason("major", address, loop, "instances may no longer exist")
        elif before - after:
            yield Reason("major", address, loop, f"removes {_instance_list(before - after)}")
        elif after - before:
            yield Reason("minor", address, loop, f"adds {_instance_list(after - before)}")
        else:
            yield Reason("patch", address, loop, "changed")


def _count_keys(value: Any) -> frozenset[str] | None:
    """The instances of a literal count; None when only values decide."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10_000:
        return frozenset(f"[{number}]" for number in range(value))
    return None


def _each_keys(value: Any) -> frozenset[str] | None:
    if isinstance(value, Mapping):
        return frozenset(f'["{key}"]' for key in value)
    if isinstance(value, list) and all(isinstance(key, str) for key in value):
        return frozenset(f'["{key}"]' for key in value)
    return None


def _instance_list(keys: frozenset[str]) -> str:
    named = sorted(keys, key=lambda key: (len(key), key))
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""
    return ", ".join(named[:5]) + more
