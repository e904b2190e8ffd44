"""Functions of strings."""

from __future__ import annotations

import re

from dharma.model.expressions import regexes
from dharma.model.expressions.conversion import as_integer, as_list, as_text
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.functions.registry import (
    function,
    limited_count,
    limited_length,
    limited_text,
)
from dharma.model.expressions.nodes import Value

_WORD_START = re.compile(r"(?<![\w'])[^\W\d_]|(?<=')[^\W\d_]")


@function("chomp", "string")
def chomp(text: Value) -> Value:
    return as_text(text).rstrip("\r\n")


@function("endswith", "bool")
def endswith(text: Value, suffix: Value) -> Value:
    return as_text(text).endswith(as_text(suffix))


@function("indent", "string")
def indent(spaces: Value, text: Value) -> Value:
    width = as_integer(spaces)
    if not 0 <= width <= 1000:
        raise EvaluationError("indent: between 0 and 1000 spaces")
    return limited_text(as_text(text).replace("\n", "\n" + " " * width))


@function("join", "string")
def join(separator: Value, first: Value, *others: Value) -> Value:
    items = [as_text(item) for values in (first, *others) for item in as_list(values)]
    mark = as_text(separator)
    limited_length(sum(map(len, items)) + len(mark) * len(items))
    return mark.join(items)


@function("lower", "string")
def lower(text: Value) -> Value:
    return as_text(text).lower()


@function("regex")
def regex(pattern: Value, text: Value) -> Value:
    compiled = regexes.compile_pattern(as_text(pattern))
    found = compiled.search(as_text(text))
    if found is None:
        raise EvaluationError("regex: the pattern does not match")
    return _captures(compiled, found)


@function("regexall", "list(any)")
def regexall(pattern: Value, text: Value) -> Value:
    compiled = regexes.compile_pattern(as_text(pattern))
    matches = [_captures(compiled, found) for found in compiled.find_all(as_text(text))]
    limited_count(len(matches))
    return matches


def matching_load(name: str, arguments: list[Value]) -> int:
    """The steps that matching a pattern takes, 0 for other functions: every character of the text
    is shown to what may be waiting for one in the pattern."""
    if name in ("regex", "regexall"):
        pattern, text = arguments
    elif name == "replace":
        text, pattern = arguments[:2]
        if not (isinstance(pattern, str) and len(pattern) > 1 and pattern[0] == pattern[-1] == "/"):
            return 0
        pattern = pattern[1:-1]
    else:
        return 0
    if not isinstance(text, str) or not isinstance(pattern, str):
        return 0
    size = len(regexes.compile_pattern(pattern).program)
    return len(text) // 2 + len(text) * size // 128


def _captures(pattern: regexes.Pattern, found: regexes.Match) -> Value:
    """The whole match, or the groups as a list, or as a map when they have names."""
    if pattern.names:
        return {name: found.group(number) for name, number in pattern.names.items()}
    if pattern.groups:
        return [found.group(n) for n in range(1, pattern.groups + 1)]
    return found.group(0)


@function("replace", "string")
def replace(text: Value, wanted: Value, replacement: Value) -> Value:
    source, pattern, new = as_text(text), as_text(wanted), as_text(replacement)
    if len(pattern) > 1 and pattern[0] == pattern[-1] == "/":
        compiled = regexes.compile_pattern(pattern[1:-1])
        return limited_text(compiled.replace(source, new))
    limited_length(len(source) + source.count(pattern) * (len(new) - len(pattern)))
    return source.replace(pattern, new)


@function("split", "list(string)")
def split(separator: Value, text: Value) -> Value:
    mark, source = as_text(separator), as_text(text)
    parts = source.split(mark) if mark else list(source)
    limited_count(len(parts))
    return list[Value](parts)


@function("startswith", "bool")
def startswith(text: Value, prefix: Value) -> Value:
    return as_text(text).startswith(as_text(prefix))


@function("strcontains", "bool")
def strcontains(text: Value, part: Value) -> Value:
    return as_text(part) in as_text(text)


@function("strrev", "string")
def strrev(text: Value) -> Value:
    return as_text(text)[::-1]


@function("substr", "string")
def substr(text: Value, offset: Value, length: Value) -> Value:
    source, start, count = as_text(text), as_integer(offset), as_integer(length)
    if start < 0:
        start = max(0, start + len(source))
    return source[start:] if count < 0 else source[start : start + count]


@function("title", "string")
def title(text: Value) -> Value:
    return _WORD_START.sub(lambda m: m[0].upper(), as_text(text))


@function("trim", "string")
def trim(text: Value, letters: Value) -> Value:
    return as_text(text).strip(as_text(letters) or "\0")


@function("trimprefix", "string")
def trimprefix(text: Value, prefix: Value) -> Value:
    return as_text(text).removeprefix(as_text(prefix))


@function("trimspace", "string")
def trimspace(text: Value) -> Value:
    return as_text(text).strip()


@function("trimsuffix", "string")
def trimsuffix(text: Value, suffix: Value) -> Value:
    return as_text(text).removesuffix(as_text(suffix))


@function("upper", "string")
def upper(text: Value) -> Value:
    # Letter by letter, as Go does: the capital of one letter is never two.
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in as_text(text))


@function("provider::arm::uri", "string")
def uri(base: Value, relative: Value) -> Value:
    """Azure's: the base up to its last slash, and the rest behind it."""
    text = as_text(base)
    return text[: text.rfind("/") + 1] + as_text(relative).removeprefix("/")
