"""yamlencode and yamldecode, as Terraform reads and writes YAML: scalars of YAML 1.1 (`yes`, `on`),
but numbers without underscores and dates as RFC 3339 text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from dharma.core.errors import LimitExceeded
from dharma.model.expressions.conversion import as_text, number_text
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.functions.registry import MAX_ITEMS, function, limited_text
from dharma.model.expressions.nodes import Value

MAX_DEPTH = 64
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_BASED = re.compile(r"[-+]?0(?:x[0-9a-fA-F]+|o[0-7]+|b[01]+)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"], True),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "off", "Off", "OFF"], False),
    **dict.fromkeys(["false", "False", "FALSE"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
}


@function("yamlencode", "string")
def yamlencode(value: Value) -> Value:
    if value is None:
        return "null\n...\n"
    return limited_text("\n".join(_lines(value)) + "\n")


def _lines(value: Value) -> Iterator[str]:
    """A value as lines of block style, without indentation of its own."""
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _member(f"{json.dumps(key, ensure_ascii=False)}:", value[key])
    elif isinstance(value, list) and value:
        for item in value:
            inner = _lines(item)
            yield f"- {next(inner)}"
            yield from (f"  {line}" for line in inner)
    else:
        yield from _scalar(value)


def _member(key: str, value: Value) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield key
        yield from (f"  {line}" for line in _lines(value))
    elif isinstance(value, list) and value:
        yield key
        yield from _lines(value)
    else:
        first, *rest = _scalar(value)
        yield f"{key} {first}"
        yield from (f"  {line}" if line else "" for line in rest)


def _scalar(value: Value) -> list[str]:
    if isinstance(value, str):
        if "\n" in value and value[:1] not in (" ", "\n"):
            return _literal(value)
        return [json.dumps(value, ensure_ascii=False)]
    if isinstance(value, bool) or value is None:
        return [{True: "true", False: "false", None: "null"}[value]]
    if isinstance(value, int | float):
        return [number_text(value)]
    return ["{}" if isinstance(value, dict) else "[]"]


def _literal(text: str) -> list[str]:
    body = text.rstrip("\n")
    breaks = len(text) - len(body)
    mark = {0: "|-", 1: "|"}.get(breaks, "|+")
    return [mark, *body.split("\n"), *[""] * (breaks - 1)]


@function("yamldecode")
def yamldecode(text: Value) -> Value:
    import yaml

    source = limited_text(as_text(text))
    if not source.strip():
        raise EvaluationError("yamldecode: the text is empty")
    try:
        # First its events: PyYAML composes in C, and too deep a text would end the process.
        _check_depth(yaml.parse(source, Loader=yaml.CSafeLoader))
        node = yaml.compose(source, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise EvaluationError(f"yamldecode: no YAML{place}: {problem}") from error
    return _Decoded().value(node, 0)


def _check_depth(events: Iterable[Any]) -> None:
    import yaml

    depth = 0
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise LimitExceeded(f"yamldecode: nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Decoded:
    """Nodes to values; aliases are written out, so what they multiply to is counted."""

    def __init__(self) -> None:
        self.left = MAX_ITEMS

    def value(self, node: Any, depth: int) -> Value:
        self.left -= 1
        if self.left < 0:
            raise LimitExceeded(f"yamldecode: more than {MAX_ITEMS} values")
        if depth > MAX_DEPTH:
            raise LimitExceeded(f"yamldecode: nested deeper than {MAX_DEPTH} levels")
        if node.id == "sequence":
            return [self.value(item, depth + 1) for item in node.value]
        if node.id == "mapping":
            return {
                as_text(self.value(key, depth + 1)): self.value(item, depth + 1)
                for key, item in node.value
            }
        if node.style:
            return str(node.value)
        return _plain(node.value)


def _plain(text: str) -> Value:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text) and len(text) <= 300:
        return int(text)
    if _BASED.match(text):
        return int(text, 0)
    if _FLOAT.match(text):
        number = float(text)
        return int(number) if number.is_integer() else number
    if _NOT_FINITE.match(text):
        raise EvaluationError("yamldecode: a number is not finite")
    if _DATE.match(text):
        return f"{text}T00:00:00Z"
    return text
