"""Text in Terraform's expression syntax to nodes.

A Pratt parser: binary operators by binding power, everything else by descent; strings are
`template_parser`'s. The grammar is HashiCorp's "HCL Native Syntax Specification"; directives
(`%{if}`, `%{for}`) become conditionals and `for` expressions. A single value has no heredocs; files
have them, which `dharma.blueprint.readers.terraform.syntax` reads with this same parser.

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
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from dharma.core.errors import LimitExceeded
from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.grammar import AMBIENT_SPELLING, BINDING_POWER, KEYWORDS
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
    Unary,
    Value,
    VariableRef,
    children,
)
from dharma.model.expressions.template_parser import TemplateParser

MAX_HEIGHT = 128  # of the tree: chains such as a + b + c grow it without nesting
MAX_DIGITS = 300


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

_LITERAL_KEY = re.compile(
    r'\s*(?:\d{1,9}|"(?:[^"\\$%\n]|\\.|\$\$\{|%%\{|[$%](?!\{))*")\s*\]',
)
_LEGACY_INSTANCE = re.compile(r"\s*(\d{1,9})\b")
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
    return _parsed(text, offset, ExpressionParser.bare_template)


def parse_expression(text: str, offset: int = 0) -> Value:
    """The value of a bare expression (`var.a + 1`), as it stands in HCL after `=`."""
    return _parsed(text, offset, ExpressionParser.whole)


def _parsed(text: str, offset: int, read: Callable[[ExpressionParser], Value]) -> Value:
    try:
        value = read(ExpressionParser(text))
    except ExpressionError as error:
        error.offset += offset
        raise
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


class ExpressionParser(TemplateParser):
    """Expressions, from the current token on."""

    def whole(self) -> Value:
        """The one expression that the text is."""
        self.advance()
        value = self.expression()
        if self.kind != "end":
            raise self.unexpected("an operator or the end")
        return value

    # -- operators

    def expression(self) -> Value:
        self.nest()
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
        self.nest()
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
                mark = self.mark()
                self.advance()
                if self.kind == "number":
                    path.extend(self.legacy_index(d) for d in self.text.split("."))
                    self.advance()
                elif self.at("*"):
                    self.back_to(mark)
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
        self.nest()
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

    # -- names

    def name(self) -> Value:
        name, start = self.text, self.start
        self.advance()
        # In an object the next line may begin with a computed key, `(key) = value`.
        if self.at("(") and not self.on_new_line and name not in self.bound:
            return self.call(name)
        if name in self.bound:
            return Symbol((name, *self.path()))
        if name in KEYWORDS:
            return KEYWORDS[name]
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
            mark = self.mark()
            self.advance()
            if self.kind == "ident" and (*names, self.text) in AMBIENT_SPELLING:
                names.append(self.text)
                self.advance()
            else:
                self.back_to(mark)
        ambient = AMBIENT_SPELLING.get(tuple(names))
        if ambient is not None:
            return Ambient(ambient)
        return Symbol((*names, *self.path()))

    def resource(self, address: str) -> Value:
        instance: Value = None
        if self.at("["):
            mark = self.mark()
            self.advance()
            if self.at("*"):
                self.back_to(mark)
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

    # -- lists, objects and loops

    def tuple_or_for(self) -> Value:
        self.advance()
        if self.opens_for():
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
        return self.at_keyword("for") and self.next_kind() == "ident"

    def object_or_for(self) -> Value:
        self.advance()
        if self.opens_for():
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
        key, value, collection = self.loop_header()
        self.expect(":", " of the for expression")
        names = self.bind(key, value)
        result_key: Value = None
        grouping = False
        result = self.expression()
        if closing == "}":
            self.expect("=>", " of the for expression")
            result_key, result = result, self.expression()
            grouping = self.take("...")
        condition: Value = None
        if self.at_keyword("if"):
            self.advance()
            condition = self.expression()
        del self.bound[-names:]
        self.expect(closing, " to close the for expression")
        if closing == "}":
            return ForMap(key, value, collection, result_key, result, condition, grouping)
        return ForList(key, value, collection, result, condition)
