"""How a value changes between model and format.

Every transform obeys three laws: it is a bijection on the literals it takes; it has a symbolic form
for expressions, which it recognises on reading; and what is unknown or absent stays so. The lifting
over conditionals is common to all and lives in `Transform`; a subclass says what happens to
literals and to the other expressions.
"""

from __future__ import annotations

from dharma.catalog.transforms.base import SAME, Transform, Untransformable
from dharma.catalog.transforms.identities import Named, OwnPart
from dharma.catalog.transforms.lists import NOT_NUMBERED, Alone, Keys, Objects, TagList
from dharma.catalog.transforms.literals import Divided, Enum, Not, Scale, Text
from dharma.catalog.transforms.named import transform_named
from dharma.catalog.transforms.texts import (
    Around,
    Base64,
    Document,
    Join,
    JsonText,
    OneOf,
    Split,
    Within,
)

__all__ = [
    "NOT_NUMBERED",
    "SAME",
    "Alone",
    "Around",
    "Base64",
    "Divided",
    "Document",
    "Enum",
    "Join",
    "JsonText",
    "Keys",
    "Named",
    "Not",
    "Objects",
    "OneOf",
    "OwnPart",
    "Scale",
    "Split",
    "TagList",
    "Text",
    "Transform",
    "Untransformable",
    "Within",
    "transform_named",
]
