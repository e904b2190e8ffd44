"""Transforms by the names that kind files call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dharma.catalog.transforms.base import SAME, Transform
from dharma.catalog.transforms.identities import Named, OwnPart
from dharma.catalog.transforms.lists import Alone, Keys, Objects, TagList
from dharma.catalog.transforms.literals import Divided, Enum, Not, Scale, Text
from dharma.catalog.transforms.texts import Around, Base64, Join, JsonText, OneOf, Split, Within
from dharma.core.errors import Misconfigured
from dharma.model.expressions.nodes import Value


def transform_named(name: str, argument: Any = None) -> Transform:
    """The transform that a kind file names. An unknown name is a mistake in the file."""
    if name not in _TRANSFORMS:
        raise Misconfigured(f"no transform is called {name!r}; there are {sorted(_TRANSFORMS)}")
    return _TRANSFORMS[name](argument)


def _enum(argument: Any) -> Transform:
    pairs: list[tuple[Value, Value]] = []
    further: list[tuple[Value, Value]] = []
    for key, native in argument:
        if key is None:
            further.extend((None, n) for n in (native if isinstance(native, list) else [native]))
        elif isinstance(native, list):
            pairs.append((key, native[0]))
            further.extend((key, n) for n in native[1:])
        else:
            pairs.append((key, native))
    natives = [repr(n) for _, n in (*pairs, *further)]
    if len(set(natives)) != len(natives):
        raise Misconfigured("an enum must not give two values the same native literal")
    return Enum(tuple(pairs), tuple(further))


def _tag_list(argument: Any) -> Transform:
    said = dict(argument or {})
    return TagList(
        said.get("key", "Key"),
        said.get("value", "Value"),
        tuple(dict(said.get("constants", {})).items()),
    )


def _objects(argument: Any) -> Transform:
    if isinstance(argument, str):
        return Objects(argument)
    constants = tuple(dict(argument.get("constants", {})).items())
    numbered = None
    for member, said in dict(argument.get("numbered", {})).items():
        before, _, after = str(said).partition("${number}")
        numbered = member, before, after
    first = None
    if said := argument.get("first"):
        outer, _, inner = str(said).partition(".")
        first = outer, inner
    return Objects(
        argument["member"], constants, numbered, first, tuple(argument.get("ignore", ()))
    )


def _around(argument: Any) -> Around:
    before, mark, after = str(argument).partition("${value}")
    if not mark:
        raise Misconfigured("a template transform needs ${value}")
    return Around(before, after)


def _one_of(argument: Any) -> Transform:
    around = _around(argument)
    return OneOf(around.before, around.after)


_TRANSFORMS: dict[str, Callable[[Any], Transform]] = {
    "same": lambda _: SAME,
    "enum": _enum,
    "not": lambda _: Not(),
    "text": lambda _: Text(),
    "scale": lambda factor: Scale(int(factor)),
    "divided": lambda factor: Divided(int(factor)),
    "join": lambda separator: Join(str(separator)),
    "split": lambda separator: Split(str(separator)),
    "tag_list": _tag_list,
    "base64": lambda _: Base64(),
    "json_text": lambda names: JsonText(tuple(dict(names or {}).items())),
    "template": _around,
    "within": lambda folder: Within(str(folder)),
    "own_part": lambda collection: OwnPart(str(collection)),
    "alone": lambda _: Alone(),
    "named": lambda _: Named(),
    "one_of": _one_of,
    "objects": _objects,
    "keys": lambda _: Keys(),
}
