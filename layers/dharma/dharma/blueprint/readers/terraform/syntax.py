"""HCL text to bodies: the grammar of blocks and heredocs around the one of expressions.

One parser reads both, so that an expression means the same in a blueprint and in a `.tf` file. The
grammar is HashiCorp's "HCL Native Syntax Specification"; a line break ends an argument.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from dharma.blueprint.readers.terraform.body import (
    Argument,
    Block,
    Body,
    Place,
    invalid,
    too_much,
)
from dharma.core.errors import LimitExceeded
from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.nodes import Call, Symbol, Template, Value
from dharma.model.expressions.parser import ExpressionParser, of_sensible_height
from dharma.model.expressions.template_parser import LINE_TEXT
from dharma.model.expressions.templates import join_parts

MAX_LENGTH = 8 * 1024 * 1024  # characters of one file
MAX_BLOCK_DEPTH = 32

# Where Terraform wants no expression: types, names of providers, paths of attributes.
_RAW = frozenset(
    {
        ("variable", "type"), ("resource", "provider"), ("data", "provider"),
        ("ephemeral", "provider"), ("import", "provider"), ("module", "providers"),
        ("lifecycle", "ignore_changes"), ("lifecycle", "replace_triggered_by"),
        ("provisioner", "when"), ("provisioner", "on_failure"),
        ("dynamic", "iterator"), ("moved", "from"), ("moved", "to"), ("removed", "from"),
        ("import", "to"),
    }
)  # fmt: skip
_HEREDOC = re.compile(r"(-?)([^\W\d][\w-]*)[ \t]*\r?\n")


def read_hcl(text: str, file: str) -> Body:
    """The body of a file. Raises `InvalidTemplate` with line and column, `LimitExceeded`."""
    lines: list[int] = []
    parser = _FileParser(text, file, lines)
    try:
        parser.advance()
        return parser.file_body()
    except ExpressionError as error:
        raise invalid(error.message, parser.place(error.offset), error.hint) from error
    except LimitExceeded as error:
        if error.faults:
            raise
        raise too_much(error.message, parser.place(parser.start)) from error
    except RecursionError as error:
        raise too_much("nested too deep", parser.place(parser.start)) from error


class _FileParser(ExpressionParser):
    def __init__(self, source: str, file: str, lines: list[int]) -> None:
        if len(source) > MAX_LENGTH:
            message = f"the file is longer than {MAX_LENGTH // 1024 // 1024} million characters"
            raise too_much(message, Place(file, 1, 1))
        super().__init__(source, MAX_LENGTH)
        self.file = file
        self.lines = lines
        self.iterators: list[str] = []  # of the dynamic blocks that are open

    def place(self, offset: int) -> Place:
        if not self.lines:
            self.lines.extend([0, *(m.end() for m in re.finditer("\n", self.source))])
        line = bisect_right(self.lines, offset)
        return Place(self.file, line, offset - self.lines[line - 1] + 1)

    # -- structure

    def file_body(self) -> Body:
        body = self.content("", 0)
        if self.kind != "end":
            raise self.unexpected("an argument or a block")
        return body

    def content(self, owner: str, depth: int) -> Body:
        """Arguments and blocks up to a closing brace or the end of the file."""
        if depth > MAX_BLOCK_DEPTH:
            raise LimitExceeded(f"blocks are nested deeper than {MAX_BLOCK_DEPTH} levels")
        body = Body()
        while self.kind == "ident":
            name, start = self.text, self.start
            self.advance()
            if self.at("="):
                argument = self.argument(owner, name, start)
                if name in body.arguments:
                    raise ExpressionError(f"{name} is said twice in one block", start)
                body.arguments[name] = argument
                if not (self.on_new_line or self.kind == "end" or self.at("}")):
                    raise self.unexpected("a new line")
            else:
                body.blocks.append(self.block(name, start, depth))
        return body

    def argument(self, owner: str, name: str, start: int) -> Argument:
        place = self.place(start)
        self.advance()
        if (owner, name) in _RAW or name == "configuration_aliases":
            text = self.raw()
            if name == "iterator":
                self.iterators.append(text)
            return Argument(name, None, place, text)
        begin = self.start
        value = self.expression()
        return Argument(name, of_sensible_height(value, self.start - begin), place)

    def raw(self) -> str:
        """The text up to the end of the line, brackets closed."""
        begin = finish = self.start
        open_brackets = 0
        first = True
        while self.kind != "end":
            if not first and open_brackets == 0 and (self.on_new_line or self.at("}")):
                break
            first = False
            if self.kind == "op" and self.text in "([{":
                open_brackets += 1
            elif self.kind == "op" and self.text in ")]}":
                open_brackets -= 1
            if self.at('"'):
                _, stop = self.template(self.end, _QUOTED, ())
                if stop != '"':
                    raise ExpressionError("a string is not closed", begin)
                self.end += 1
            finish = self.end
            self.advance()
        return self.source[begin:finish]

    def block(self, name: str, start: int, depth: int) -> Block:
        labels: list[str] = []
        while not self.at("{"):
            if self.kind == "ident":
                labels.append(self.text)
                self.advance()
            elif self.at('"'):
                label = self.quoted()
                if not isinstance(label, str):
                    raise ExpressionError("a label of a block is plain text", start)
                labels.append(label)
            else:
                raise self.unexpected("'=' or '{'")
        opening = self.start
        self.advance()
        outer = len(self.iterators)
        if name == "dynamic":
            self.iterators += labels[:1]
        body = self.content(name, depth + 1)
        del self.iterators[outer:]
        if not self.at("}"):
            if self.kind == "end":
                message = f"the block {' '.join([name, *labels])} is not closed"
                raise ExpressionError(message, opening, "add the closing brace")
            raise self.unexpected("an argument, a block or '}'")
        self.advance()
        return Block(name, tuple(labels), body, self.place(start))

    def reference(self, root: str, start: int) -> Value:
        """The iterator of a dynamic block is an object of key and value, also alone."""
        if root in self.iterators and not self.at("."):
            return Symbol((root,))
        return super().reference(root, start)

    # -- heredocs

    def heredoc(self) -> Value:
        """`<<EOT` or `<<-EOT`; the current token is `<<`."""
        opening = _HEREDOC.match(self.source, self.end)
        if opening is None:
            raise ExpressionError("a heredoc begins with <<NAME and a new line", self.start)
        start = opening.end()
        closing = re.compile(rf"^[ \t]*{re.escape(opening[2])}[ \t]*\r?$", re.MULTILINE)
        found = closing.search(self.source, start)
        if found is None:
            message = f"the heredoc {opening[2]} is not closed"
            raise ExpressionError(message, self.start, f"{opening[2]} on a line of its own")
        before = self.outdent
        text = self.source[start : found.start()]
        self.outdent = _shared_indent(text) if opening[1] else 0
        self.at_line_start = True
        self.depth += 1
        parts, stop = self.template(start, LINE_TEXT, (), found.start())
        self.depth -= 1
        self.outdent = before
        if stop:
            raise ExpressionError(f"unexpected {stop!r}", self.end)
        self.end = found.end()
        # What follows on the closing line is none of the heredoc's business but its line break is.
        self.advance()
        value = join_parts(parts)
        # A heredoc is text, also one that is nothing but an interpolation.
        return value if isinstance(value, str | Template) else Call("tostring", (value,))


_QUOTED = re.compile(r'[^"\\$%\n]+')


def _shared_indent(text: str) -> int:
    """The blanks that every line begins with; blank lines do not count."""
    lines = [line for line in text.splitlines() if line.strip()]
    return min((len(line) - len(line.lstrip()) for line in lines), default=0)
