"""Prove what others may refer to: a kind's attributes against a format's own.

Every declared attribute is mapped, computed, known through a property, or said to be impossible
with a reason; nothing else is. Each native one exists and has the declared type, and where there is
one of the attribute's own name, nothing else is mapped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from dharma.catalog import load_catalog
from dharma.catalog.kinds import FormatMapping, Kind
from dharma.model.expressions.nodes import ResourceRef
from scripts.catalog_check.exchanges import MARGIN
from scripts.catalog_check.foreign import ForeignType, Shape
from scripts.catalog_check.names import likeness, near, same_name

Found = Iterator[tuple[str, str]]
_SCALARS = {"string", "number", "bool"}


_LATER = re.compile(r"\.[1-9][0-9]*(?=\.|\Z)")


def prove_attributes(kind: Kind, mapping: FormatMapping, native: ForeignType) -> Found:
    """All that is wrong with the attributes of a kind in a format, as path and message."""
    for attribute, message in (
        *_undecided(kind, mapping),
        *_unknown(mapping, native),
        *_exchanged(mapping, native),
        *_mistyped(kind, mapping, native),
        *_through(kind, mapping),
        *_alike(mapping),
        *_arns(mapping),
    ):
        yield f"attributes.{attribute}", message


def _undecided(kind: Kind, mapping: FormatMapping) -> Found:
    """Attributes of which the format's section says nothing, or two things."""
    places = (
        mapping.attributes,
        mapping.templates,
        mapping.through,
        mapping.impossible_attributes,
    )
    for attribute in dict.fromkeys((*kind.attributes, *(a for place in places for a in place))):
        said = sum(attribute in place for place in places)
        if not said:
            yield attribute, "neither mapped nor said to be impossible"
        elif attribute not in kind.attributes:
            yield attribute, "the kind declares no such attribute"
        elif said > 1:
            yield attribute, "is said in two ways"
    for attribute, reason in mapping.impossible_attributes.items():
        if not reason:
            yield attribute, "is impossible without a reason"


def _unknown(mapping: FormatMapping, native: ForeignType) -> Found:
    """Native attributes that the format does not have."""
    named = [(attribute, text) for text, attribute in mapping.model_attributes.items()]
    named += [
        (attribute, ".".join(str(step) for step in part.path))
        for attribute, parts in mapping.templates.items()
        for part in parts
        if isinstance(part, ResourceRef)
    ]
    for attribute, text in named:
        # A schema knows the elements of a list by its first.
        if text not in native.attributes and _LATER.sub(".0", text) not in native.attributes:
            yield attribute, f"{native.name} has no attribute {text}{near(text, native.attributes)}"


def _exchanged(mapping: FormatMapping, native: ForeignType) -> Found:
    """Attributes that are not mapped to the native one of their name, while nothing else is: two
    that were exchanged survive every round trip."""
    for attribute in (*mapping.attributes, *mapping.through, *mapping.impossible_attributes):
        for text in sorted(native.attributes):
            if not same_name(attribute, text) or mapping.attributes.get(attribute) == text:
                continue
            if mapping.attributes.get(attribute, "").startswith(f"{text}."):
                continue  # A member of what has the name.
            if mapping.format == "deployment_manager" and attribute == "id":
                continue  # Terraform's is a path of project, place and name, the API's a number.
            claimant = mapping.model_attributes.get(text)
            if claimant is None or (claimant != attribute and not same_name(claimant, text)):
                yield attribute, f"is not mapped to {text}, although there is one"


def _alike(mapping: FormatMapping) -> Found:
    """Two attributes whose native names would be more like theirs if exchanged. `Ref` is the name
    of none: it accuses nobody. `QueueName` of a `Queue` is `Name`."""
    noun = mapping.type.rpartition("::")[2].lower()
    spelled: dict[str, list[str]] = {}
    for text, attribute in mapping.model_attributes.items():
        spelled.setdefault(attribute, []).extend((text, text.lower().removeprefix(noun)))

    if mapping.format == "deployment_manager":
        spelled.pop("id", None)  # Google's `id` is a number; what Terraform calls so is the path.

    def alike(own: str, other: str) -> float:
        texts = (t for t in spelled.get(other, ()) if own == other or t.lower() != "ref")
        return max((likeness(own, text) for text in texts), default=0.0)

    for first, second in combinations(spelled, 2):
        here = alike(first, first) + alike(second, second)
        if alike(first, second) + alike(second, first) > here + MARGIN:
            yield first, f"{first} and {second} look exchanged"


def _arns(mapping: FormatMapping) -> Found:
    """A computed ARN is what an attribute called so stands for."""
    for attribute, parts in mapping.templates.items():
        first = parts[0]
        named = attribute == "arn" or attribute.endswith("_arn")
        if isinstance(first, str) and first.startswith("arn:") and not named:
            yield attribute, "is computed as an ARN, which an attribute of another name is not"


def _mistyped(kind: Kind, mapping: FormatMapping, native: ForeignType) -> Found:
    for attribute, text in mapping.attributes.items():
        shape = _shape(native.arguments, text)
        declared = kind.attributes.get(attribute)
        if shape is None or declared is None or declared == shape.kind:
            continue
        # `GetAtt` gives text, also of a number: what refers to it brings it to its own type.
        if mapping.format == "cloudformation" and (declared, shape.kind) == ("number", "string"):
            continue
        yield attribute, f"{text} is a {shape.kind}, the attribute a {declared}"


def _shape(shape: Shape, text: str) -> Shape | None:
    """The scalar shape of a native attribute, as far as the schema of the arguments says it."""
    here: Shape | None = shape
    for step in text.split("."):
        if here is None:
            return None
        here = here.item if step.isdigit() else here.fields.get(step)
    return here if here is not None and here.kind in _SCALARS else None


def _through(kind: Kind, mapping: FormatMapping) -> Found:
    """Attributes of another kind: the property refers to it, and it has that attribute there."""
    for attribute, (name, wanted) in mapping.through.items():
        declared = kind.properties[name]
        other = load_catalog().kind(declared.reference or "")
        theirs = None if other is None else other.mapping(mapping.format)
        if other is None or theirs is None:
            yield attribute, f"{name} does not say to which kind it refers"
        elif wanted not in other.attributes or wanted in theirs.impossible_attributes:
            yield (
                attribute,
                f"{other.name} has no attribute {wanted}{near(wanted, other.attributes)}",
            )
        elif other.attributes[wanted] != kind.attributes.get(attribute):
            yield attribute, f"{other.name}.{wanted} is of another type"
        elif wanted != attribute:
            yield attribute, f"is {wanted} there: known through another, it keeps its name"
