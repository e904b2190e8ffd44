"""HCL text, laid out as `terraform fmt` leaves it.

`print_body` takes attributes and blocks and decides on lines, indentation, alignment of `=` and
heredocs; what stands on one line is printed by `dharma.model.expressions.printer`. The rules of
the formatter that matter here (read off its behaviour, checked against the binary in the tests):

- `=` is aligned over consecutive lines whose value opens no more brackets than it closes; a value
  over several lines (an object, a broken list) ends the run, a heredoc does not;
- columns are grapheme clusters, so an object key keeps only such letters raw as are a column each;
- brackets indent by two spaces, once per line however many are opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dharma.core.errors import NotExpressible
from dharma.model.expressions.nodes import (
    Call,
    Conditional,
    Index,
    Template,
    Value,
)
from dharma.model.expressions.printer import print_expression

_LINE = 100
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
# One code point, one column: no combining marks, no joiners, no regional indicators.
_PLAIN_KEY = re.compile(
    r"[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f"
    r"\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]*\Z"
)
_HEREDOC_UNSAFE = re.compile(
    r"[^\n\t -\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\U0010ffff]"
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = value`"""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Raw:
    """`name = text`, where the text is code that this package wrote itself (a type, a keyword)."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """`type "label" ... { body }`"""

    type: str
    labels: tuple[str, ...] = ()
    body: Sequence[Item] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Gap:
    """An empty line, which ends a run of aligned attributes."""


Item: TypeAlias = Attribute | Raw | Block | Gap


def print_body(items: Sequence[Item], depth: int = 0) -> str:
    """The text of a body at an indentation of `depth` steps; every line ends with a newline.

    A block stands apart by one empty line. Raises `NotExpressible` for a name that is no HCL
    identifier: names are never quoted into shape.
    """
    out: list[str] = []
    run: list[tuple[str, str]] = []
    indent = "  " * depth

    def flush() -> None:
        out.extend(_aligned(run, indent))
        run.clear()

    for position, item in enumerate(items):
        if isinstance(item, Gap):
            flush()
            out.append("\n")
            continue
        if isinstance(item, Block):
            flush()
            if position and not isinstance(items[position - 1], Gap):
                out.append("\n")
            head = " ".join(
                [identifier(item.type), *(f'"{identifier(label)}"' for label in item.labels)]
            )
            if item.body:
                out.append(f"{indent}{head} {{\n{print_body(item.body, depth + 1)}{indent}}}\n")
            else:
                out.append(f"{indent}{head} {{}}\n")
            continue
        if position and isinstance(items[position - 1], Block):
            flush()
            out.append("\n")
        text = item.text if isinstance(item, Raw) else layout(item.value, depth, heredoc=True)
        run.append((identifier(item.name), text))
    flush()
    return "".join(out)


def _aligned(pairs: Iterable[tuple[str, str]], indent: str) -> list[str]:
    """`name = text` lines with their `=` in one column per run of aligned lines."""
    lines: list[str] = []
    run: list[tuple[str, str]] = []

    def flush() -> None:
        width = max((len(name) for name, _ in run), default=0)
        lines.extend(f"{indent}{name:<{width}} = {text}\n" for name, text in run)
        run.clear()

    for name, text in pairs:
        if "\n" in text and not text.startswith("<<"):
            flush()
            lines.append(f"{indent}{name} = {text}\n")
        else:
            run.append((name, text))
    flush()
    return lines


def layout(value: Value, depth: int, *, heredoc: bool = False) -> str:
    """The text of a value that begins on a line indented by `depth` steps.

    `heredoc` says that the value ends its line, so that a heredoc may stand there.
    """
    if isinstance(value, dict):
        return _object(value, depth)
    if isinstance(value, list):
        return _list(value, depth)
    if heredoc and isinstance(value, str | Template) and (text := _heredoc(value)) is not None:
        return text
    if isinstance(value, Call):
        return _call(value, depth)
    if isinstance(value, Conditional) and _has_object(value):
        return _conditional(value, depth)
    # The formatter has its own mind about `}[key] : {`, so elsewhere this stays on one line.
    if heredoc and isinstance(value, Index) and isinstance(value.collection, dict | list):
        return f"{layout(value.collection, depth)}[{print_expression(value.key)}]"
    return print_expression(value)


def _call(value: Call, depth: int) -> str:
    """`merge(var.tags, {` keeps its last argument's bracket on the line; where that would leave the
    formatter other indentations, each argument stands on lines of its own."""
    name, dots = identifier_path(value.name), "..." if value.expand else ""
    arguments = [layout(a, depth) for a in value.arguments]
    broken = [a for a in arguments if "\n" in a]
    if not broken:
        return f"{name}({', '.join(arguments)}{dots})"
    if broken == arguments[-1:] and not _has_joint(broken[0], depth):
        before = ", ".join(arguments[:-1])
        if "{ " not in before:
            return f"{name}({before}{', ' if before else ''}{broken[0]}{dots})"
    inner = "  " * (depth + 1)
    last = len(arguments) - 1
    lines = "".join(
        f"{inner}{layout(a, depth + 1)}{dots if dots and n == last else ','}\n"
        for n, a in enumerate(value.arguments)
    )
    return f"{name}(\n{lines}{'  ' * depth})"


def _has_joint(text: str, depth: int) -> bool:
    """Whether a line in the middle stands at the outer indentation, as `} : {` does."""
    indent = "  " * depth
    lines = text.split("\n")[1:-1]
    return any(line[len(indent) : len(indent) + 1] not in ("", " ") for line in lines)


def _conditional(value: Conditional, depth: int) -> str:
    condition = print_expression(value.condition)
    if isinstance(value.condition, Conditional):
        condition = f"({condition})"
    then, otherwise = layout(value.then, depth), layout(value.otherwise, depth)
    several = [text for text in (then, otherwise) if "\n" in text]
    # The formatter counts brackets per line: one that closes and opens, `} : {`, it would indent.
    simple = len(several) == 1 and not _has_joint(several[0], depth)
    inline_object = "{ " in condition or ("\n" not in then and "{ " in then)
    if not several or (simple and not inline_object):
        return f"{condition} ? {then} : {otherwise}"
    inner = "  " * (depth + 1)
    then, otherwise = layout(value.then, depth + 1), layout(value.otherwise, depth + 1)
    return f"(\n{inner}{condition}\n{inner}? {then}\n{inner}: {otherwise}\n{'  ' * depth})"


def _has_object(value: Conditional) -> bool:
    return any(
        (isinstance(v, dict | list) and bool(v))
        or (isinstance(v, Conditional) and _has_object(v))
        or isinstance(v, Call)
        for v in (value.then, value.otherwise)
    )


def _object(value: dict[str, Value], depth: int) -> str:
    if not value:
        return "{}"
    inner = "  " * (depth + 1)
    pairs = [(object_key(k), layout(v, depth + 1, heredoc=True)) for k, v in value.items()]
    return "{\n" + "".join(_aligned(pairs, inner)) + "  " * depth + "}"


def _list(value: list[Value], depth: int) -> str:
    if not value:
        return "[]"
    inline = [layout(v, depth) for v in value]
    if not any("\n" in text for text in inline):
        line = ", ".join(inline)
        if len(line) + 2 * depth <= _LINE - 30 or len(inline) == 1:
            return f"[{line}]"
    inner = "  " * (depth + 1)
    lines = "".join(f"{inner}{layout(v, depth + 1)},\n" for v in value)
    return "[\n" + lines + "  " * depth + "]"


def _heredoc(value: str | Template) -> str | None:
    """`<<EOT` with the text from column 0, or None where only a quoted string says it exactly.

    A heredoc always ends in a newline, knows no escapes but `$${` and `%%{`, and ends at the first
    line that holds its word alone.
    """
    parts = value.parts if isinstance(value, Template) else (value,)
    literal = "".join(p for p in parts if isinstance(p, str))
    if "\n" not in literal or _HEREDOC_UNSAFE.search(literal):
        return None
    last = parts[-1]
    if not (isinstance(last, str) and last.endswith("\n")):
        return None
    text = "".join(
        _template_literal(p) if isinstance(p, str) else f"${{{print_expression(p)}}}" for p in parts
    )
    if text.count("\n") != literal.count("\n") or "\n" not in text.rstrip("\n"):
        return None
    lines = {line.strip() for line in text.split("\n")}
    word = next((w for w in ("EOT", "EOF", "END_OF_TEXT", "DHARMA_TEXT") if w not in lines), None)
    return f"<<{word}\n{text}{word}" if word else None


def _template_literal(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")


def quote(text: str) -> str:
    """A quoted HCL string that evaluates to exactly `text`; raises for a lone surrogate."""
    return print_expression(text)


def object_key(key: str) -> str:
    """The key of an object: bare where it is an identifier, else quoted, one column per letter."""
    if _IDENTIFIER.match(key) and key not in _KEYWORDS:
        return key
    if _PLAIN_KEY.match(key):
        return quote(key)
    escaped = (c if _PLAIN_KEY.match(c) else _unicode_escape(c) for c in quote(key))
    return "".join(escaped)


_KEYWORDS = frozenset({"for", "null", "true", "false"})


def _unicode_escape(c: str) -> str:
    return f"\\u{ord(c):04x}" if ord(c) <= 0xFFFF else f"\\U{ord(c):08x}"


def identifier_path(name: str) -> str:
    """The name of a function, `provider::aws::arn_parse` of a provider's."""
    return "::".join(identifier(word) for word in name.split("::"))


def identifier(name: str) -> str:
    """The name itself; raises `NotExpressible` when HCL has no such name."""
    if not _IDENTIFIER.match(name):
        raise NotExpressible(f"{name!r} is no name in Terraform")
    return name
