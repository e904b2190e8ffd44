"""The tokens of Terraform's expression syntax, and a cursor over them."""

from __future__ import annotations

import re

from dharma.core.errors import LimitExceeded
from dharma.model.expressions.errors import ExpressionError

MAX_LENGTH = 64 * 1024
MAX_DEPTH = 64  # of nesting in the text; what reads it is recursive

_TOKEN = re.compile(
    r"(?:[ \t\r\n]+|\#[^\n]*|//[^\n]*|/\*.*?\*/)*"
    r"(?:(?P<ident>[^\W\d][\w-]*(?:::[^\W\d][\w-]*)*)"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<op>\.\.\.|&&|\|\||==|!=|<=|>=|=>|<<|[-+*/%<>!?:=.,()\[\]{}~\"])"
    r"|(?P<end>\Z)"
    r"|(?P<bad>.))",
    re.DOTALL,
)
Mark = tuple[str, str, int, int, bool]


class Tokens:
    """A cursor over the text. `kind`, `text`, `start`, `end` are the current token; `on_new_line`
    whether a line ends before it. `depth` is how deep the nesting is at this place."""

    def __init__(self, source: str, longest: int = MAX_LENGTH) -> None:
        if len(source) > longest:
            raise LimitExceeded(f"an expression is longer than {longest} characters")
        self.source = source
        self.kind = ""
        self.text = ""
        self.start = 0
        self.end = 0
        self.on_new_line = False
        self.depth = 0

    def advance(self) -> None:
        match = _TOKEN.match(self.source, self.end)
        if match is None or match.lastgroup is None:  # pragma: no cover - `bad` matches anything
            raise ExpressionError("unreadable text", self.end)
        self.kind = match.lastgroup
        self.text = match[self.kind]
        self.start = match.start(self.kind)
        self.on_new_line = "\n" in self.source[self.end : self.start]
        self.end = match.end()
        if self.kind == "bad":
            raise ExpressionError(f"{self.text!r} has no meaning in an expression", self.start)

    def mark(self) -> Mark:
        """Where the cursor is, for `back_to`."""
        return self.kind, self.text, self.start, self.end, self.on_new_line

    def back_to(self, mark: Mark) -> None:
        self.kind, self.text, self.start, self.end, self.on_new_line = mark

    def next_kind(self) -> str | None:
        """The kind of the token behind the current one."""
        ahead = _TOKEN.match(self.source, self.end)
        return None if ahead is None else ahead.lastgroup

    def nest(self) -> None:
        """One level deeper, until `depth` is lowered again. LimitExceeded beyond `MAX_DEPTH`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise LimitExceeded(f"an expression is nested deeper than {MAX_DEPTH} levels")

    def unexpected(self, wanted: str) -> ExpressionError:
        found = "the text ends" if self.kind == "end" else f"found {self.text!r}"
        return ExpressionError(f"{found} where {wanted} should be", self.start)

    def at(self, operator: str) -> bool:
        return self.kind == "op" and self.text == operator

    def at_keyword(self, keyword: str) -> bool:
        return self.kind == "ident" and self.text == keyword

    def take(self, operator: str) -> bool:
        if self.at(operator):
            self.advance()
            return True
        return False

    def expect(self, operator: str, why: str = "") -> None:
        if not self.take(operator):
            raise self.unexpected(f"{operator!r}{why}")

    def identifier(self, wanted: str) -> str:
        if self.kind != "ident":
            raise self.unexpected(wanted)
        name = self.text
        self.advance()
        return name
