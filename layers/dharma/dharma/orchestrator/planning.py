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

from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance
from dharma.model.expressions.nodes import Expression, ResourceRef, Unknown, Value, references, walk
from dharma.model.expressions.printer import print_template

Action = Literal["create", "update", "replace", "delete", "no-op"]
Path = tuple[str | int, ...]
Secrets = frozenset[str | int | float]

SENSITIVE = "(sensitive value)"
KNOWN_AFTER_APPLY = "(known after apply)"


class PropertyRules(Protocol):
    """What planning asks of a property of the catalog (`dharma.catalog.kinds.Property`)."""

    @property
    def type(self) -> str: ...
    @property
    def default(self) -> Value: ...
    @property
    def immutable(self) -> bool: ...
    @property
    def sensitive(self) -> bool: ...
    @property
    def properties(self) -> Mapping[str, Any]: ...


class KindRules(Protocol):
    @property
    def properties(self) -> Mapping[str, Any]: ...


class KindSource(Protocol):
    """The catalog, as far as planning needs it."""

    def kind(self, name: str) -> KindRules | None: ...


class DeployedResources(Protocol):
    """The present state, as far as planning needs it (`dharma.orchestrator.states`)."""

    @property
    def version(self) -> int: ...
    @property
    def resolved(self) -> ResolvedBlueprint: ...


@dataclass(frozen=True, slots=True)
class PathChange:
    """One property path. Values are ready to be shown: expressions printed, secrets hidden."""

    path: str
    before: Any
    after: Any
    forces_replacement: bool = False
    sensitive: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "before": self.before,
            "after": self.after,
            "forcesReplacement": self.forces_replacement,
            "sensitive": self.sensitive,
        }


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource. `before` and `after` are all its properties, ready to be shown
    (None where there is none); `paths` lists those that differ."""

    address: str
    kind: str
    action: Action
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    paths: tuple[PathChange, ...] = ()
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "kind": self.kind,
            "action": self.action,
            "before": self.before,
            "after": self.after,
            "paths": [path.to_dict() for path in self.paths],
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """`changes` has every resource, those that stay as they are too, by address. `refused` lists
    what the lifecycle forbids: such a plan is not carried out. `from_version` is the state that it
    was made against, 0 for none."""

    changes: tuple[Change, ...]
    outputs: tuple[PathChange, ...] = ()
    refused: tuple[str, ...] = ()
    from_version: int = 0

    @property
    def summary(self) -> dict[str, int]:
        counts = {"create": 0, "update": 0, "replace": 0, "delete": 0, "no-op": 0}
        for change in self.changes:
            counts[change.action] += 1
        return counts

    @property
    def empty(self) -> bool:
        """Nothing to do, not even an output to change."""
        return all(change.action == "no-op" for change in self.changes) and not self.outputs

    def to_dict(self) -> dict[str, Any]:
        return {
            "formatVersion": 1,
            "fromVersion": self.from_version,
            "summary": self.summary,
            "changes": [change.to_dict() for change in self.changes],
            "outputs": [output.to_dict() for output in self.outputs],
            "refused": list(self.refused),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """The inverse of `to_dict`."""
        return cls(
            changes=tuple(
                Change(
                    change["address"],
                    change["kind"],
                    change["action"],
                    change["before"],
                    change["after"],
                    tuple(_path_change(path) for path in change["paths"]),
                    change["reason"],
                )
                for change in data["changes"]
            ),
            outputs=tuple(_path_change(path) for path in data["outputs"]),
            refused=tuple(data["refused"]),
            from_version=data["fromVersion"],
        )


def plan(
    desired: ResolvedBlueprint, current: DeployedResources | None, catalog: KindSource
) -> Plan:
    """Compare what is wanted with what is there (None: nothing yet)."""
    old = {} if current is None else {r.address: r for r in current.resolved.resources}
    new = {r.address: r for r in desired.resources}
    secrets = {
        False: _secret_values(None if current is None else current.resolved),
        True: _secret_values(desired),
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
    differing: list[tuple[Path, Value, Value]] = field(init=False)

    def __post_init__(self) -> None:
        ignored = self.new.lifecycle.ignored_paths
        found = [] if "all" in self.new.lifecycle.ignore_changes else self._differences()
        self.differing = [
            difference
            for difference in found
            if not any(_lies_in(difference[0], path) for path in ignored)
        ]

    def _differences(self) -> list[tuple[Path, Value, Value]]:
        kind = self.catalog.kind(self.new.type)
        rules = {} if kind is None else kind.properties
        return list(_compare(self.old.properties, self.new.properties, rules, ()))

    @property
    def replaces(self) -> bool:
        return any(self._rule(path, "immutable") for path, _, _ in self.differing)

    def referring(self, replaced: Mapping[str, str]) -> list[tuple[Path, ResourceRef]]:
        """Unchanged paths that refer to a resource that will be replaced."""
        changed = [path for path, _, _ in self.differing]
        return [
            (path, reference)
            for path, reference in _reference_paths(self.new.properties, ())
            if instance_address(reference) in replaced
            and not any(_begins_with(path, done) for done in changed)
        ]

    def replaced_by_reference(self, replaced: Mapping[str, str]) -> bool:
        return any(self._rule(path, "immutable") for path, _ in self.referring(replaced))

    def change(self, replaced: Mapping[str, str]) -> Change:
        paths = [self._path_change(path, before, after) for path, before, after in self.differing]
        for path, reference in self.referring(replaced):
            paths.append(
                PathChange(
                    _dotted(path),
                    show(reference),
                    KNOWN_AFTER_APPLY,
                    forces_replacement=self._rule(path, "immutable"),
                )
            )
        paths.sort(key=lambda change: change.path)
        before = _shown(self.old, self.catalog, self.secrets[False])
        after = _shown(self.new, self.catalog, self.secrets[True])
        action: Action = "no-op"
        if self.new.address in replaced:
            action = "replace"
        elif paths:
            action = "update"
        reason = replaced.get(self.new.address, "")
        return Change(self.new.address, self.new.type, action, before, after, tuple(paths), reason)

    def _path_change(self, path: Path, before: Value, after: Value) -> PathChange:
        hidden = self._rule(path, "sensitive")
        shown = [
            SENSITIVE
            if value is not None and (hidden or _holds_secret(value, self.secrets[is_new]))
            else show(value)
            for value, is_new in ((before, False), (after, True))
        ]
        return PathChange(
            _dotted(path),
            shown[0],
            shown[1],
            forces_replacement=self._rule(path, "immutable"),
            sensitive=SENSITIVE in shown,
        )

    def _rule(self, path: Path, name: Literal["immutable", "sensitive"]) -> bool:
        return _rule(self.catalog, self.new.type, path, name)


def _replaced(comparisons: Mapping[str, _Comparison]) -> dict[str, str]:
    """Addresses that are replaced, each with the reason; spreads along immutable references."""
    replaced: dict[str, str] = {}
    for address in sorted(comparisons):
        comparison = comparisons[address]
        if comparison.replaces:
            paths = sorted(
                _dotted(path)
                for path, _, _ in comparison.differing
                if _rule(comparison.catalog, comparison.new.type, path, "immutable")
            )
            replaced[address] = f"{', '.join(paths)} cannot be changed in place"
    spreading = True
    while spreading:
        spreading = False
        for address in sorted(comparisons.keys() - replaced.keys()):
            comparison = comparisons[address]
            if comparison.replaced_by_reference(replaced):
                causes = sorted(
                    {
                        instance_address(reference)
                        for path, reference in comparison.referring(replaced)
                        if _rule(comparison.catalog, comparison.new.type, path, "immutable")
                    }
                )
                replaced[address] = f"{', '.join(causes)} is replaced"
                spreading = True
    return replaced


def _created(resource: ResourceInstance, catalog: KindSource, secrets: Secrets) -> Change:
    reason = ""
    if resource.exists is None:
        reason = "whether it will exist is not known yet"
    after = _shown(resource, catalog, secrets)
    return Change(resource.address, resource.type, "create", None, after, reason=reason)


def _deleted(resource: ResourceInstance, catalog: KindSource, secrets: Secrets) -> Change:
    before = _shown(resource, catalog, secrets)
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
        moved = any(instance_address(r) in replaced for r in references(after))
        if before == after and not moved:
            continue
        hidden = any(
            resolved is not None
            and (name in resolved.sensitive_outputs or _holds_secret(value, resolved.secrets))
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


def _compare(
    old: Mapping[str, Value], new: Mapping[str, Value], rules: Mapping[str, Any], at: Path
) -> Iterator[tuple[Path, Value, Value]]:
    """Differing paths of two objects; lists and sets differ as wholes, objects by member."""
    for name in sorted(old.keys() | new.keys()):
        rule: PropertyRules | None = rules.get(name)
        default = None if rule is None else rule.default
        before = _or_default(old.get(name), default)
        after = _or_default(new.get(name), default)
        if before == after or _same_set(before, after, rule):
            continue
        if _is_object(before, rule) and _is_object(after, rule):
            members = {} if rule is None else rule.properties
            assert isinstance(before, dict)
            assert isinstance(after, dict)
            yield from _compare(before, after, members, (*at, name))
        elif (
            rule is not None
            and rule.type == "list(object)"
            and isinstance(before, list)
            and isinstance(after, list)
            and len(before) == len(after)
        ):
            for index, (was, will) in enumerate(zip(before, after, strict=True)):
                if isinstance(was, dict) and isinstance(will, dict):
                    yield from _compare(was, will, rule.properties, (*at, name, index))
                elif was != will:
                    yield (*at, name, index), was, will
        else:
            yield (*at, name), before, after


def _or_default(value: Value, default: Value) -> Value:
    return default if value is None else value


def _is_object(value: Value, rule: PropertyRules | None) -> bool:
    return isinstance(value, dict) and (
        rule is None or rule.type == "object" or rule.type.startswith("map(")
    )


def _same_set(before: Value, after: Value, rule: PropertyRules | None) -> bool:
    if rule is None or not rule.type.startswith("set("):
        return False
    if not isinstance(before, list) or not isinstance(after, list):
        return False
    left, right = ([_trimmed(element) for element in side] for side in (before, after))
    return sorted(map(repr, left)) == sorted(map(repr, right))


def _trimmed(element: Value) -> Value:
    """An element without its absent members, in one order."""
    if isinstance(element, dict):
        return {k: _trimmed(v) for k, v in sorted(element.items()) if v is not None}
    return element


def _reference_paths(value: Value, at: Path) -> Iterator[tuple[Path, ResourceRef]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _reference_paths(member, (*at, name))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _reference_paths(element, (*at, index))
    elif isinstance(value, Expression):
        for reference in references(value):
            yield at, reference


def instance_address(reference: ResourceRef) -> str:
    """The address of the instance that a reference names: `aws_subnet.app[0]`."""
    if reference.instance is None:
        return reference.address
    key = reference.instance
    return (
        f'{reference.address}["{key}"]' if isinstance(key, str) else f"{reference.address}[{key}]"
    )


def _rule(
    catalog: KindSource, kind_name: str, path: Path, name: Literal["immutable", "sensitive"]
) -> bool:
    """Whether the property at a path, or one above it, is immutable or sensitive."""
    kind = catalog.kind(kind_name)
    rules: Mapping[str, Any] = {} if kind is None else kind.properties
    for step in path:
        if isinstance(step, int):
            continue
        rule: PropertyRules | None = rules.get(step)
        if rule is None:
            return False
        if getattr(rule, name):
            return True
        rules = rule.properties
    return False


def _secret_values(resolved: ResolvedBlueprint | None) -> Secrets:
    return frozenset() if resolved is None else resolved.secrets


def _holds_secret(value: Value, secrets: Secrets) -> bool:
    if not secrets:
        return False
    texts = [secret for secret in secrets if isinstance(secret, str)]
    return any(
        any(text in node for text in texts)
        if isinstance(node, str)
        else isinstance(node, int | float) and node in secrets
        for node in walk(value)
    )


def _shown(resource: ResourceInstance, catalog: KindSource, secrets: Secrets) -> dict[str, Any]:
    """All properties of a resource, ready to be shown."""

    def visit(value: Value, path: Path) -> Any:
        if path and _rule(catalog, resource.type, path, "sensitive") and value is not None:
            return SENSITIVE
        if isinstance(value, dict):
            return {k: visit(v, (*path, k)) for k, v in sorted(value.items()) if v is not None}
        if isinstance(value, list):
            return [visit(v, (*path, i)) for i, v in enumerate(value)]
        if _holds_secret(value, secrets):
            return SENSITIVE
        return show(value)

    shown = visit(resource.properties, ())
    assert isinstance(shown, dict)
    return shown


def show(value: Value) -> Any:
    """A value as JSON for people: expressions in Terraform's syntax, unknowns in its words."""
    if isinstance(value, Unknown):
        return KNOWN_AFTER_APPLY
    if isinstance(value, dict):
        return {k: show(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [show(v) for v in value]
    if isinstance(value, Expression):
        if any(isinstance(node, Unknown) for node in walk(value)):
            return KNOWN_AFTER_APPLY
        return print_template(value)
    return value


def _begins_with(path: Path, prefix: tuple[str | int, ...]) -> bool:
    return tuple(str(step) for step in path[: len(prefix)]) == tuple(str(s) for s in prefix)


def _lies_in(path: Path, ignored: Path) -> bool:
    """Whether a property is what Terraform names so, or in it. There, a member of a single block is
    one of the first block, `scaling_config[0].desired_size`; a property has no position then."""
    rest = list(path)
    for number, step in enumerate(ignored, 1):
        if not rest:
            return False
        if str(rest[0]) == str(step):
            del rest[0]
        elif not (step == 0 and isinstance(rest[0], str) and number < len(ignored)):
            return False
    return True


def _dotted(path: Path) -> str:
    return ".".join(str(step) for step in path)


def _path_change(data: Mapping[str, Any]) -> PathChange:
    return PathChange(
        data["path"], data["before"], data["after"], data["forcesReplacement"], data["sensitive"]
    )
