"""For every kind of the catalog: random resources survive writing and reading, in each format and
from one format to the other and back.

The generator knows a kind only by its declarations, so a new kind is tested by being there. Values
are literals, references to other resources, expressions over variables, conditionals (with absent
outcomes too) and unknowns.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.catalog import Kind, Property, canonical, load_catalog, read, write
from dharma.catalog.document import Format
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Binary,
    Conditional,
    ResourceRef,
    Template,
    Unknown,
    Value,
    VariableRef,
)

CATALOG = load_catalog()
PAIRS = [(kind.name, format) for kind in CATALOG.kinds() for format in kind.formats]


def chains(kind: Kind) -> dict[str, tuple[Format, ...]]:
    """Each format of the kind by itself, and from Terraform to the cloud's own and back."""
    terraform, own = kind.formats
    return {
        terraform: (terraform,),
        own: (own,),
        "there and back": (terraform, own, terraform),
    }


CHAINS = [(kind.name, chain) for kind in CATALOG.kinds() for chain in chains(kind)]


class Generator:
    """Random resources of a kind, as its properties declare them."""

    def __init__(self, seed: int, formats: tuple[Format, ...]) -> None:
        self.random = random.Random(seed)
        self.formats = formats
        self.referred: dict[str, Resource] = {}

    def resources(self, kind: Kind) -> list[Resource]:
        subject = self.resource(kind, self.random.choice(["web", "app_1", "Data-2", "main"]))
        return [subject, *self.referred.values()]

    def resource(self, kind: Kind, name: str) -> Resource:
        properties = {
            p.name: self.property(p, p.name, kind)
            for p in kind.properties.values()
            if p.required or self.random.random() < 0.5
        }
        condition = self.condition() if self.random.random() < 0.2 else None
        return Resource(kind.name, name, properties, condition=condition)

    def unsaid(self, kind: Kind, path: str) -> bool:
        """Whether one of the formats has no words for the property."""
        mappings = [kind.mappings[f] for f in self.formats]
        return any(path in m.impossible or path in m.no_counterpart for m in mappings)

    def property(self, declared: Property, path: str, kind: Kind) -> Value:
        if self.unsaid(kind, path):
            return None
        if declared.type == "object":
            made = self.members(declared, path, kind)
            return Conditional(self.condition(), made, None) if self.rarely() else made
        if declared.holds_objects:
            return [
                Conditional(self.condition(), element, None) if self.rarely() else element
                for element in (
                    self.members(declared, path, kind) for _ in range(self.random.randint(0, 3))
                )
            ]
        if declared.type.startswith(("list(", "set(")):
            return [self.leaf(declared) for _ in range(self.random.randint(1, 3))]
        if declared.type == "map(string)":
            keys = self.random.sample(
                ["team", "Name", "cost-center", "a:b"], self.random.randint(1, 3)
            )
            return {key: self.expression(self.word) for key in keys}
        if declared.type == "document":
            return self.document()
        return self.leaf(declared)

    def members(self, declared: Property, path: str, kind: Kind) -> dict[str, Value]:
        return {
            m.name: self.property(m, f"{path}.{m.name}", kind)
            for m in declared.properties.values()
            if m.required or self.random.random() < 0.5
        }

    def leaf(self, declared: Property) -> Value:
        if self.random.random() < 0.05:
            return Unknown("known after apply")
        if declared.reference is not None and self.random.random() < 0.5:
            return self.reference(declared.reference)
        return self.expression(lambda: self.literal(declared), optional=not declared.required)

    def literal(self, declared: Property) -> Value:
        if declared.enum:
            return self.random.choice(declared.enum)
        if declared.type == "bool":
            return self.random.random() < 0.5
        if "number" in declared.type:
            return self.random.randint(0, 9000)
        return self.word()

    def expression(self, literal: Callable[[], Value], *, optional: bool = True) -> Value:
        chance = self.random.random()
        if chance < 0.75:
            return literal()
        if chance < 0.83:
            return VariableRef("given")
        if chance < 0.92 or not optional:
            return Conditional(self.condition(), literal(), literal())
        return Conditional(self.condition(), literal(), None)

    def condition(self) -> Value:
        production = Binary("==", VariableRef("environment"), "production")
        return self.random.choice([VariableRef("flag"), production])

    def document(self) -> Value:
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", self.word()],
                    "Resource": self.random.choice(
                        [
                            "*",
                            VariableRef("given"),
                            self.reference("aws_kms_key"),
                            Template((self.reference("aws_s3_bucket"), "/*")),
                            Template((self.reference("aws_security_group"), "/x")),
                        ]
                    ),
                }
            ],
        }

    def reference(self, kind_name: str) -> Value:
        """A reference to another resource, by an attribute that both formats know."""
        kind = CATALOG.kind(kind_name)
        if kind is None:
            return "arn:aws:other:::x"
        known = [
            a
            for a in kind.attributes
            if not any(
                a in m.impossible_attributes or a in m.through for m in kind.mappings.values()
            )
        ]
        name = self.random.choice(["one", "two"])
        self.referred.setdefault(f"{kind_name}.{name}", Resource(kind_name, name, self.least(kind)))
        if not known:
            return "x"
        path = tuple(int(s) if s.isdigit() else s for s in self.random.choice(known).split("."))
        return ResourceRef(f"{kind_name}.{name}", path)

    def least(self, kind: Kind) -> dict[str, Value]:
        return {
            p.name: {"Statement": []} if p.type == "document" else self.literal(p)
            for p in kind.properties.values()
            if p.required and p.type in ("string", "number", "bool", "document")
        }

    def word(self) -> str:
        return self.random.choice(["alpha", "beta-1", "Gamma", "d.e", "x/y", "10.0.0.0/8", "z é"])

    def rarely(self) -> bool:
        return self.random.random() < 0.15


@pytest.mark.parametrize(("kind_name", "chain"), CHAINS)
def test_random_resources_come_back_as_they_were(kind_name: str, chain: str) -> None:
    kind = CATALOG.kind(kind_name)
    assert kind is not None
    formats = chains(kind)[chain]
    tried, refused = 0, 0

    @settings(max_examples=40, deadline=None, database=None)
    @given(seed=st.integers(0, 2**32))
    def check(seed: int) -> None:
        nonlocal tried, refused
        resources = Generator(seed, formats).resources(kind)
        back = resources
        tried += 1
        try:
            for format in formats:
                document, _ = write(back, format, CATALOG)
                back, notes = read(document, CATALOG)
                assert notes == []
        except NotExpressible:
            refused += 1
            return
        assert canonical(back, CATALOG) == canonical(resources, CATALOG)

    check()
    assert refused <= tried * 3 / 4, f"{refused} of {tried} could not be written"


@pytest.mark.parametrize(("kind_name", "format"), PAIRS)
def test_every_property_has_a_place(kind_name: str, format: Format) -> None:
    kind = CATALOG.kind(kind_name)
    assert kind is not None
    known = kind.mappings[format].members
    missing = [name for name in kind.properties if name not in known]
    assert missing == []
