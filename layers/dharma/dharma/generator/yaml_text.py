"""YAML text for CloudFormation, written so that no reader can take a string for something else.

A plain scalar is written only where every YAML 1.1 and 1.2 reader sees that very string: it starts
with a letter or a slash or is a CIDR block, holds nothing that has a meaning in block context, and
is none of the words (`yes`, `off`, `null`) and forms (dates, octal, sexagesimal numbers) that YAML
takes for other types. Everything else is double-quoted with JSON's escapes; text of several lines
is a `|` block where that is exact.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_PLAIN = re.compile(
    r"(?:[A-Za-z/](?:[A-Za-z0-9_./@+%()=~^$*<>;,'\\-]|:(?![ \t]|\Z)| (?=[^ #:]))*"
    r"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}/[0-9]{1,2})\Z"
)
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_BLOCK_SAFE = re.compile(
    r"[\n\t -\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*\Z"
)
_ESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Tagged:
    """A node with a short tag: `!Ref Name`, `!If [...]`. `long` is the same as a map's key."""

    short: str
    long: str
    content: Any


def to_yaml(value: Any) -> str:
    """The document's text; maps keep their order. Takes dict, list, str, int, float, bool, None and
    `Tagged`."""
    out: list[str] = []
    _write(value, 0, out, "")
    return "".join(out)


def to_json(value: Any) -> str:
    """The same document as JSON with `Fn::` maps in place of tags, indented by two spaces."""
    text = json.dumps(_untagged(value), indent=2, ensure_ascii=False, allow_nan=False)
    return _with_escapes(text) + "\n"


def _untagged(value: Any) -> Any:
    if isinstance(value, Tagged):
        content = value.content
        if value.long == "Fn::GetAtt" and isinstance(content, str):
            content = content.split(".", 1)
        return {value.long: _untagged(content)}
    if isinstance(value, dict):
        return {k: _untagged(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_untagged(v) for v in value]
    return value


def _write(value: Any, indent: int, out: list[str], lead: str, *, inline: bool = False) -> None:
    """Write a node. `lead` is what already stands on the line (`- `, `Key:`); `inline` says that a
    map may begin on that very line (inside a sequence)."""
    pad = " " * indent
    tag = ""
    while isinstance(value, Tagged):
        if tag:  # YAML allows one tag a node: the inner function takes its long form.
            value = {value.long: value.content}
            break
        tag = f"{value.short} "
        value = value.content
    if isinstance(value, dict) and value:
        begin = _joined(lead, tag.rstrip())
        fresh = not (inline and not tag)
        if begin and fresh:
            out.append(begin + "\n")
        for position, (key, child) in enumerate(value.items()):
            front = begin if (position == 0 and not fresh) else pad
            name = scalar(key)
            # Above 1,024 characters a key must be marked as one.
            head = f"{front}{name}:" if len(name) < 1000 else f"{front}? {name}\n{pad}:"
            _write(child, indent + 2, out, head)
    elif isinstance(value, list) and value:
        begin = _joined(lead, tag.rstrip())
        fresh = not (inline and not tag)
        if begin and fresh:
            out.append(begin + "\n")
        for position, child in enumerate(value):
            front = begin if (position == 0 and not fresh) else pad
            _write(child, indent + 2, out, f"{front}- ", inline=True)
    else:
        text = _leaf(value, indent)
        out.append(f"{_joined(lead, tag + text)}\n")


def _joined(lead: str, text: str) -> str:
    return lead + text if not lead or not text or lead.endswith(" ") else f"{lead} {text}"


def _leaf(value: Any, indent: int) -> str:
    if isinstance(value, str):
        return _block(value, indent) or scalar(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[]"
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number of JSON")
    text = json.dumps(value)
    # Without a point YAML 1.1 takes 1e+16 for text.
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def _block(text: str, indent: int) -> str | None:
    """A `|` block scalar, or None where its rules (first line's indentation, last newlines, line
    breaks of its own) would change the text."""
    if "\n" not in text.rstrip("\n") or not _BLOCK_SAFE.match(text):
        return None
    first = text.split("\n", 1)[0]
    if not first or first[0] in " \t" or text.endswith("\n\n"):
        return None
    if any(line.isspace() for line in text.split("\n")):
        return None
    pad = " " * max(indent, 2)
    keep = "|" if text.endswith("\n") else "|-"
    lines = text.removesuffix("\n").split("\n")
    return keep + "\n" + "\n".join(pad + line if line else "" for line in lines)


@lru_cache(8192)
def scalar(text: str) -> str:
    """One string on one line, plain or double-quoted."""
    if len(text) < 1000 and _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    return _with_escapes(json.dumps(text, ensure_ascii=False))


def _with_escapes(text: str) -> str:
    """What cannot be seen, or may not stand in a YAML text, in quoted strings as escapes."""
    return _ESCAPED.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
