"""Documents and resources that nobody should have written: reading tells, writing refuses, neither
falls over."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.catalog import Document, Part, load_catalog, read, write
from dharma.catalog.document import Format
from dharma.catalog.kinds import Kind
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    ForList,
    ObjectConstructor,
    ResourceRef,
    Splat,
    Symbol,
    Template,
    Unknown,
    Value,
    VariableRef,
)

CATALOG = load_catalog()
C = VariableRef("c")
LEAVES: list[Value] = [
    None,
    True,
    0,
    -1.5,
    "",
    "text",
    "{",
    '{"a": [',
    VariableRef("v"),
    Unknown("later"),
    Symbol(("each", "value")),
    Symbol(("count", "index")),
    Ambient("region"),
    Splat(VariableRef("v")),
    Call("jsonencode", ()),
    Call("concat", ([1], VariableRef("v"))),
    Call("toset", (["a"],)),
    Binary("==", C, 1),
    Template(("a", C)),
    ObjectConstructor(((C, 1),)),
    ForList(None, "x", C, {"a": 1}),
    ResourceRef("Main", ("Ref",)),
    ResourceRef("aws_s3_bucket.main", ("id",)),
    ResourceRef("aws_s3_bucket.main", (), C),
    ResourceRef("nowhere.at_all", ("x", 0, "y")),
]


class Junk:
    """Random values under the keys that a kind knows, and some that it does not."""

    def __init__(self, seed: int, keys: list[str]) -> None:
        self.random = random.Random(seed)
        self.keys = [*keys, "Key", "Value", "nonsense"]

    def value(self, depth: int = 3) -> Value:
        chance = self.random.random()
        if depth == 0 or chance < 0.45:
            return self.random.choice(LEAVES)
        if chance < 0.7:
            return self.mapping(depth - 1)
        if chance < 0.9:
            return [self.value(depth - 1) for _ in range(self.random.randint(0, 3))]
        return Conditional(C, self.value(depth - 1), self.value(depth - 1))

    def mapping(self, depth: int = 3) -> dict[str, Value]:
        keys = self.random.sample(self.keys, min(len(self.keys), self.random.randint(0, 5)))
        return {key: self.value(depth) for key in keys}


PAIRS = [(kind.name, format) for kind in CATALOG.kinds() for format in kind.mappings]


def native_types(kind: Kind, format: Format) -> list[str]:
    mapping = kind.mappings[format]
    pieces = [a.type for a in mapping.attachments]
    return [mapping.type, *pieces, *(a.type for bag in mapping.bags for a in bag.separate)]


def native_keys(kind: Kind, format: Format) -> list[str]:
    mapping = kind.mappings[format]
    known = [mapping.known, *(a.known for a in mapping.attachments)]
    known += [form.known for bag in mapping.bags for form in bag.separate]
    return sorted({key for paths in known for key in paths.keys})


@pytest.mark.parametrize(("kind_name", "format"), PAIRS)
def test_reading_anything_gives_resources_and_notes(kind_name: str, format: Format) -> None:
    kind = CATALOG.kind(kind_name)
    assert kind is not None
    types, keys = native_types(kind, format), native_keys(kind, format)

    @settings(max_examples=25, deadline=None, database=None)
    @given(seed=st.integers(0, 2**32))
    def check(seed: int) -> None:
        junk = Junk(seed, keys)
        names = ["Main", "aws_s3_bucket.main", 'aws_s3_bucket.m["x"]', "module.m.a.b[0]", "c.d"]
        parts = [
            Part(
                name,
                junk.random.choice(types),
                junk.mapping(),
                condition=junk.random.choice([None, C]),
            )
            for name in names
        ]
        resources, _ = read(Document(format, parts), CATALOG)
        assert len({resource.address for resource in resources}) == len(resources)

    check()


@pytest.mark.parametrize(("kind_name", "format"), PAIRS)
def test_writing_anything_gives_a_document_or_a_refusal(kind_name: str, format: Format) -> None:
    kind = CATALOG.kind(kind_name)
    assert kind is not None

    @settings(max_examples=25, deadline=None, database=None)
    @given(seed=st.integers(0, 2**32))
    def check(seed: int) -> None:
        junk = Junk(seed, [])
        properties = {
            name: junk.value()
            for name in kind.properties
            if junk.random.random() < 0.3  # few enough that not every resource is refused
        }
        try:
            document, _ = write([Resource(kind.name, "main", properties)], format, CATALOG)
        except NotExpressible:
            return
        assert document.parts[0].owner == f"{kind.name}.main"

    check()
