"""Random resources of a kind, made from nothing but its declarations.

Values are literals (those that some language takes for something else among them), empty texts,
lists and maps, references, expressions, conditionals with absent outcomes too, and unknowns. The
resource itself may have a condition, a loop where every format has loops, and one to wait for.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from dharma.catalog import Catalog, Kind, Property
from dharma.catalog.formats import LOOPING, Format
from dharma.catalog.kinds import Table
from dharma.catalog.members import holds, member
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Binary,
    Call,
    Conditional,
    ResourceRef,
    Template,
    Unknown,
    Value,
    VariableRef,
)

PLAIN = ["alpha", "beta-1", "Gamma", "d.e", "x/y", "10.0.0.0/8"]
# Texts that a printer or reader of one of the formats could take for something else.
ODD = [
    *("80", "007", "1e3", "1.0", "-0", "0x1f", "true", "false", "null", "~", "yes", "None"),
    *("${x}", "$${x}", "a${", "%{ if }", "{{x}}", "${!x}", "[1]", "[", '{"a": 1}', "{", "!Ref x"),
    *("z é", "日本", "\U0001f600", "two\nlines", "tab\t", 'quo"te', "it's", "back\\slash", "\\n"),
    *(" lead", "trail ", "# no", "a: b", "- a", "a,b", "*", "&x", "=x", "<<EOT", "$(x)", "@y"),
]
KEYS = ["team", "Name", "cost-center", "a:b", "80", "true", "é", "a b", "dots.in.it", "${k}"]


class RandomResources:
    """What the seed decides, for formats that must all be able to say it."""

    def __init__(self, seed: int, formats: Sequence[Format], catalog: Catalog) -> None:
        self.random = random.Random(seed)
        self.formats = formats
        self.catalog = catalog
        self.referred: dict[str, Resource] = {}

    def make(self, kind: Kind) -> list[Resource]:
        """One resource of the kind, and those that it refers to."""
        name = self.random.choice(["web", "app_1", "Data-2", "main"])
        properties = self._members(kind.properties, (), kind)
        waits = self._chance(0.1) and self.referred
        subject = Resource(
            kind.name,
            name,
            properties,
            depends_on=(self.random.choice(sorted(self.referred)),) if waits else (),
        )
        subject = replace(subject, **self._loop())
        return [subject, *self.referred.values()]

    def _loop(self) -> dict[str, Any]:
        """A condition, or where every format has loops one of those."""
        choice = self.random.random()
        if choice < 0.2:
            return {"condition": self._condition()}
        if choice < 0.35 and LOOPING.issuperset(self.formats):
            return self.random.choice(
                [
                    {"count": 3},
                    {"count": VariableRef("many")},
                    {"for_each": VariableRef("instances")},
                    {"for_each": Call("toset", (VariableRef("names"),))},
                ]
            )
        return {}

    def _members(
        self, declared: dict[str, Property], path: tuple[str, ...], kind: Kind
    ) -> dict[str, Value]:
        made = {
            name: self._property(member, (*path, name), kind)
            for name, member in declared.items()
            if member.required or self._chance(0.85 if member.reference else 0.5)
        }
        self._keep_one_of(made, path, kind)
        return made if path else self._sayable(made, kind)

    def _keep_one_of(self, made: dict[str, Value], path: tuple[str, ...], kind: Kind) -> None:
        """Mostly one only of the properties that share one place of a format."""
        for format in self.formats:
            sharing = [
                rule.model[-1]
                for rule in kind.mappings[format].table.all_rules()
                if rule.shares and rule.model[:-1] == path
            ]
            present = [name for name in sharing if made.get(name) is not None]
            if len(present) > 1 and self._chance(0.9):
                kept = self.random.choice(present)
                for name in present:
                    if name != kept:
                        del made[name]

    def _keep_one_told(self, table: Table, element: dict[str, Value]) -> None:
        """Mostly one only of the members that a literal of the format tells apart."""
        told = {rule.model[0]: rule.when for rule in table.rules if rule.when}
        present = [name for name in told if element.get(name) is not None]
        if len(present) > 1 and self._chance(0.9):
            kept = self.random.choice(present)
            for name in present:
                if told[name] != told[kept]:
                    del element[name]

    def _sayable(self, properties: dict[str, Value], kind: Kind) -> dict[str, Value]:
        """Mostly without the properties that a format takes only beside other values."""
        for format in self.formats:
            table = kind.mappings[format].table
            for name in _out_of_place(table, properties):
                if not kind.properties[name].required and self._chance(0.9):
                    properties.pop(name, None)
            for rule in table.rules:
                if rule.each is not None:
                    for element in _spelled_out(member(properties, rule.model)):
                        self._keep_one_told(rule.each, element)
                        for name in _out_of_place(rule.each, element):
                            if self._chance(0.9):
                                element.pop(name, None)
        return properties

    def _property(self, declared: Property, path: tuple[str, ...], kind: Kind) -> Value:
        if self._unsaid(kind, ".".join(path)):
            return None
        declared = self._sayable_literals(declared, ".".join(path), kind)
        if declared.type == "object":
            if self._chance(0.05) and not declared.required:
                return {}
            inner = self._members(declared.properties, path, kind)
            return Conditional(self._condition(), inner, None) if self._chance(0.15) else inner
        if declared.holds_objects:
            return self._objects(declared, path, kind)
        if declared.type.startswith(("list(", "set(")):
            return self._list(declared)
        if declared.type.startswith("map("):
            return self._map(declared.type[4:-1])
        if declared.type == "document":
            document = self._document()
            maybe = self._chance(0.05)
            return Conditional(self._condition(), document, None) if maybe else document
        return self._leaf(declared)

    def _unsaid(self, kind: Kind, path: str) -> bool:
        """Whether one of the formats has no words for the property; in one case of twenty it is
        made all the same, to see it refused."""
        mappings = [kind.mappings[f] for f in self.formats]
        if any(path in m.no_counterpart for m in mappings):
            return True
        return any(path in m.impossible for m in mappings) and not self._chance(0.05)

    def _sayable_literals(self, declared: Property, path: str, kind: Kind) -> Property:
        """The property with those literals alone that all formats know, in 19 cases of 20."""
        mappings = [kind.mappings[f] for f in self.formats]
        refused = [literal for m in mappings for literal in m.impossible_literals.get(path, ())]
        if not refused or self._chance(0.05):
            return declared
        return replace(declared, enum=tuple(v for v in declared.enum if v not in refused))

    def _objects(self, declared: Property, path: tuple[str, ...], kind: Kind) -> Value:
        if self._chance(0.03) and not declared.required:
            return Unknown("known after apply")
        elements: list[Value] = []
        for _ in range(self.random.randint(0, 3)):
            made: Value = self._members(declared.properties, path, kind)
            maybe = self._chance(0.15)
            elements.append(Conditional(self._condition(), made, None) if maybe else made)
        if self._chance(0.05) and not declared.required:
            return Conditional(self._condition(), elements, None)
        return elements

    def _list(self, declared: Property) -> Value:
        choice = self.random.random()
        if choice < 0.05:
            return []
        if choice < 0.08:
            return Unknown("known after apply")
        if choice < 0.14:
            return VariableRef("names")
        elements = [self._leaf(declared) for _ in range(self.random.randint(1, 3))]
        if choice < 0.20 and not declared.required:
            return Conditional(self._condition(), elements, None)
        return elements

    def _map(self, kind: str) -> Value:
        keys = self.random.sample(KEYS, self.random.randint(0, 3))
        member = Property("value", kind)
        return {key: self._expression(lambda: self._literal(member)) for key in keys}

    def _leaf(self, declared: Property) -> Value:
        if self._chance(0.05):
            return Unknown("known after apply")
        if declared.reference is not None and self._chance(0.8):
            return self._reference(declared.reference)
        return self._expression(lambda: self._literal(declared), optional=not declared.required)

    def _literal(self, declared: Property) -> Value:
        if declared.enum:
            literal: Value = self.random.choice(declared.enum)
            return literal
        if declared.type == "bool":
            return self._chance(0.5)
        if "number" in declared.type:
            return self.random.choice([0, 1, -1, 80, 1.5, self.random.randint(0, 9000), 2**40])
        return self._word()

    def _expression(self, literal: Callable[[], Value], *, optional: bool = True) -> Value:
        chance = self.random.random()
        if chance < 0.75:
            return literal()
        if chance < 0.83:
            return VariableRef("given")
        if chance < 0.92 or not optional:
            return Conditional(self._condition(), literal(), literal())
        if chance < 0.95:
            return Conditional(self._condition(), None, literal())
        return Conditional(self._condition(), literal(), None)

    def _condition(self) -> Value:
        production = Binary("==", VariableRef("environment"), "production")
        return self.random.choice([VariableRef("flag"), production])

    def _document(self) -> Value:
        statement: dict[str, Value] = {
            "Effect": "Allow",
            "Action": ["s3:GetObject", self._word()],
            "Resource": self.random.choice(
                [
                    "*",
                    VariableRef("given"),
                    self._reference("aws_kms_key"),
                    Template((self._reference("aws_s3_bucket"), "/*")),
                    Template((self._reference("aws_security_group"), "/x")),
                    [],
                    Conditional(self._condition(), self._word(), self._word()),
                ]
            ),
        }
        return {"Version": "2012-10-17", "Statement": [statement] if self._chance(0.9) else []}

    def _reference(self, kind_name: str) -> Value:
        """A reference to another resource, by an attribute or a property that has a value."""
        kind = self.catalog.kind(kind_name)
        if kind is None or not kind.mappings.keys() >= set(self.formats):
            return "arn:aws:other:::x"
        name = self.random.choice(["one", "two"])
        properties = self._least(kind)
        self.referred.setdefault(f"{kind_name}.{name}", Resource(kind_name, name, properties))
        said = [kind.mappings[f] for f in self.formats]
        known = [
            attribute
            for attribute in kind.attributes
            if not any(attribute in m.impossible_attributes or attribute in m.through for m in said)
        ]
        known += [p for p in properties if kind.properties[p].type == "string"]
        if not known:
            return "x"
        path = tuple(int(s) if s.isdigit() else s for s in self.random.choice(known).split("."))
        return ResourceRef(f"{kind_name}.{name}", path)

    def _least(self, kind: Kind) -> dict[str, Value]:
        return {
            p.name: {"Statement": []} if p.type == "document" else self._literal(p)
            for p in kind.properties.values()
            if p.required and p.type in ("string", "number", "bool", "document")
        }

    def _word(self) -> str:
        if self._chance(0.04):
            return ""
        return self.random.choice(ODD if self._chance(0.3) else PLAIN)

    def _chance(self, share: float) -> bool:
        return self.random.random() < share


def _spelled_out(value: Value) -> Iterator[dict[str, Value]]:
    """The objects of a list, those that are there under a condition too."""
    if isinstance(value, Conditional):
        yield from _spelled_out(value.then)
    elif isinstance(value, list):
        for element in value:
            yield from _spelled_out(element)
    elif isinstance(value, dict):
        yield value


def _out_of_place(table: Table, properties: dict[str, Value]) -> Iterator[str]:
    """The properties with values that the table knows only in a variant that does not hold."""
    everywhere = {rule.model for rule in table.rules}
    for when, variant in table.variants:
        if holds(when, properties):
            everywhere |= {rule.model for rule in variant.rules}
    for _, variant in table.variants:
        for rule in variant.rules:
            if rule.model not in everywhere and member(properties, rule.model) is not None:
                yield rule.model[0]
