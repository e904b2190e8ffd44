"""What the intrinsics in a template name, and the same template with other names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dharma.generator.yaml_text import Tagged

Key = tuple[str, str]
"""A logical id and what is taken of it: an attribute, or `Ref`."""

_SUBSTITUTED = re.compile(r"\$\{([^!}][^}]*)\}")
_LONG = re.compile(r"(?:Ref|Fn::[A-Za-z0-9]+)\Z")


@dataclass(slots=True)
class Uses:
    """What a value names."""

    keys: set[Key] = field(default_factory=set)
    conditions: set[str] = field(default_factory=set)
    mappings: set[str] = field(default_factory=set)

    def add(self, other: Uses) -> None:
        self.keys |= other.keys
        self.conditions |= other.conditions
        self.mappings |= other.mappings


def uses_of(value: Any) -> Uses:
    """All names in a value: `keys` are resources, parameters and pseudo parameters."""
    found = Uses()
    stack = [value]
    while stack:
        node = tagged(stack.pop())
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            stack.extend(node.values())
        elif isinstance(node, Tagged):
            content = node.content
            if node.long == "Ref":
                found.keys.add((str(content), "Ref"))
                continue
            if node.long == "Fn::GetAtt":
                found.keys.add(_attribute(content))
                continue
            if node.long == "Fn::Sub":
                text, own = (content[0], content[1]) if isinstance(content, list) else (content, {})
                names = _SUBSTITUTED.findall(text)
                found.keys.update(_named(n) for n in names if n not in own)
                stack.append(own)
                continue
            if node.long == "Fn::If":
                found.conditions.add(str(content[0]))
                content = content[1:]
            elif node.long == "Fn::FindInMap" and isinstance(content[0], str):
                found.mappings.add(content[0])
            stack.append(content)
    return found


def tagged(node: Any) -> Any:
    """An intrinsic that somebody wrote in its long form, as the writer has it."""
    if isinstance(node, dict) and len(node) == 1:
        ((name, content),) = node.items()
        if isinstance(name, str) and _LONG.match(name):
            return Tagged(f"!{name.removeprefix('Fn::')}", name, content)
    return node


def rewritten(value: Any, change: Callable[[Key], Any]) -> Any:
    """The value with other intrinsics where `change` gives them."""
    value = tagged(value)
    if isinstance(value, dict):
        return {k: rewritten(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [rewritten(v, change) for v in value]
    if not isinstance(value, Tagged):
        return value
    content = value.content
    if value.long in ("Ref", "Fn::GetAtt"):
        key = (str(content), "Ref") if value.long == "Ref" else _attribute(content)
        return change(key) or value
    if value.long == "Fn::Sub":
        return _substituted(value, change)
    return Tagged(value.short, value.long, rewritten(content, change))


def _substituted(value: Tagged, change: Callable[[Key], Any]) -> Tagged:
    content = value.content
    text, own = (content[0], content[1]) if isinstance(content, list) else (content, {})

    def named(match: re.Match[str]) -> str:
        if match[1] in own:
            return match[0]
        found = change(_named(match[1]))
        return match[0] if found is None else f"${{{found.content}}}"

    text = _SUBSTITUTED.sub(named, text)
    if isinstance(content, list):
        return Tagged(value.short, value.long, [text, rewritten(own, change)])
    return Tagged(value.short, value.long, text)


def _attribute(content: Any) -> Key:
    text = ".".join(map(str, content)) if isinstance(content, list) else str(content)
    return _named(text) if "." in text else (text, "")


def _named(text: str) -> Key:
    name, _, attribute = text.strip().partition(".")
    return name, attribute or "Ref"
