"""Text in Terraform's expression syntax to nodes.

A Pratt parser over the characters: binary operators by binding power, everything else by descent,
quoted templates read in place so that strings may nest in interpolations without limit but depth.
The grammar is HashiCorp's "HCL Native Syntax Specification"; directives (`%{if}`, `%{for}`) become
conditionals and `for` expressions. A single value has no heredocs; files have them, which
`dharma.blueprint.readers.terraform.syntax` reads with this same parser.

How names become nodes:

    var.x                    VariableRef("x"), what follows is GetAttr and Index
    aws_kms_key.k.arn        ResourceRef("aws_kms_key.k", ("arn",))
    aws_subnet.s[0].id       ResourceRef("aws_subnet.s", ("id",), instance=0)
    AWS::EC2::Route.r.Ref    ResourceRef("AWS::EC2::Route.r", ("Ref",)), our addition
    data.aws_region.current.name, deployment.id ...    Ambient, see `AMBIENT_SPELLING`
    module.vpc.id            ResourceRef("module.vpc", ("id",)), a call of a module
    local.x, each.key, data.t.n.a, a name bound by `for`    Symbol
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from dharma.core.errors import LimitExceeded
from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    ForList,
    ForMap,
    GetAttr,
    Index,
    ObjectConstructor,
    ResourceRef,
    Splat,
    Symbol,
    Template,
    Unary,
    Value,
    VariableRef,
    children,
)
from dharma.model.expressions.templates import join_parts

MAX_LENGTH = 64 * 1024
MAX_DEPTH = 64  # of nesting in the text; the parser is recursive
MAX_HEIGHT = 128  # of the tree: chains such as a + b + c grow it without nesting
MAX_DIGITS = 300

AMBIENT_SPELLING: dict[tuple[str, ...], str] = {
    ("data", "aws_region", "current", "name"): "region",
    ("data", "aws_region", "current", "region"): "region",
    ("data", "aws_caller_identity", "current", "account_id"): "account_id",
    ("data", "aws_partition", "current", "partition"): "partition",
    ("data", "aws_partition", "current", "dns_suffix"): "url_suffix",
    ("data", "aws_availability_zones", "available", "names"): "availability_zones",
    ("data", "google_client_config", "current", "region"): "region",
    ("data", "google_client_config", "current", "project"): "project",
    ("data", "azurerm_client_config", "current", "subscription_id"): "subscription_id",
    ("data", "azurerm_client_config", "current", "tenant_id"): "tenant_id",
    ("data", "azurerm_client_config", "current", "object_id"): "principal_id",
    ("deployment", "name"): "deployment_name",
    ("deployment", "id"): "deployment_id",
}

BINDING_POWER = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}

# Roots whose further steps are a plain path; the number is how many names belong to the root.
_SYMBOL_ROOTS = {
    "local": 2,
    "each": 2,
    "count": 2,
    "data": 3,
    "path": 2,
    "terraform": 2,
    "self": 2,
    "ephemeral": 3,
}

_TOKEN = re.compile(
    r"(?:[ \t\r\n]+|\#[^\n]*|//[^\n]*|/\*.*?\*/)*"
    r"(?:(?P<ident>[^\W\d][\w-]*(?:::[^\W\d][\w-]*)*)"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<op>\.\.\.|&&|\|\||==|!=|<=|>=|=>|<<|[-+*/%<>!?:=.,()\[\]{}~\"])"
    r"|(?P<end>\Z)"
    r"|(?P<bad>.))",
    re.DOTALL,
)
_QUOTED_TEXT = re.compile(r'[^"\\$%\n]+')
# Of a bare template one piece is one line at most: strip markers (`~`) take no more than that.
LINE_TEXT = re.compile(r"[^$%\n]*\n|[^$%\n]+")
_BLANKS = re.compile(r"[^\S\n]*\n?")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_LITERAL_KEY = re.compile(
    r'\s*(?:\d{1,9}|"(?:[^"\\$%\n]|\\.|\$\$\{|%%\{|[$%](?!\{))*")\s*\]',
)
_LEGACY_INSTANCE = re.compile(r"\s*(\d{1,9})\b")
_TYPE_NAME = re.compile(r"[^\W\d][\w-]*(?:::[^\W\d][\w-]*)*\Z")
_IDENTIFIER = re.compile(r"[^\W\d][\w-]*\Z")
_SIMPLE = re.compile(
    r"\$\{(?:var\.(?P<variable>[A-Za-z_]\w*)"
    r"|(?P<address>(?P<root>[a-z]+_[a-z0-9_]+)\.[A-Za-z_]\w*)\.(?P<attribute>[A-Za-z_]\w*))\}\Z",
    re.ASCII,
)


def parse_template(text: str, offset: int = 0) -> Value:
    """The value of a string property: literal text with `${...}` inside.

    `offset` is added to the offset of an ExpressionError.
    """
    if "${" not in text and "%{" not in text:
        return text
    simple = _SIMPLE.match(text)
    if simple:
        if simple["variable"]:
            return VariableRef(simple["variable"])
        return ResourceRef(simple["address"], (simple["attribute"],))
    try:
        parser = ExpressionParser(text)
        value = parser.bare_template()
    except ExpressionError as error:
        error.offset += offset
        raise
    return _checked(value, text)


def parse_expression(text: str, offset: int = 0) -> Value:
    """The value of a bare expression (`var.a + 1`), as it stands in HCL after `=`."""
    try:
        parser = ExpressionParser(text)
        parser.advance()
        value = parser.expression()
        if parser.kind != "end":
            raise parser.unexpected("an operator or the end")
    except ExpressionError as error:
        error.offset += offset
        raise
    return _checked(value, text)


def is_identifier(text: str) -> bool:
    return _IDENTIFIER.match(text) is not None


def is_type_name(text: str) -> bool:
    """Whether a text can be the type of a resource: `aws_s3_bucket`, `AWS::S3::Bucket`."""
    return _TYPE_NAME.match(text) is not None


def _checked(value: Value, text: str) -> Value:
    return of_sensible_height(value, len(text))


def of_sensible_height(value: Value, length: int) -> Value:
    """The value of a text of that length; LimitExceeded for a tree that recursion cannot walk."""
    if length <= MAX_HEIGHT:
        return value
    level: list[Value] = [value]
    for _ in range(MAX_HEIGHT):
        level = [child for node in level for child in children(node)]
        if not level:
            return value
    raise LimitExceeded(f"an expression has more than {MAX_HEIGHT} levels")


class ExpressionParser:
    """A cursor over the text. `kind`, `text`, `start`, `end` are the current token."""

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
        self.bound: list[str] = []
        # Of the heredoc that is being read: blanks that its lines do without.
        self.outdent = 0
        self.at_line_start = True

    # -- tokens

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

    def unexpected(self, wanted: str) -> ExpressionError:
        found = "the text ends" if self.kind == "end" else f"found {self.text!r}"
        return ExpressionError(f"{found} where {wanted} should be", self.start)

    def at(self, operator: str) -> bool:
        return self.kind == "op" and self.text == operator

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

    # -- operators

    def expression(self) -> Value:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise LimitExceeded(f"an expression is nested deeper than {MAX_DEPTH} levels")
        value = self.binary(1)
        if self.take("?"):
            then = self.expression()
            self.expect(":", " of the conditional")
            value = Conditional(value, then, self.expression())
        self.depth -= 1
        return value

    def binary(self, least: int) -> Value:
        left = self.unary()
        while self.kind == "op" and (power := BINDING_POWER.get(self.text, 0)) >= least:
            operator = self.text
            self.advance()
            left = Binary(operator, left, self.binary(power + 1))
        return left

    def unary(self) -> Value:
        if not (self.at("-") or self.at("!")):
            return self.postfix()
        operator = self.text
        self.advance()
        if operator == "-" and self.kind == "number":
            # The sign belongs to the literal, so that -1 is the number and not an operation.
            start = self.start
            value = self.postfix()
            if isinstance(value, int | float) and not isinstance(value, bool):
                return -value
            raise ExpressionError("a number has no attributes", start)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise LimitExceeded(f"an expression is nested deeper than {MAX_DEPTH} levels")
        operand = self.unary()
        self.depth -= 1
        return Unary(operator, operand)

    # -- steps behind a value

    def postfix(self) -> Value:
        return self.steps(self.term())

    def steps(self, value: Value) -> Value:
        while True:
            if self.at("."):
                self.advance()
                if self.take("*"):
                    value = self.attribute_splat(value)
                elif self.kind == "number":
                    for digits in self.text.split("."):
                        value = Index(value, self.legacy_index(digits))
                    self.advance()
                else:
                    value = GetAttr(value, self.identifier("a name"))
            elif self.at("["):
                self.advance()
                if self.take("*"):
                    self.expect("]")
                    value = self.full_splat(value)
                else:
                    key = self.expression()
                    self.expect("]", " after the index")
                    value = Index(value, key)
            else:
                return value

    def legacy_index(self, digits: str) -> int:
        if not digits.isdigit() or len(digits) > 9:
            raise self.unexpected("an index")
        return int(digits)

    def path(self) -> tuple[str | int, ...]:
        """Attributes and literal indices, as far as they go."""
        path: list[str | int] = []
        while True:
            if self.at("."):
                mark = (self.kind, self.text, self.start, self.end)
                self.advance()
                if self.kind == "number":
                    path.extend(self.legacy_index(d) for d in self.text.split("."))
                    self.advance()
                elif self.at("*"):
                    self.kind, self.text, self.start, self.end = mark
                    return tuple(path)
                else:
                    path.append(self.identifier("the name of an attribute"))
            elif self.at("[") and (key := self.literal_key()) is not None:
                path.append(key)
            else:
                return tuple(path)

    def literal_key(self) -> str | int | None:
        """The key of `[0]` or `["name"]`, consumed; None (nothing consumed) for any other index."""
        # Looked at before it is read: reading twice would double the work at each nesting.
        if not _LITERAL_KEY.match(self.source, self.end):
            return None
        self.advance()
        key = self.term()
        self.expect("]", " after the index")
        if isinstance(key, str | int):
            return key
        raise self.unexpected("an index")  # pragma: no cover - excluded by the look ahead

    def attribute_splat(self, collection: Value) -> Value:
        """`a.*.b.c`: only attributes belong to the splat; an index works on its result."""
        path: list[str | int] = []
        while self.at("."):
            self.advance()
            path.append(self.identifier("the name of an attribute"))
        return Splat(collection, tuple(path))

    def full_splat(self, collection: Value) -> Value:
        """`a[*].b[0].c`: every step behind belongs to the splat. Steps that `Splat` cannot hold
        (`a[*].b[var.i]`, `a[*].b[*]`) are written as the `for` expression that they mean."""
        path = self.path()
        if not (self.at("[") or self.at(".")):
            return Splat(collection, path)
        # Each of these lies in the one before, as a `for` would.
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise LimitExceeded(f"an expression is nested deeper than {MAX_DEPTH} levels")
        name = "item"
        while name in self.bound:
            name += "_"
        self.bound.append(name)
        result = self.steps(Symbol((name, *path)))
        self.bound.pop()
        self.depth -= 1
        return ForList(None, name, collection, result)

    # -- terms

    def term(self) -> Value:
        if self.kind == "ident":
            return self.name()
        if self.kind == "number":
            value = self.number()
            self.advance()
            return value
        if self.at('"'):
            return self.quoted()
        if self.at("("):
            self.advance()
            inner = self.expression()
            self.expect(")", " to close the parenthesis")
            return inner
        if self.at("["):
            return self.tuple_or_for()
        if self.at("{"):
            return self.object_or_for()
        if self.at("<<"):
            return self.heredoc()
        raise self.unexpected("a value")

    def heredoc(self) -> Value:
        raise ExpressionError(
            "a heredoc cannot stand inside an expression", self.start, "use a quoted string"
        )

    def number(self) -> int | float:
        if len(self.text) > MAX_DIGITS:
            raise LimitExceeded(f"a number is longer than {MAX_DIGITS} digits")
        if self.text.isdigit():
            return int(self.text)
        try:
            exact = Decimal(self.text)
        except InvalidOperation as error:  # pragma: no cover - the token's shape is a decimal
            raise ExpressionError("not a number", self.start) from error
        approximate = float(exact)
        # In this order: an exponent of millions has no integral value that decimals can hold.
        if abs(approximate) < 2**53 and exact == exact.to_integral_value():
            return int(exact)
        if approximate in (float("inf"), 0.0):
            raise ExpressionError("a number is out of range", self.start)
        return approximate

    def name(self) -> Value:
        name, start = self.text, self.start
        self.advance()
        # In an object the next line may begin with a computed key, `(key) = value`.
        if self.at("(") and not self.on_new_line and name not in self.bound:
            return self.call(name)
        if name in self.bound:
            return Symbol((name, *self.path()))
        if name in _KEYWORDS:
            return _KEYWORDS[name]
        if name == "var":
            self.expect(".", ", as in var.name,")
            return VariableRef(self.identifier("the name of a variable"))
        return self.reference(name, start)

    def call(self, name: str) -> Value:
        self.advance()
        arguments: list[Value] = []
        expand = False
        while not self.at(")"):
            arguments.append(self.expression())
            if self.take("..."):
                expand = True
                break
            if not self.take(","):
                break
        self.expect(")", f" to close {name}(")
        return Call(name, tuple(arguments), expand)

    def reference(self, root: str, start: int) -> Value:
        if root == "resource" and self.at("."):
            self.advance()
            root = self.identifier("a resource type")
        names = [root]
        needed = _SYMBOL_ROOTS.get(root, 2)
        while len(names) < needed:
            if not self.at("."):
                raise self.too_short(names, start)
            self.advance()
            names.append(self.identifier("a name"))
        if root in {"data", "deployment"}:
            return self.data_or_ambient(names)
        if root in _SYMBOL_ROOTS:
            return Symbol((*names, *self.path()))
        return self.resource(".".join(names))

    def too_short(self, names: list[str], start: int) -> ExpressionError:
        name = ".".join(names)
        if len(names) == 1 and names[0] not in _SYMBOL_ROOTS:
            return ExpressionError(
                f"nothing is called {name!r} here",
                start,
                f'var.{name} for a variable, "{name}" for text, type.name for a resource',
            )
        return ExpressionError(f"{name!r} is not a complete reference", start)

    def data_or_ambient(self, names: list[str]) -> Value:
        if names[0] == "data" and self.at("."):
            mark = (self.kind, self.text, self.start, self.end)
            self.advance()
            if self.kind == "ident" and (*names, self.text) in AMBIENT_SPELLING:
                names.append(self.text)
                self.advance()
            else:
                self.kind, self.text, self.start, self.end = mark
        ambient = AMBIENT_SPELLING.get(tuple(names))
        if ambient is not None:
            return Ambient(ambient)
        return Symbol((*names, *self.path()))

    def resource(self, address: str) -> Value:
        instance: Value = None
        if self.at("["):
            mark = (self.kind, self.text, self.start, self.end)
            self.advance()
            if self.at("*"):
                self.kind, self.text, self.start, self.end = mark
                return ResourceRef(address)
            instance = self.expression()
            self.expect("]", " after the index")
            if instance is None:
                return Index(ResourceRef(address), None)
        elif self.at(".") and (digits := _LEGACY_INSTANCE.match(self.source, self.end)):
            # The old `aws_subnet.app.0.id`.
            instance = int(digits[1])
            self.end = digits.end()
            self.advance()
        return ResourceRef(address, self.path(), instance)

    def tuple_or_for(self) -> Value:
        self.advance()
        if self.kind == "ident" and self.text == "for" and self.opens_for():
            return self.for_expression("]")
        items: list[Value] = []
        while not self.at("]"):
            items.append(self.expression())
            if not self.take(","):
                break
        self.expect("]", " to close the list")
        return items

    def opens_for(self) -> bool:
        """Whether `for` is the keyword: a name follows it, not an operator."""
        ahead = _TOKEN.match(self.source, self.end)
        return ahead is not None and ahead.lastgroup == "ident"

    def object_or_for(self) -> Value:
        self.advance()
        if self.kind == "ident" and self.text == "for" and self.opens_for():
            return self.for_expression("}")
        items: list[tuple[Value, Value]] = []
        while not self.at("}"):
            key = self.object_key()
            if not (self.take("=") or self.take(":")):
                raise self.unexpected("'=' after the key of an object")
            items.append((key, self.expression()))
            # In an object a line break separates items too.
            if not self.take(",") and not self.at("}") and not self.on_new_line:
                raise self.unexpected("',' or '}'")
        self.expect("}", " to close the object")
        if all(isinstance(key, str) for key, _ in items):
            return {str(key): value for key, value in items}
        return ObjectConstructor(tuple(items))

    def object_key(self) -> Value:
        if self.kind == "ident":
            name, start = self.text, self.start
            self.advance()
            if self.at(".") or self.at("["):
                raise ExpressionError(
                    "a reference as the key of an object is ambiguous",
                    start,
                    f"({name}...) for its value, quotes for the text",
                )
            if not self.at("("):
                return name
            return self.steps(self.call(name))
        key = self.expression()
        if isinstance(key, bool):
            return "true" if key else "false"
        if isinstance(key, int):
            return str(key)
        return key

    def for_expression(self, closing: str) -> Value:
        self.advance()
        key, value = None, self.identifier("a name for each item")
        if self.take(","):
            key, value = value, self.identifier("a name for each item")
        if not (self.kind == "ident" and self.text == "in"):
            raise self.unexpected("'in'")
        self.advance()
        collection = self.expression()
        self.expect(":", " of the for expression")
        names = [value] if key is None else [key, value]
        self.bound.extend(names)
        result_key: Value = None
        grouping = False
        result = self.expression()
        if closing == "}":
            self.expect("=>", " of the for expression")
            result_key, result = result, self.expression()
            grouping = self.take("...")
        condition: Value = None
        if self.kind == "ident" and self.text == "if":
            self.advance()
            condition = self.expression()
        del self.bound[-len(names) :]
        self.expect(closing, " to close the for expression")
        if closing == "}":
            return ForMap(key, value, collection, result_key, result, condition, grouping)
        return ForList(key, value, collection, result, condition)

    # -- templates

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
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise LimitExceeded(f"an expression is nested deeper than {MAX_DEPTH} levels")
        start = self.start
        value: Value
        if self.kind == "ident" and self.text == "if":
            self.advance()
            condition = self.expression()
            then, stop = self.body(text, ("else", "endif"), start, limit)
            otherwise: Value = ""
            if stop == "else":
                self.advance()
                otherwise, _ = self.body(text, ("endif",), start, limit)
            value = Conditional(condition, then, otherwise)
        elif self.kind == "ident" and self.text == "for":
            self.advance()
            key, item = None, self.identifier("a name for each item")
            if self.take(","):
                key, item = item, self.identifier("a name for each item")
            if self.kind != "ident" or self.text != "in":
                raise self.unexpected("'in'")
            self.advance()
            collection = self.expression()
            names = [item] if key is None else [key, item]
            self.bound.extend(names)
            result, _ = self.body(text, ("endfor",), start, limit)
            del self.bound[-len(names) :]
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


def _strip_right(parts: list[Value]) -> None:
    if parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip()


_KEYWORDS: dict[str, Value] = {"true": True, "false": False, "null": None}
