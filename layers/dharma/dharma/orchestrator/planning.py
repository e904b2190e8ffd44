"""What a deployment will change: the resources wanted against those that are there.

The comparison is of two resolved blueprints, the new one and the one of the present state version.
The rules are Terraform's: a changed immutable property replaces its resource; what refers to a
replaced resource may change too, because the new one's attributes are not known before it exists.
The same two inputs always give the same plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from dharma.model.addresses import referred_address
from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance, Steps
from dharma.model.expressions.nodes import Expression, ResourceRef, Value, references
from dharma.orchestrator.differences import (
    KindSource,
    begins_with,
    differences,
    has_rule,
    lies_in,
)
from dharma.orchestrator.plan import Action, Change, PathChange, Plan
from dharma.orchestrator.showing import (
    KNOWN_AFTER_APPLY,
    SENSITIVE,
    Secrets,
    holds_secret,
    secret_values,
    show,
    shown_properties,
)


class DeployedResources(Protocol):
    """The present state, as far as planning needs it (`dharma.orchestrator.states`)."""

    @property
    def version(self) -> int: ...
    @property
    def resolved(self) -> ResolvedBlueprint: ...


def plan(
    desired: ResolvedBlueprint, current: DeployedResources | None, catalog: KindSource
) -> Plan:
    """Compare what is wanted with what is there (None: nothing yet)."""
    old = {} if current is None else {r.address: r for r in current.resolved.resources}
    new = {r.address: r for r in desired.resources}
    secrets = {
        False: secret_values(None if current is None else current.resolved),
        True: secret_values(desired),
    }
    comparisons = {
        address: _Comparison(new[address], old[address], catalog, secrets)
        for address in new.keys() & old.keys()
    }
    replaced = _replaced(comparisons)
    changes: list[Change] = []
    for address in sorted(old.keys() | new.keys()):
        if address not in old:
            changes.append(_created(new[address], catalog, secrets[True]))
        elif address not in new:
            changes.append(_deleted(old[address], catalog, secrets[False]))
        else:
            changes.append(comparisons[address].change(replaced))
    return Plan(
        changes=tuple(changes),
        outputs=tuple(_output_changes(desired, current, replaced)),
        refused=tuple(_refusals(changes, old, new)),
        from_version=0 if current is None else current.version,
    )


def plan_of_removal(current: DeployedResources, catalog: KindSource) -> Plan:
    """The plan of a destruction: everything that is there goes."""
    state = current.resolved
    nothing = ResolvedBlueprint(state.name, state.version, state.provider, resources=())
    return plan(nothing, current, catalog)


@dataclass(slots=True)
class _Comparison:
    """One resource that is in both."""

    new: ResourceInstance
    old: ResourceInstance
    catalog: KindSource
    secrets: dict[bool, Secrets]
    differing: list[tuple[Steps, Value, Value]] = field(init=False)
    # Paths that stay as they are and refer to something.
    kept: list[tuple[Steps, ResourceRef]] = field(init=False)

    def __post_init__(self) -> None:
        ignored = self.new.lifecycle.ignored_paths
        found = [] if "all" in self.new.lifecycle.ignore_changes else self._differences()
        self.differing = [
            difference
            for difference in found
            if not any(lies_in(difference[0], path) for path in ignored)
        ]
        changed = [path for path, _, _ in self.differing]
        self.kept = [
            (path, reference)
            for path, reference in _reference_paths(self.new.properties, ())
            if not any(begins_with(path, done) for done in changed)
        ]

    def _differences(self) -> list[tuple[Steps, Value, Value]]:
        kind = self.catalog.kind(self.new.type)
        rules = {} if kind is None else kind.properties
        return list(differences(self.old.properties, self.new.properties, rules, ()))

    @property
    def replaces(self) -> bool:
        return any(self._has(path, "immutable") for path, _, _ in self.differing)

    def bound_to(self) -> set[str]:
        """Addresses of those that it cannot stay without: an immutable path refers to them."""
        return {referred_address(ref) for path, ref in self.kept if self._has(path, "immutable")}

    def change(self, replaced: Mapping[str, str]) -> Change:
        paths = [self._path_change(path, before, after) for path, before, after in self.differing]
        for path, reference in self.kept:
            if referred_address(reference) not in replaced:
                continue
            paths.append(
                PathChange(
                    _dotted(path),
                    show(reference),
                    KNOWN_AFTER_APPLY,
                    forces_replacement=self._has(path, "immutable"),
                )
            )
        paths.sort(key=lambda change: change.path)
        before = shown_properties(self.old, self.catalog, self.secrets[False])
        after = shown_properties(self.new, self.catalog, self.secrets[True])
        action: Action = "no-op"
        if self.new.address in replaced:
            action = "replace"
        elif paths:
            action = "update"
        reason = replaced.get(self.new.address, "")
        return Change(self.new.address, self.new.type, action, before, after, tuple(paths), reason)

    def _path_change(self, path: Steps, before: Value, after: Value) -> PathChange:
        hidden = self._has(path, "sensitive")
        shown = [
            SENSITIVE
            if value is not None and (hidden or holds_secret(value, self.secrets[is_new]))
            else show(value)
            for value, is_new in ((before, False), (after, True))
        ]
        return PathChange(
            _dotted(path),
            shown[0],
            shown[1],
            forces_replacement=self._has(path, "immutable"),
            sensitive=SENSITIVE in shown,
        )

    def _has(self, path: Steps, name: Literal["immutable", "sensitive"]) -> bool:
        return has_rule(self.catalog, self.new.type, path, name)


def _replaced(comparisons: Mapping[str, _Comparison]) -> dict[str, str]:
    """Addresses that are replaced, each with the reason; spreads along immutable references."""
    replaced: dict[str, str] = {}
    for address in sorted(comparisons):
        comparison = comparisons[address]
        if comparison.replaces:
            paths = sorted(
                _dotted(path)
                for path, _, _ in comparison.differing
                if has_rule(comparison.catalog, comparison.new.type, path, "immutable")
            )
            replaced[address] = f"{', '.join(paths)} cannot be changed in place"
    bound_to = {address: comparison.bound_to() for address, comparison in comparisons.items()}
    followers: dict[str, list[str]] = {}
    for address, causes in bound_to.items():
        for cause in causes:
            followers.setdefault(cause, []).append(address)
    reached, spreading = set(replaced), list(replaced)
    while spreading:
        new = [a for a in followers.get(spreading.pop(), ()) if a not in reached]
        reached.update(new)
        spreading.extend(new)
    for address in reached - replaced.keys():
        causes = (bound_to[address] & reached) - {address}
        replaced[address] = f"{', '.join(sorted(causes))} is replaced"
    return replaced


def _created(resource: ResourceInstance, catalog: KindSource, secrets: Secrets) -> Change:
    reason = ""
    if resource.exists is None:
        reason = "whether it will exist is not known yet"
    after = shown_properties(resource, catalog, secrets)
    return Change(resource.address, resource.type, "create", None, after, reason=reason)


def _deleted(resource: ResourceInstance, catalog: KindSource, secrets: Secrets) -> Change:
    before = shown_properties(resource, catalog, secrets)
    return Change(
        resource.address,
        resource.type,
        "delete",
        before,
        None,
        reason="no longer in the blueprint",
    )


def _refusals(
    changes: list[Change],
    old: Mapping[str, ResourceInstance],
    new: Mapping[str, ResourceInstance],
) -> Iterator[str]:
    for change in changes:
        if change.action not in ("delete", "replace"):
            continue
        # The old blueprint protects a resource that the new one forgot.
        protecting = new.get(change.address) or old[change.address]
        if protecting.lifecycle.prevent_destroy:
            verb = "deleted" if change.action == "delete" else "replaced"
            yield f"{change.address} has prevent_destroy and would be {verb}: {change.reason}"


def _output_changes(
    desired: ResolvedBlueprint,
    current: DeployedResources | None,
    replaced: Mapping[str, str],
) -> Iterator[PathChange]:
    old = {} if current is None else current.resolved.outputs
    for name in sorted(old.keys() | desired.outputs.keys()):
        before, after = old.get(name), desired.outputs.get(name)
        moved = any(referred_address(r) in replaced for r in references(after))
        if before == after and not moved:
            continue
        hidden = any(
            resolved is not None
            and (name in resolved.sensitive_outputs or holds_secret(value, resolved.secrets))
            for resolved, value in (
                (None if current is None else current.resolved, before),
                (desired, after),
            )
        )
        yield PathChange(
            name,
            SENSITIVE if hidden and before is not None else show(before),
            SENSITIVE if hidden and after is not None else _shown_output(after),
            sensitive=hidden,
        )


def _shown_output(value: Value) -> Any:
    return KNOWN_AFTER_APPLY if any(references(value)) else show(value)


def _reference_paths(value: Value, at: Steps) -> Iterator[tuple[Steps, ResourceRef]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _reference_paths(member, (*at, name))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _reference_paths(element, (*at, index))
    elif isinstance(value, Expression):
        for reference in references(value):
            yield at, reference


def _dotted(path: Steps) -> str:
    return ".".join(str(step) for step in path)
