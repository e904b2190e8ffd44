"""Terraform's functions in TypeScript and in Python, as far as there is a short way to say them.

Each is constant code with holes for its arguments, chosen by their number and, where it matters, by
the type of the first. `helpers.` is the module that `dharma.generator.pulumi.helpers` adds to the
project.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Language = Literal["typescript", "python"]

# name: (number of arguments, TypeScript, Python)
_BOTH: Mapping[str, tuple[int, str, str]] = {
    "abs": (1, "Math.abs({0})", "abs({0})"),
    "alltrue": (1, "{0}.every(Boolean)", "all({0})"),
    "anytrue": (1, "{0}.some(Boolean)", "any({0})"),
    "base64decode": (1, 'Buffer.from({0}, "base64").toString()',
                     "base64.b64decode({0}).decode()"),
    "base64encode": (1, 'Buffer.from({0}).toString("base64")',
                     "base64.b64encode({0}.encode()).decode()"),
    "ceil": (1, "Math.ceil({0})", "math.ceil({0})"),
    "cidrhost": (2, "helpers.cidrHost({0}, {1})", "helpers.cidr_host({0}, {1})"),
    "cidrsubnet": (3, "helpers.cidrSubnet({0}, {1}, {2})", "helpers.cidr_subnet({0}, {1}, {2})"),
    "compact": (1, "{0}.filter((item) => item)", "[item for item in {0} if item]"),
    "contains": (2, "{0}.includes({1})", "({1} in {0})"),
    "distinct": (1, "[...new Set({0})]", "list(dict.fromkeys({0}))"),
    "element": (2, "{0}[{1} % {0}.length]", "{0}[{1} % len({0})]"),
    "endswith": (2, "{0}.endsWith({1})", "{0}.endswith({1})"),
    "flatten": (1, "helpers.flatten({0})", "helpers.flatten({0})"),
    "floor": (1, "Math.floor({0})", "math.floor({0})"),
    "index": (2, "{0}.indexOf({1})", "{0}.index({1})"),
    "join": (2, "{1}.join({0})", "{0}.join({1})"),
    "jsondecode": (1, "JSON.parse({0})", "json.loads({0})"),
    "keys": (1, "Object.keys({0}).sort()", "sorted({0})"),
    "lookup": (3, "({0}[{1}] ?? {2})", "{0}.get({1}, {2})"),
    "lower": (1, "{0}.toLowerCase()", "{0}.lower()"),
    "range": (1, "[...Array({0}).keys()]", "list(range({0}))"),
    "replace": (3, "{0}.split({1}).join({2})", "{0}.replace({1}, {2})"),
    "reverse": (1, "[...{0}].reverse()", "{0}[::-1]"),
    "slice": (3, "{0}.slice({1}, {2})", "{0}[{1}:{2}]"),
    "sort": (1, "[...{0}].sort()", "sorted({0})"),
    "split": (2, "{1}.split({0})", "{1}.split({0})"),
    "startswith": (2, "{0}.startsWith({1})", "{0}.startswith({1})"),
    "strcontains": (2, "{0}.includes({1})", "({1} in {0})"),
    "sum": (1, "{0}.reduce((sum, item) => sum + item, 0)", "sum({0})"),
    "tolist": (1, "{0}", "{0}"),
    "tomap": (1, "{0}", "{0}"),
    "tonumber": (1, "Number({0})", "int({0})"),
    "toset": (1, "[...new Set({0})].sort()", "sorted(set({0}))"),
    "trimprefix": (2, "helpers.trimPrefix({0}, {1})", "{0}.removeprefix({1})"),
    "trimspace": (1, "{0}.trim()", "{0}.strip()"),
    "trimsuffix": (2, "helpers.trimSuffix({0}, {1})", "{0}.removesuffix({1})"),
    "upper": (1, "{0}.toUpperCase()", "{0}.upper()"),
    "values": (1, "helpers.values({0})", "[{0}[k] for k in sorted({0})]"),
    "zipmap": (2, "helpers.zipMap({0}, {1})", "dict(zip({0}, {1}))"),
}  # fmt: skip

_LENGTH: Mapping[str, tuple[str, str]] = {
    "map": ("Object.keys({0}).length", "len({0})"),
    "object": ("Object.keys({0}).length", "len({0})"),
}
_TEXT: Mapping[str, tuple[str, str]] = {
    "string": ("{0}", "{0}"),
    "number": ("String({0})", "str({0})"),
    "bool": ("String({0})", "str({0}).lower()"),
}


def code_of(name: str, count: int, first: str, language: Language) -> str | None:
    """The code of a call with `count` arguments, the first of type `first`; None where there is
    none."""
    column = 0 if language == "typescript" else 1
    if name == "length" and count == 1:
        return _LENGTH.get(first, ("{0}.length", "len({0})"))[column]
    if name == "tostring" and count == 1:
        return text_of(first, language)
    if name in ("min", "max") and count:
        holes = ", ".join(f"{{{n}}}" for n in range(count))
        return f"{'Math.' if column == 0 else ''}{name}({holes})"
    if name == "merge" and count:
        spread = ", ".join(f"{'...' if column == 0 else '**'}{{{n}}}" for n in range(count))
        return f"{{ {spread} }}" if column == 0 else f"{{{spread}}}"
    if name == "concat" and count:
        spread = ", ".join(f"{'...' if column == 0 else '*'}{{{n}}}" for n in range(count))
        return f"[{spread}]"
    if name == "coalesce" and count and first == "string":
        holes = (" || " if column == 0 else " or ").join(f"{{{n}}}" for n in range(count))
        return f"({holes})"
    found = _BOTH.get(name)
    if found is None or found[0] != count:
        return None
    return found[1] if column == 0 else found[2]


def text_of(kind: str, language: Language) -> str:
    """The code that makes text of a value of this type as Terraform does."""
    return _TEXT.get(kind, ("String({0})", "str({0})"))[0 if language == "typescript" else 1]
