"""Where the properties of two resources differ, by the rules that their kind has for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Protocol

from dharma.model.blueprint import Steps
from dharma.model.expressions.nodes import Value


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


def has_rule(
    catalog: KindSource, kind_name: str, path: Steps, name: Literal["immutable", "sensitive"]
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


def differences(
    old: Mapping[str, Value], new: Mapping[str, Value], rules: Mapping[str, Any], at: Steps
) -> Iterator[tuple[Steps, Value, Value]]:
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
            yield from differences(before, after, members, (*at, name))
        elif (
            rule is not None
            and rule.type == "list(object)"
            and isinstance(before, list)
            and isinstance(after, list)
            and len(before) == len(after)
        ):
            for index, (was, will) in enumerate(zip(before, after, strict=True)):
                if isinstance(was, dict) and isinstance(will, dict):
                    yield from differences(was, will, rule.properties, (*at, name, index))
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


def begins_with(path: Steps, prefix: Steps) -> bool:
    return tuple(str(step) for step in path[: len(prefix)]) == tuple(str(s) for s in prefix)


def lies_in(path: Steps, ignored: Steps) -> bool:
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
