"""Values of a CloudFormation document as what stands in a template: literals and intrinsics."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dharma.catalog.naming import pascal
from dharma.generator.conditions import conjuncts
from dharma.generator.format_parts import format_parts
from dharma.generator.inexpressible import Inexpressible
from dharma.generator.yaml_text import Tagged
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    Expression,
    GetAttr,
    Index,
    ObjectConstructor,
    ResourceRef,
    Splat,
    Symbol,
    Template,
    Unary,
    Unknown,
    Value,
    VariableRef,
)
from dharma.model.expressions.printer import shown

NO_VALUE = Tagged("!Ref", "Ref", "AWS::NoValue")
_PSEUDO = {
    "region": "AWS::Region",
    "account_id": "AWS::AccountId",
    "partition": "AWS::Partition",
    "url_suffix": "AWS::URLSuffix",
    "deployment_name": "AWS::StackName",
    "deployment_id": "AWS::StackId",
}
_LITERAL_DOLLAR = re.compile(r"\$\{(?=[A-Za-z0-9_.:#@/-]+\})")
_MAPPING_KEY = re.compile(r"[A-Za-z0-9.-]+\Z")
_ADDRESS = re.compile(r"[A-Za-z0-9]+\Z")
_ATTRIBUTE = re.compile(r"[A-Za-z0-9_-]+\Z")
_SUB_MAX = 4096


@dataclass(slots=True)
class Scope:
    """What the names in a value mean in this template.

    `parameters` maps variables to logical names; `optional` are those whose default is null (an
    empty parameter stands for it); `ssm` maps a variable to the parameter that CloudFormation
    resolves from the parameter store. `existence` gives the condition of a resource that may not
    exist. `mappings` is the section as it grows.
    """

    parameters: Mapping[str, str]
    optional: frozenset[str] = frozenset()
    ssm: Mapping[str, str] = field(default_factory=dict)
    existence: Mapping[str, Value] = field(default_factory=dict)
    mappings: dict[str, Any] = field(default_factory=dict)


class Values:
    """Turns values into template data. `conditions` names a condition (it grows the section)."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.condition_name: Any = None
        self._mapping_names: dict[str, str] = {}
        self._assumed: list[Value] = []

    def under(self, condition: Value, value: Value) -> Any:
        """The value inside something that exists only when the condition holds."""
        if condition is None:
            return self.value(value)
        self._assumed.append(condition)
        try:
            return self.value(value)
        finally:
            self._assumed.pop()

    def value(self, value: Value) -> Any:
        """Template data; absent members are left out. Raises `Inexpressible`."""
        if isinstance(value, str | bool | int | float):
            return value
        if isinstance(value, dict):
            return self._members(value)
        if isinstance(value, list):
            return self._elements(value)
        if value is None:
            return NO_VALUE
        return self.expression(value)

    def _members(self, value: dict[str, Value]) -> dict[str, Any]:
        members = {}
        for key, member in value.items():
            if member is None:
                continue
            try:
                members[key] = self.value(member)
            except Inexpressible as error:
                error.path.insert(0, key)
                raise
        return members

    def _elements(self, value: list[Value]) -> list[Any]:
        elements = []
        for position, element in enumerate(value):
            if element is None:
                continue
            try:
                elements.append(self.value(element))
            except Inexpressible as error:
                error.path.insert(0, position)
                raise
        return elements

    def expression(self, node: Expression) -> Any:
        match node:
            case VariableRef(name):
                return self._variable(name)
            case ResourceRef():
                return self._reference(node)
            case Ambient("availability_zones"):
                return Tagged("!GetAZs", "Fn::GetAZs", "")
            case Ambient(name) if name in _PSEUDO:
                return Tagged("!Ref", "Ref", _PSEUDO[name])
            case Symbol(("data", "aws_ssm_parameter", str(name), "value")):
                return self._ssm(name)
            case Template(parts):
                return self._template(parts)
            case Conditional():
                return self._conditional(node)
            case Index() | GetAttr():
                return self._index(node)
            case Call():
                return self._call(node)
            case Binary() | Unary() if _is_boolean(node):
                return self._conditional(Conditional(node, True, False))
            case Unknown(reason):
                raise Inexpressible(f"the value is not known: {reason}")
            case Splat() | ObjectConstructor():
                pass
        raise Inexpressible(f"CloudFormation has no form for {shown(node)}")

    def _variable(self, name: str) -> Any:
        parameter = self.scope.parameters.get(name)
        if parameter is None:
            raise Inexpressible(
                f"var.{name} is no parameter: CloudFormation has none of its type; give it a value"
            )
        reference = Tagged("!Ref", "Ref", parameter)
        if name in self.scope.optional:
            given = self.condition_name(Binary("!=", VariableRef(name), None))
            return _if(given, reference, NO_VALUE)
        return reference

    def operand(self, value: Value) -> Any:
        """One side of a comparison in a condition: no resource, and an optional parameter as it
        is."""
        if isinstance(value, ResourceRef | Conditional | Call):
            raise Inexpressible(
                "conditions are decided before resources exist: only variables, region, account "
                f"and the like may be compared, not {shown(value)}"
            )
        if isinstance(value, VariableRef) and value.name in self.scope.parameters:
            return Tagged("!Ref", "Ref", self.scope.parameters[value.name])
        return self.value(value)

    def _reference(self, ref: ResourceRef) -> Any:
        plain = self._plain_reference(ref)
        existence = self.scope.existence.get(ref.address)
        if existence is None or self._holds(existence):
            return plain
        return _if(self.condition_name(existence), plain, NO_VALUE)

    def _holds(self, condition: Value) -> bool:
        return any(a == condition for assumed in self._assumed for a in conjuncts(assumed))

    def _plain_reference(self, ref: ResourceRef) -> Tagged:
        if ref.path and isinstance(ref.path[-1], int):
            listed = self._plain_reference(replace(ref, path=ref.path[:-1]))
            return Tagged("!Select", "Fn::Select", [ref.path[-1], listed])
        if ref.instance is not None:
            raise Inexpressible(f"{shown(ref)}: no such instance")
        if not _ADDRESS.match(ref.address):
            raise Inexpressible(f"{ref.address} is not a resource of this template")
        if ref.path in ((), ("Ref",)):
            return Tagged("!Ref", "Ref", ref.address)
        steps = [s for s in ref.path if isinstance(s, str) and _ATTRIBUTE.match(s)]
        if len(steps) < len(ref.path):
            raise Inexpressible(f"{shown(ref)} is no attribute")
        return Tagged("!GetAtt", "Fn::GetAtt", f"{ref.address}.{'.'.join(steps)}")

    def _ssm(self, name: str) -> Any:
        if name not in self.scope.ssm:
            raise Inexpressible(f"data.aws_ssm_parameter.{name} needs a variable {name}")
        return Tagged("!Ref", "Ref", self.scope.ssm[name])

    def _template(self, parts: tuple[Value, ...]) -> Any:
        """`Fn::Sub` where its text is exact, else `Fn::Join`."""
        pieces = [p if isinstance(p, str) else self._piece(p) for p in parts]
        texts = [p for p in pieces if isinstance(p, str)]
        exact = all(t.count("${") == len(_LITERAL_DOLLAR.findall(t)) for t in texts)
        split = any(a.endswith("$") for a in texts)
        if not exact or split or sum(map(len, texts)) > _SUB_MAX:
            return Tagged("!Join", "Fn::Join", ["", pieces])
        extra: dict[str, Any] = {}
        out: list[str] = []
        for piece in pieces:
            if isinstance(piece, str):
                out.append(_LITERAL_DOLLAR.sub("${!", piece))
            elif piece.long in ("Ref", "Fn::GetAtt"):
                out.append(f"${{{piece.content}}}")
            else:
                name = next((n for n, v in extra.items() if v == piece), f"Part{len(extra) + 1}")
                extra[name] = piece
                out.append(f"${{{name}}}")
        text = "".join(out)
        if not any(isinstance(p, Tagged) for p in pieces):
            return "".join(texts)
        return Tagged("!Sub", "Fn::Sub", [text, extra] if extra else text)

    def _piece(self, value: Value) -> Any:
        piece = self.value(value)
        if isinstance(piece, bool):
            return "true" if piece else "false"
        if isinstance(piece, int | float):
            return json.dumps(piece)
        if isinstance(piece, list | dict):
            raise Inexpressible("a list or a map inside text")
        return _without_absence(piece) if isinstance(piece, Tagged) else piece

    def _conditional(self, node: Conditional) -> Any:
        if isinstance(node.condition, bool):
            return self.value(node.then if node.condition else node.otherwise)
        name = self.condition_name(node.condition)
        then = self.under(node.condition, node.then)
        otherwise = self.under(Unary("!", node.condition), node.otherwise)
        return _if(name, then, otherwise)

    def _index(self, node: Index | GetAttr) -> Any:
        key: Value = node.key if isinstance(node, Index) else node.name
        owner: Value = node.collection if isinstance(node, Index) else node.object
        if isinstance(owner, dict):
            if isinstance(key, str):
                if key not in owner:
                    raise Inexpressible(f"the map has no {key!r}")
                return self.value(owner[key])
            return self._find({k: {"Value": v} for k, v in owner.items()}, key, "Value")
        if isinstance(owner, Index) and isinstance(owner.collection, dict):
            levels = owner.collection
            if all(isinstance(v, dict) for v in levels.values()):
                return self._find(levels, owner.key, key)
        if isinstance(owner, list) and isinstance(key, int) and not isinstance(key, bool):
            if not 0 <= key < len(owner):
                raise Inexpressible(f"the list has no element {key}")
            return self.value(owner[key])
        if isinstance(key, bool | str):
            raise Inexpressible(f"CloudFormation has no form for {shown(node)}")
        return Tagged("!Select", "Fn::Select", [self.value(key), self.value(owner)])

    def _find(self, levels: dict[str, Value], first: Value, second: Value) -> Any:
        content: dict[str, dict[str, Any]] = {}
        for top, row in levels.items():
            assert isinstance(row, dict)
            content[top] = {k: self.value(v) for k, v in row.items()}
            scalars = (str, bool, int, float)
            for cell in content[top].values():
                cells = cell if isinstance(cell, list) else [cell]
                if not all(isinstance(c, scalars) for c in cells):
                    raise Inexpressible("a mapping of CloudFormation holds literals only")
            bad = next((k for k in (top, *row) if not _MAPPING_KEY.match(k)), None)
            if bad is not None:
                raise Inexpressible(f"{bad!r} cannot be a key of a mapping")
        name = self._mapping(content, first)
        keys = [self.value(first), self.value(second)]
        return Tagged("!FindInMap", "Fn::FindInMap", [name, *keys])

    def _mapping(self, content: dict[str, Any], key: Value) -> str:
        identity = json.dumps(content, sort_keys=True)
        if identity not in self._mapping_names:
            base = "By" + (pascal(key.name) if isinstance(key, VariableRef | Ambient) else "Key")
            name, number = base, 2
            while name in self.scope.mappings:
                name, number = f"{base}{number}", number + 1
            self._mapping_names[identity] = name
            self.scope.mappings[name] = content
        return self._mapping_names[identity]

    def _call(self, node: Call) -> Any:
        if node.expand:
            raise Inexpressible(f"CloudFormation has no form for {shown(node)}")
        match node.name, node.arguments:
            case "join", (str(separator), values):
                return Tagged("!Join", "Fn::Join", [separator, self.value(values)])
            case "split", (str(separator), text) if separator:
                return Tagged("!Split", "Fn::Split", [separator, self.value(text)])
            case "element", (values, int() as position):
                return self._index(Index(values, position))
            case "base64encode", (text,):
                return Tagged("!Base64", "Fn::Base64", self.value(text))
            case "cidrsubnet", (prefix, newbits, int() as number):
                return self._subnet(prefix, newbits, number)
            case (("tostring" | "tonumber" | "tolist" | "toset"), (operand,)):
                return self.value(operand)
            case "jsonencode", (document,):
                return self._json(document)
            case "format", (str(pattern), *arguments):
                parts = format_parts(pattern, arguments)
                if parts is None:
                    raise Inexpressible(f"CloudFormation has no form for {shown(node)}")
                return self._template(parts)
            case "concat", lists if all(isinstance(v, list) for v in lists):
                return self.value([e for v in lists if isinstance(v, list) for e in v])
            case "merge", maps if all(isinstance(v, dict) for v in maps):
                return self.value({k: e for v in maps if isinstance(v, dict) for k, e in v.items()})
            case "coalesce", (VariableRef() as first, second):
                return self._conditional(Conditional(Binary("!=", first, None), first, second))
        if _is_boolean(node):
            return self._conditional(Conditional(node, True, False))
        raise Inexpressible(f"CloudFormation has no function {node.name}()")

    def _subnet(self, prefix: Value, newbits: Value, number: int) -> Any:
        """`Fn::Cidr` wants the bits of the host part: 32 less the new prefix length."""
        match newbits:
            case Binary(
                "-", int() as total, Call("tonumber", (Index(Call("split", ("/", p)), 1),))
            ):
                if p != prefix:
                    raise Inexpressible("the prefix length of another network")
                bits = 32 - total
            case _:
                raise Inexpressible(
                    "cidrsubnet() over a network that is not known here: CloudFormation counts "
                    "host bits; write the new bits as 32 - n - its prefix length"
                )
        blocks = Tagged("!Cidr", "Fn::Cidr", [self.value(prefix), number + 1, bits])
        return Tagged("!Select", "Fn::Select", [number, blocks])

    def _json(self, document: Value) -> Any:
        """JSON text; a reference inside stands between quotes as it is."""
        parts: list[Value] = []

        def write(value: Value) -> None:
            if isinstance(value, dict):
                for position, (key, member) in enumerate(value.items()):
                    parts.append(("," if position else "{") + json.dumps(key) + ":")
                    write(member)
                parts.append("}" if value else "{}")
            elif isinstance(value, list):
                for position, element in enumerate(value):
                    parts.append("," if position else "[")
                    write(element)
                parts.append("]" if value else "[]")
            elif isinstance(value, Template):
                inner = (json.dumps(p)[1:-1] if isinstance(p, str) else p for p in value.parts)
                parts.extend(['"', *inner, '"'])
            elif isinstance(value, Expression):
                if isinstance(value, Conditional | Call | Index) or _is_list(value):
                    raise Inexpressible(f"{shown(value)} inside JSON text")
                parts.extend(['"', value, '"'])
            else:
                parts.append(json.dumps(value, ensure_ascii=False))

        write(document)
        if all(isinstance(p, str) for p in parts):
            return "".join(p for p in parts if isinstance(p, str))
        merged: list[Value] = []
        for part in parts:
            if merged and isinstance(part, str) and isinstance(merged[-1], str):
                merged[-1] += part
            else:
                merged.append(part)
        return self._template(tuple(merged))


def _if(name: str, then: Any, otherwise: Any) -> Tagged:
    return Tagged("!If", "Fn::If", [name, then, otherwise])


def _without_absence(piece: Tagged) -> Tagged:
    """Inside text an absent value is empty; `AWS::NoValue` may not stand there."""
    if piece.long != "Fn::If":
        return piece
    name, *branches = piece.content
    cleaned = [
        "" if b == NO_VALUE else _without_absence(b) if isinstance(b, Tagged) else b
        for b in branches
    ]
    return _if(name, *cleaned)


def _is_boolean(node: Expression) -> bool:
    if isinstance(node, Binary):
        return node.operator in ("==", "!=", "&&", "||", "<", "<=", ">", ">=")
    if isinstance(node, Unary):
        return node.operator == "!"
    return isinstance(node, Call) and node.name == "contains"


def _is_list(node: Expression) -> bool:
    return node == Ambient("availability_zones") or isinstance(node, Splat)
