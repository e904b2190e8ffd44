"""Functions that need more than a pattern of code: `format` and `substr`."""

from __future__ import annotations

import re
from collections.abc import Callable

from dharma.core.errors import NotExpressible
from dharma.generator.pulumi.functions import Language
from dharma.generator.pulumi.syntax import (
    Node,
    Pattern,
    Text,
)
from dharma.model.expressions.nodes import Value

_FORMAT = re.compile(r"%(?:%|(0\d+)?[sdv])")


def formatted(
    text: str, arguments: tuple[Value, ...], as_text: Callable[[Value], Node], language: Language
) -> Node:
    """`format("%s-%02d", name, 1)` as a text; `as_text` translates a part of it."""
    parts: list[str | Node] = []
    left = list(arguments)
    end = 0
    for verb in _FORMAT.finditer(text):
        parts.append(text[end : verb.start()])
        end = verb.end()
        if verb[0] == "%%":
            parts.append("%")
            continue
        if not left:
            raise NotExpressible(f"format(): {verb[0]} has no value")
        node = as_text(left.pop(0))
        if verb[1]:
            width = int(verb[1])
            code = (
                f'String({{0}}).padStart({width}, "0")'
                if language == "typescript"
                else f"str({{0}}).zfill({width})"
            )
            node = Pattern(code, (node,))
        parts.append(node)
    parts.append(text[end:])
    if left or "%" in "".join(p for p in _FORMAT.split(text) if p and "%" in p):
        raise NotExpressible(f"format({text!r}): only %s, %d, %v and %0Nd have a counterpart")
    return Text(tuple(p for p in parts if p != ""))


def substring(text: Node, start: Value, length: Value, language: Language) -> Node:
    if not (isinstance(start, int) and isinstance(length, int) and start >= 0):
        raise NotExpressible("substr() needs literal numbers, the first not negative")
    stop = "" if length < 0 else str(start + length)
    if language == "typescript":
        code = f"{{0}}.slice({start}{', ' if stop else ''}{stop})"
    else:
        code = f"{{0}}[{start or ''}:{stop}]"
    return Pattern(code, (text,))
