"""The expression syntax: what text becomes which nodes, and that printing is its inverse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.core.errors import LimitExceeded, NotExpressible
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
    Unknown,
    VariableRef,
)
from dharma.model.expressions.parser import parse_expression, parse_template
from dharma.model.expressions.printer import Spelling, print_expression, print_template
from dharma.model.expressions.templates import join_parts

X = VariableRef("x")

# Text, nodes, and the text that is printed where it differs from the first.
EXPRESSIONS: list[tuple[str, Any, str | None]] = [
    ("null", None, None),
    ("true", True, None),
    ("-1", -1, None),
    ("1.50", 1.5, "1.5"),
    ("1e3", 1000, "1000"),
    ("0.000001", 1e-06, "1e-06"),
    ('"a\\n\\"b\\" \\\\ \\u00e9"', 'a\n"b" \\ é', '"a\\n\\"b\\" \\\\ é"'),
    ('"$${x} %%{ 100% $"', "${x} %{ 100% $", None),
    ('"$$${x}"', "$${x}", None),
    ('"${var.x}"', X, "var.x"),
    ('"a${"b"}"', "ab", '"ab"'),
    (
        '"a-${var.x}-${f("${var.x}!")}"',
        Template(("a-", X, "-", Call("f", (Template((X, "!")),)))),
        None,
    ),
    ('"${"$"}${var.x}"', Template(("$", X)), None),
    ('"a${"$$"}${var.x}$$"', Template(("a$$", X, "$$")), None),
    ('"${-1}${var.x}"', Template((-1, X)), '"${- 1}${var.x}"'),
    ('"a${ {} }"', Template(("a", {})), None),
    (
        "[for v in(true ? [] : []) : v if(v)[0]]",
        ForList(None, "v", Conditional(True, [], []), Symbol(("v",)), Index(Symbol(("v",)), 0)),
        "[for v in true ? [] : [] : v if(v)[0]]",
    ),
    ("aws_kms_key.k.arn", ResourceRef("aws_kms_key.k", ("arn",)), None),
    ("resource.aws_kms_key.k.arn", ResourceRef("aws_kms_key.k", ("arn",)), "aws_kms_key.k.arn"),
    ("AWS::EC2::Route.r.Ref", ResourceRef("AWS::EC2::Route.r", ("Ref",)), None),
    ("provider::aws::arn_parse(1)", Call("provider::aws::arn_parse", (1,)), None),
    ("aws_subnet.s[0].id", ResourceRef("aws_subnet.s", ("id",), 0), None),
    ("aws_subnet.s.0.id", ResourceRef("aws_subnet.s", ("id",), 0), "aws_subnet.s[0].id"),
    ('aws_subnet.s["a b"].id', ResourceRef("aws_subnet.s", ("id",), "a b"), None),
    (
        "aws_subnet.s[count.index].id",
        ResourceRef("aws_subnet.s", ("id",), Symbol(("count", "index"))),
        None,
    ),
    ("aws_x.y.list[0].a", ResourceRef("aws_x.y", ("list", 0, "a")), None),
    ('aws_x.y.tags["a b"]', ResourceRef("aws_x.y", ("tags", "a b")), None),
    ("aws_x.y.list[var.x].a", GetAttr(Index(ResourceRef("aws_x.y", ("list",)), X), "a"), None),
    ("aws_subnet.s[*].id", Splat(ResourceRef("aws_subnet.s"), ("id",)), None),
    ("aws_subnet.s.*.id", Splat(ResourceRef("aws_subnet.s"), ("id",)), "aws_subnet.s[*].id"),
    ("var.x.*.id[0]", Index(Splat(X, ("id",)), 0), "(var.x[*].id)[0]"),
    ("var.x[*].id[0]", Splat(X, ("id", 0)), None),
    (
        "var.x[*].a[*].b",
        ForList(None, "item", X, Splat(Symbol(("item", "a")), ("b",))),
        "[for item in var.x : item.a[*].b]",
    ),
    ('var.x.a["k"][0]', Index(Index(GetAttr(X, "a"), "k"), 0), None),
    ("(aws_x.y).arn", GetAttr(ResourceRef("aws_x.y"), "arn"), None),
    ("data.aws_region.current.name", Ambient("region"), None),
    ("data.aws_region.current.region", Ambient("region"), "data.aws_region.current.name"),
    (
        "data.aws_availability_zones.available.names[1]",
        Index(Ambient("availability_zones"), 1),
        None,
    ),
    ("deployment.id", Ambient("deployment_id"), None),
    ("data.aws_ami.web.id", Symbol(("data", "aws_ami", "web", "id")), None),
    ("local.a.b[0]", Symbol(("local", "a", "b", 0)), None),
    ("module.m.out", ResourceRef("module.m", ("out",)), None),
    ("each.value.cidr", Symbol(("each", "value", "cidr")), None),
    ("1 + 2 * 3", Binary("+", 1, Binary("*", 2, 3)), None),
    ("(1 + 2) * 3", Binary("*", Binary("+", 1, 2), 3), None),
    ("1 - 2 - 3", Binary("-", Binary("-", 1, 2), 3), None),
    ("1 - (2 - 3)", Binary("-", 1, Binary("-", 2, 3)), None),
    ("-var.x", Unary("-", X), None),
    ("-(5)", Unary("-", 5), None),
    ("!(var.x && true)", Unary("!", Binary("&&", X, True)), None),
    ("!var.x && true", Binary("&&", Unary("!", X), True), None),
    (
        "var.x == 1 || var.x > 2 && false",
        Binary("||", Binary("==", X, 1), Binary("&&", Binary(">", X, 2), False)),
        None,
    ),
    ('var.x ? 1 : var.x ? "b" : null', Conditional(X, 1, Conditional(X, "b", None)), None),
    ("(var.x ? true : false) ? 1 : 2", Conditional(Conditional(X, True, False), 1, 2), None),
    ("f(1, [var.x]...)", Call("f", (1, [X]), True), None),
    ("f(1, 2,)", Call("f", (1, 2)), "f(1, 2)"),
    ("[1, [], {}]", [1, [], {}], None),
    (
        '{ a = 1, "b c" : [2], true = 3 }',
        {"a": 1, "b c": [2], "true": 3},
        '{ a = 1, "b c" = [2], true = 3 }',
    ),
    ("{\n a = 1\n b = 2\n}", {"a": 1, "b": 2}, "{ a = 1, b = 2 }"),
    ('{ "for" = 1 }', {"for": 1}, None),
    ("{ (var.x) = 1 }", ObjectConstructor(((X, 1),)), None),
    ("[for v in var.x : v.arn]", ForList(None, "v", X, Symbol(("v", "arn"))), None),
    (
        "[for k, v in var.x : k if v != null]",
        ForList("k", "v", X, Symbol(("k",)), Binary("!=", Symbol(("v",)), None)),
        None,
    ),
    (
        "{for k, v in var.x: k => v...}",
        ForMap("k", "v", X, Symbol(("k",)), Symbol(("v",)), None, True),
        "{ for k, v in var.x : k => v... }",
    ),
    ("var.x /* why */ + 1 # end", Binary("+", X, 1), "var.x + 1"),
    (
        '"%{ if var.x }a%{ else }b%{ endif }!"',
        Template((Conditional(X, "a", "b"), "!")),
        '"${var.x ? "a" : "b"}!"',
    ),
    (
        '"%{ for v in var.x ~}  ${v},%{ endfor }"',
        Call("join", ("", ForList(None, "v", X, Template((Symbol(("v",)), ","))))),
        'join("", [for v in var.x : "${v},"])',
    ),
    ('"a ${~ var.x ~} b"', Template(("a", X, "b")), '"a${var.x}b"'),
]


@pytest.mark.parametrize(("text", "nodes", "printed"), EXPRESSIONS, ids=lambda v: str(v)[:40])
def test_text_becomes_nodes_and_nodes_become_text(
    text: str, nodes: Any, printed: str | None
) -> None:
    assert parse_expression(text) == nodes
    assert print_expression(nodes) == (printed if printed is not None else text)
    assert parse_expression(print_expression(nodes)) == nodes


TEMPLATES: list[tuple[str, Any]] = [
    ("plain $ text 100% {}", "plain $ text 100% {}"),
    ('C:\\n "quoted"', 'C:\\n "quoted"'),
    ("$${literal} %%{literal}", "${literal} %{literal}"),
    ("${var.x}", X),
    ("${aws_kms_key.k.arn}", ResourceRef("aws_kms_key.k", ("arn",))),
    ("${var.x}-assets", Template((X, "-assets"))),
    ('${join(",", ["a", "${var.x}b"])}', Call("join", (",", ["a", Template((X, "b"))]))),
    ("${ {a = 1} }", {"a": 1}),
    ("line\n${var.x}\nend", Template(("line\n", X, "\nend"))),
    ("${5}", 5),
]


@pytest.mark.parametrize(("text", "nodes"), TEMPLATES, ids=lambda v: str(v)[:40])
def test_a_string_of_a_blueprint_is_a_template(text: str, nodes: Any) -> None:
    assert parse_template(text) == nodes
    assert parse_template(print_template(nodes)) == nodes


FAULTS: list[tuple[str, int, str]] = [
    ("1 +", 3, "the text ends where a value should be"),
    ("f(1", 3, "')' to close f("),
    ("[1 2]", 3, "']'"),
    ("{ a 1 }", 4, "'='"),
    ("{ a = 1 b = 2 }", 8, "','"),
    ("{ a.b = 1 }", 2, "ambiguous"),
    ('"abc', 0, "not closed"),
    ('"a${var.x"', 9, "to close the interpolation"),
    ('"\\q"', 1, "escape"),
    ("environment", 0, "nothing is called 'environment'"),
    ("var", 3, "'.'"),
    ("a ? b", 0, "nothing is called 'a'"),
    ("1 ? 2", 5, "':'"),
    ("<<EOT", 0, "heredoc"),
    ("a & b", 2, "'&'"),
    ("[for x y]", 7, "'in'"),
    ("1 1", 2, "an operator or the end"),
    ('"%{ if true }a"', 4, "endif"),
    ('"%{ while }"', 4, "'if' or 'for'"),
]


@pytest.mark.parametrize(("text", "offset", "message"), FAULTS)
def test_a_fault_says_what_is_wrong_and_where(text: str, offset: int, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert message in caught.value.message
    if "nothing is called" not in message:
        assert caught.value.offset == offset


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "[" * 5000,
        "-" * 5000 + "1",
        "!" * 5000 + "var.x",
        "1" + "+1" * 5000,
        "var.x" + ".a" * 5000,
        "var.x" + "[*]" * 5000,
        "var.x" + "[*].a[var.y]" * 5000,
        "var.x" + ".*.a" * 5000,
        'f("${' * 300,
        '"${' * 300,
        "var.x ? 1 : " * 300 + "1",
        'a["${' * 3000,
        "a" * 70_000,
        "1" * 400,
    ],
    ids=lambda text: text[:8],
)
def test_depth_and_length_have_limits(text: str) -> None:
    with pytest.raises((LimitExceeded, ExpressionError)):
        parse_expression(text)


def test_names_of_a_for_expression_end_with_it() -> None:
    value = parse_expression("[for v in [for v in var.x : v.a] : v]")
    assert isinstance(value, ForList)
    assert isinstance(value.collection, ForList)
    assert parse_expression("[[for v in var.x : v], v.a.b]") == [
        ForList(None, "v", X, Symbol(("v",))),
        ResourceRef("v.a", ("b",)),
    ]


def test_an_unknown_value_has_no_text() -> None:
    with pytest.raises(NotExpressible, match="not known has no text: later"):
        print_expression(Unknown("later"))


def test_a_writer_can_spell_references_its_own_way() -> None:
    class Own(Spelling):
        def variable(self, ref: VariableRef) -> str:
            return f"local.{ref.name}"

        def address(self, ref: ResourceRef) -> str:
            return f"module.m.{ref.address}"

    text = print_expression(Template(("a", X, ResourceRef("t.n", ("id",), 0))), Own())
    assert text == '"a${local.x}${module.m.t.n[0].id}"'


@pytest.mark.parametrize("text", ["1e999", "1e9999991", "1e-9999991", "1e99999999999999999999"])
def test_a_number_beyond_all_range_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"out of range|not a number"):
        parse_expression(text)


def test_an_attribute_that_is_not_ascii_is_no_instance() -> None:
    value = ResourceRef("aws_subnet.b", ("idé", "é"))
    assert parse_expression(print_expression(value)) == value


def test_an_index_that_prints_as_a_whole_number_does_not_melt_into_a_reference() -> None:
    value = Index(ResourceRef("aws_t.n", (), 1), 0.0)
    assert parse_expression(print_expression(value)) == value


names = st.sampled_from(["a", "b2", "long_name", "x-y"])
texts = st.one_of(
    st.text(alphabet='ab "\\$%{}~\n\té☃\x00', max_size=6),
    st.text(alphabet="$%{a", max_size=5),
)
numbers = st.one_of(
    st.integers(-(10**25), 10**25), st.floats(allow_nan=False, allow_infinity=False)
)
paths = st.lists(st.one_of(names, texts, st.integers(0, 30)), max_size=2).map(tuple)
leaves: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    texts,
    names.map(VariableRef),
    st.sampled_from(["region", "account_id", "deployment_id", "availability_zones"]).map(Ambient),
    st.builds(lambda n, p: ResourceRef(f"aws_t.{n}", ("arn", *p)), names, paths),
    st.builds(lambda n, p: Symbol(("local", n, *p)), names, paths),
)


def _grow(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    few = st.lists(inner, max_size=3)
    operators = st.sampled_from(
        ["||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"]
    )
    bound = st.sampled_from(["each_item", "v"])
    return st.one_of(
        few,
        st.dictionaries(st.one_of(names, texts, st.just("for")), inner, max_size=3),
        st.lists(st.one_of(texts, inner), min_size=2, max_size=4).map(join_parts),
        st.builds(Binary, operators, inner, inner),
        st.builds(Unary, st.sampled_from("-!"), inner),
        st.builds(Conditional, inner, inner, inner),
        st.builds(GetAttr, inner, names),
        st.builds(Index, inner, inner),
        st.builds(Splat, inner, paths),
        st.builds(lambda n, a, e: Call(n, tuple(a), e and bool(a)), names, few, st.booleans()),
        st.builds(lambda p, i: ResourceRef("aws_t.n", p, i), paths, inner.filter(_is_instance)),
        st.builds(lambda k, v: ObjectConstructor(((VariableRef("k"), v), (k, v))), names, inner),
        st.builds(
            lambda v, c, r, i: ForList(None, v, c, (r, Symbol((v, "a")))[i], None),
            bound,
            inner,
            inner,
            st.integers(0, 1),
        ),
        st.builds(
            lambda k, v, c, r, g: ForMap(k, v, c, Symbol((k,)), r, True, g),
            st.just("k"),
            bound,
            inner,
            inner,
            st.booleans(),
        ),
    )


def _is_instance(value: Any) -> bool:
    return value is not None


values = st.recursive(leaves, _grow, max_leaves=12)


@settings(max_examples=400, deadline=None)
@given(values)
def test_printing_is_the_inverse_of_parsing(value: Any) -> None:
    text = print_expression(value)
    again = parse_expression(text)
    assert again == value
    assert print_expression(again) == text
    template = print_template(value)
    assert parse_template(template) == value


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ab1.[]{}()"$%~?:,=>*+-!& \n\\', max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for parse in (parse_expression, parse_template):
        try:
            value = parse(text)
        except (ExpressionError, LimitExceeded):
            continue
        assert parse_expression(print_expression(value)) == value
