"""Quoted strings and templates: literal text, escapes, `${...}`, `%{if}` and `%{for}`.

Strings are read in place, so that they may nest in interpolations without limit but depth. What
stands between the braces is read by `expression`, which the parser of expressions adds.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.nodes import Call, Conditional, ForList, Template, Value
from dharma.model.expressions.templates import join_parts
from dharma.model.expressions.tokens import MAX_LENGTH, Tokens

_QUOTED_TEXT = re.compile(r'[^"\\$%\n]+')
# Of a bare template one piece is one line at most: strip markers (`~`) take no more than that.
LINE_TEXT = re.compile(r"[^$%\n]*\n|[^$%\n]+")
_BLANKS = re.compile(r"[^\S\n]*\n?")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class TemplateParser(Tokens, ABC):
    """`bound` are the names that loops around this place bind; `outdent` is how many blanks the
    lines of the heredoc that is being read do without."""

    def __init__(self, source: str, longest: int = MAX_LENGTH) -> None:
        super().__init__(source, longest)
        self.bound: list[str] = []
        self.outdent = 0
        self.at_line_start = True

    @abstractmethod
    def expression(self) -> Value:
        """The expression that begins with the current token."""

    def quoted(self) -> Value:
        """The current token is the opening quote; afterwards it is what follows the string."""
        opening = self.start
        parts, stop = self.template(self.end, _QUOTED_TEXT, ())
        if stop != '"':
            raise ExpressionError("a string is not closed", opening, "add the closing quote")
        self.end += 1
        self.advance()
        return join_parts(parts)

    def bare_template(self) -> Value:
        parts, stop = self.template(0, LINE_TEXT, ())
        if stop:  # pragma: no cover - a bare template ends with the text only
            raise ExpressionError(f"unexpected {stop!r}", self.end)
        return join_parts(parts)

    def template(
        self,
        position: int,
        text: re.Pattern[str],
        until: tuple[str, ...],
        limit: int | None = None,
    ) -> tuple[list[Value], str]:
        """Parts from `position` to the closing quote, the end (`limit`, by default that of the
        source), or a directive named in `until`.

        Returns the parts and what ended them; `end` is then its position (of a directive: behind
        its keyword, with the current token there).
        """
        source = self.source
        parts: list[Value] = []
        strip = False
        end = len(source) if limit is None else limit
        while True:
            match = text.match(source, position, end)
            if match is not None:
                position = match.end()
                parts.append(self.piece(match[0], strip))
                strip = False
                continue
            self.end = position
            if position >= end:
                return parts, ""
            here = source[position]
            opening = source[position : position + 2]
            self.at_line_start = False
            if here in "$%" and source.startswith(here * 2 + "{", position):
                parts.append(here + "{")
                position += 3
                strip = False
            elif opening in ("${", "%{"):
                self.end = position + 2
                if source.startswith("~", self.end):
                    self.end += 1
                    _strip_right(parts)
                self.advance()
                if opening == "${":
                    parts.append(self.expression())
                    strip = self.close_interpolation()
                    position = self.end
                else:
                    keyword = self.text if self.kind == "ident" else ""
                    if keyword in until:
                        return parts, keyword
                    part, strip = self.directive(text, limit)
                    parts.append(part)
                    position = self.end
            elif here == "\\" and text is _QUOTED_TEXT:
                decoded, position = self.escape(position)
                parts.append(decoded)
                strip = False
            elif here == '"' and text is _QUOTED_TEXT:
                return parts, '"'
            elif here == "\n":
                raise ExpressionError("a string is not closed on its line", position, "use \\n")
            else:
                parts.append(here)
                position += 1
                strip = False

    def piece(self, literal: str, strip: bool) -> str:
        """Literal text, in a heredoc without the indentation that all its lines share."""
        if strip:
            literal = literal.lstrip()
        elif self.outdent and self.at_line_start and (literal.strip() or literal[-1:] != "\n"):
            literal = literal[min(self.outdent, len(literal) - len(literal.lstrip())) :]
        self.at_line_start = literal.endswith("\n")
        return literal

    def close_interpolation(self) -> bool:
        """Leave `end` behind the closing brace; whether white space after it is stripped."""
        strip = self.take("~")
        if not self.at("}"):
            raise self.unexpected("'}' to close the interpolation")
        return strip

    def directive(self, text: re.Pattern[str], limit: int | None) -> tuple[Value, bool]:
        """`%{ if }` and `%{ for }` with their bodies; the current token is the keyword."""
        self.nest()
        start = self.start
        value: Value
        if self.at_keyword("if"):
            self.advance()
            condition = self.expression()
            then, stop = self.body(text, ("else", "endif"), start, limit)
            otherwise: Value = ""
            if stop == "else":
                self.advance()
                otherwise, _ = self.body(text, ("endif",), start, limit)
            value = Conditional(condition, then, otherwise)
        elif self.at_keyword("for"):
            self.advance()
            key, item, collection = self.loop_header()
            names = self.bind(key, item)
            result, _ = self.body(text, ("endfor",), start, limit)
            del self.bound[-names:]
            value = Call("join", ("", ForList(key, item, collection, result)))
        else:
            raise self.unexpected("'if' or 'for' of a directive")
        self.advance()
        strip = self.close_interpolation()
        self.depth -= 1
        return value, strip

    def body(
        self, text: re.Pattern[str], until: tuple[str, ...], start: int, limit: int | None
    ) -> tuple[Value, str]:
        strip = self.close_interpolation()
        position = self.end
        if strip:
            blanks = _BLANKS.match(self.source, position)
            position = blanks.end() if blanks else position
        parts, stop = self.template(position, text, until, limit)
        if stop not in until:
            raise ExpressionError(f"%{{ {until[-1]} }} is missing", start)
        # A body is text even when it is a single interpolation.
        value = join_parts(parts)
        if not isinstance(value, str | Template):
            value = Call("tostring", (value,))
        return value, stop

    def escape(self, position: int) -> tuple[str, int]:
        letter = self.source[position + 1 : position + 2]
        if letter in _ESCAPES:
            return _ESCAPES[letter], position + 2
        width = {"u": 4, "U": 8}.get(letter, 0)
        digits = self.source[position + 2 : position + 2 + width]
        if width and re.fullmatch(r"[0-9a-fA-F]+", digits) and len(digits) == width:
            code = int(digits, 16)
            if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
                return chr(code), position + 2 + width
        raise ExpressionError(
            f"\\{letter} is not an escape sequence", position, r"\n \r \t \" \\ \uXXXX \UXXXXXXXX"
        )

    def loop_header(self) -> tuple[str | None, str, Value]:
        """`key, value in collection`, or without a key; the current token is the first name."""
        key, value = None, self.identifier("a name for each item")
        if self.take(","):
            key, value = value, self.identifier("a name for each item")
        if not self.at_keyword("in"):
            raise self.unexpected("'in'")
        self.advance()
        return key, value, self.expression()

    def bind(self, key: str | None, value: str) -> int:
        """Let the names of a loop hide outer ones; how many there are, to be taken off again."""
        names = [value] if key is None else [key, value]
        self.bound.extend(names)
        return len(names)


def _strip_right(parts: list[Value]) -> None:
    if parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip()
