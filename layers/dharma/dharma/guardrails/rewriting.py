"""Meaning-preserving edits of a Rego module, for what the evaluator gets wrong in silence.

regorus 0.13.0 (found by trying; each has a test in tests/unit/guardrails/test_rewriting.py):

1. A rule head whose key or value becomes undefined in one iteration loses what the other
   iterations found: `deny contains sprintf("%s", [r.owner]) if some r in rs` is empty as soon as
   one `r` has no owner, where OPA leaves out only that one. Moved into the body
   (`deny contains v if { some r in rs; v := sprintf("%s", [r.owner]) }`) it is right.
2. `[path, value] := walk(x)` yields nothing; `walk(x, [path, value])` yields every node.

Builtins of Rego v0 that have another name by now get it.

The edits are made on the text, so that the rest stays byte for byte what the author wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from dharma.guardrails.builtins import RENAMED
from dharma.guardrails.rego_tokens import Token, closing, opening, tokens
from dharma.guardrails.syntax_tree import Node

Edit = tuple[int, int, str]
"""Replace the bytes [start, end) by a text; edits of one pass never overlap."""

_ALWAYS_DEFINED = frozenset(
    {"String", "RawString", "Number", "Bool", "Null", "Var"}
    | {"ArrayCompr", "SetCompr", "ObjectCompr"}
)
_ROUNDS = 50


class Unfaithful(Exception):
    """The evaluator would misread this module, and it cannot be rewritten."""


def rewrite(source: str, parse: Callable[[str], Node]) -> str:
    """The module in a form that regorus evaluates as OPA does.

    `parse` gives the module's tree (`ast` of regorus's `get_ast_as_json`) and raises on a text that
    is no Rego. Raises `Unfaithful` where no edit would do.
    """
    text = source.encode()
    if not parse(source)["rego_v1"]:
        text = _apply(text, list(_rename_edits(text)))
    for _ in range(_ROUNDS):
        edit = _walk_edit(text)
        if edit is None:
            break
        text = _apply(text, [edit])
    else:
        raise Unfaithful(f"more than {_ROUNDS} calls of walk")
    return _apply(text, list(_head_edits(parse(text.decode()), text))).decode()


def _apply(text: bytes, edits: list[Edit]) -> bytes:
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement.encode() + text[end:]
    return text


def _rename_edits(text: bytes) -> Iterator[Edit]:
    """Calls of builtins that have another name by now."""
    found = tokens(text)
    for token, following in pairwise(found):
        if token.kind == "name" and token.text in RENAMED and following.text == b"(":
            yield token.start, token.end, RENAMED[token.text].decode()


# --- walk -----------------------------------------------------------------------------------------


def _walk_edit(text: bytes) -> Edit | None:
    """The first call of walk with one argument, as a relation."""
    found = tokens(text)
    for i, token in enumerate(found[:-1]):
        if token.kind != "name" or token.text != b"walk" or found[i + 1].text != b"(":
            continue
        end = closing(found, i + 1)
        inner = found[i + 2 : end]
        if any(t.text == b"," and t.depth == token.depth + 1 for t in inner):
            continue
        pattern = _pattern_before(found, i)
        if not inner or pattern is None:
            line = text.count(b"\n", 0, token.start) + 1
            raise Unfaithful(
                f"line {line}: walk(x) is understood only as `[path, value] := walk(x)` "
                "or `walk(x, [path, value])`"
            )
        first, declares = pattern
        taken = found[first : i - 1]
        relation = f"walk({_text(inner, text)}, {_text(taken, text)})"
        names = sorted({t.text.decode() for t in taken if t.kind == "name"} - {"_"})
        if declares and names:
            relation = f"some {', '.join(names)}; {relation}"
        return taken[0].start, found[end].end, relation
    return None


def _pattern_before(found: Sequence[Token], call: int) -> tuple[int, bool] | None:
    """Where the pattern in `pattern := walk(...)` starts, and whether it declares its variables."""
    if call < 2 or found[call - 1].text not in {b":=", b"="}:
        return None
    last = found[call - 2]
    if last.text == b"]":
        first = opening(found, call - 2)
    elif last.kind == "name":
        first = call - 2
    else:
        return None
    return first, found[call - 1].text == b":="


# --- heads ----------------------------------------------------------------------------------------


def _head_edits(tree: Node, text: bytes) -> Iterator[Edit]:
    rules = tree["rules"]
    starts = [next(iter(rule.values()))["span"]["start"] for rule in rules] + [len(text)]
    for number, rule in enumerate(rules):
        spec = rule.get("Spec")
        if spec is not None and _moves_something(spec):
            found = tokens(text, starts[number], starts[number + 1])
            yield from _rule_edits(spec, found, text, f"dharma_head_{number}", tree["rego_v1"])


def _moves_something(rule: Node) -> bool:
    ((form, head),) = rule["head"].items()
    if any(_may_be_undefined(key) for key in _head_keys(form, head)):
        return True
    return any(
        value is not None and _may_be_undefined(value["value"])
        for value in _moved_values(rule, form, head)
    )


def _moved_values(rule: Node, form: str, head: Node) -> list[Node | None]:
    """The values whose being undefined the evaluator mishandles, one per body."""
    bodies = rule["bodies"]
    iterates = form == "Compr" and "Var" not in head["refr"]
    branches = form == "Func" and any(body["is_else"] for body in bodies)
    if not (iterates or branches):
        return []
    return [head.get("assign"), *(body["assign"] for body in bodies if body["is_else"])]


def _head_keys(form: str, head: Node) -> list[Node]:
    """The keys in the order of the text: those in brackets, then the one behind `contains`."""
    keys: list[Node] = []
    reference = head["refr"]
    while "Var" not in reference:
        ((tag, node),) = reference.items()
        if tag == "RefBrack":
            keys.insert(0, node["index"])
        reference = node["refr"]
    if form == "Set" and head.get("key") is not None:
        keys.append(head["key"])
    return keys


def _may_be_undefined(expression: Node) -> bool:
    """Variables of the body, literals and comprehensions are always defined, arrays and objects if
    their parts are."""
    ((tag, node),) = expression.items()
    if tag in {"Array", "Set"}:
        return any(_may_be_undefined(item) for item in node["items"])
    if tag == "Object":
        return any(_may_be_undefined(part) for field in node["fields"] for part in field[1:])
    return tag not in _ALWAYS_DEFINED


def _rule_edits(
    rule: Node, found: Sequence[Token], text: bytes, name: str, v1: bool
) -> Iterator[Edit]:
    ((form, head),) = rule["head"].items()
    values = _moved_values(rule, form, head)
    has_body = bool(rule["bodies"])
    for number, clause in enumerate(_clauses(found)):
        front, query = _split_clause(clause, has_body)
        moved: list[tuple[str, str]] = []
        sign = _sign_of_value(front)
        if number == 0:
            spans = _key_spans(front, sign)
            for place, (key, span) in enumerate(zip(_head_keys(form, head), spans, strict=True)):
                if _may_be_undefined(key):
                    moved.append((f"{name}_{place}", _text(span, text)))
                    yield span[0].start, span[-1].end, moved[-1][0]
        value = values[number] if number < len(values) else None
        if value is not None and sign is not None and _may_be_undefined(value["value"]):
            span = front[sign + 1 :]
            moved.append((f"{name}_value", _text(span, text)))
            yield span[0].start, span[-1].end, moved[-1][0]
        if moved:
            added = "; ".join(
                f"{local} := {expression}" + ("\n" if "#" in expression else "")
                for local, expression in moved
            )
            yield from _body_edits(front, query, added, text, v1)


def _clauses(found: Sequence[Token]) -> list[Sequence[Token]]:
    """The rule's own clause, then one per `else`."""
    cuts = [i for i, t in enumerate(found) if _is(t, b"else")]
    edges = [0, *cuts, len(found)]
    return [found[a:b] for a, b in pairwise(edges)]


def _split_clause(
    clause: Sequence[Token], has_body: bool
) -> tuple[Sequence[Token], Sequence[Token]]:
    """What stands before the query, and the query with its braces (empty: none)."""
    for i, token in enumerate(clause):
        if _is(token, b"if"):
            return clause[:i], clause[i + 1 :]
    if has_body and clause[-1].text == b"}":
        first = opening(clause, len(clause) - 1)
        # `else = {"a": 1}` ends in a brace as well, but has a sign right before it.
        if first > 0 and clause[first - 1].text not in {b":=", b"="}:
            return clause[:first], clause[first:]
    return clause, clause[:0]


def _sign_of_value(front: Sequence[Token]) -> int | None:
    """The index of the `:=` or `=` of the head, or of `contains`."""
    for i, token in enumerate(front):
        if token.depth == 0 and (
            token.text in {b":=", b"="} or (i > 0 and _is(token, b"contains"))
        ):
            return i
    return None


def _key_spans(front: Sequence[Token], sign: int | None) -> list[Sequence[Token]]:
    spans = []
    for i, token in enumerate(front[:sign]):
        if token.text == b"[" and token.depth == 0:
            spans.append(front[i + 1 : closing(front, i)])
    if sign is not None and front[sign].text == b"contains":
        spans.append(front[sign + 1 :])
    return spans


def _body_edits(
    front: Sequence[Token], query: Sequence[Token], added: str, text: bytes, v1: bool
) -> Iterator[Edit]:
    if not query:
        end = front[-1].end
        yield end, end, f" {'if ' if v1 else ''}{{ {added} }}"
    elif query[0].text == b"{" and closing(query, 0) == len(query) - 1:
        end = query[-1].start
        before = text[:end].rstrip(b" \t")
        separator = "" if before.endswith((b"\n", b";", b"{")) else "; "
        yield end, end, f"{separator}{added} "
    else:
        yield query[0].start, query[0].start, "{ "
        yield query[-1].end, query[-1].end, f"; {added} }}"


def _is(token: Token, keyword: bytes) -> bool:
    return token.depth == 0 and token.kind == "name" and token.text == keyword


def _text(span: Sequence[Token], text: bytes) -> str:
    return text[span[0].start : span[-1].end].decode()
