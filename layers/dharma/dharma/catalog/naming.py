"""Names of parts in each format, and back.

Terraform: a resource keeps its address, and what is unfolded from it takes the owner's name.

CloudFormation: `aws_s3_bucket.web_assets` becomes `WebAssetsBucket`: the words of the name, then
the noun of the kind. Reading takes the noun off and splits the words again. Where that would not
give the same name back, the resource's `Metadata` says it (`Dharma: {Name: app_1}`); and a logical
id that somebody else chose is kept as `native: {cloudformation: {LogicalId: ...}}`, because a
changed one would replace the resource.

Everything here depends on names alone, never on the order of resources.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from dharma.catalog.literals import text_of
from dharma.model.expressions.nodes import ResourceRef, Template, Value

_NO_WORD = re.compile(r"[^A-Za-z0-9]+")
_ACRONYM = re.compile(r"([A-Z]+)([A-Z][a-z])")
_HUMP = re.compile(r"([a-z0-9])([A-Z])")
_NUMBERED = re.compile(r"([a-z]{3,})([0-9]+)(?=_|$)")
_SEGMENT = re.compile(r"([^.\[\]]+)(\[[^\]]*\])?(?:\.|$)")
# Names that `$(ref.NAME.attribute)` can carry.
REFERABLE = re.compile(r"[A-Za-z0-9_-]{1,250}\Z")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_LONGEST_LABEL = 40


def pascal(name: str) -> str:
    """`web_assets` as `WebAssets`."""
    return "".join(word[:1].upper() + word[1:] for word in _NO_WORD.split(name) if word)


def snake(name: str) -> str:
    """`WebAssets` as `web_assets`, `Public1` as `public_1`, `S3` as `s3`."""
    words = _HUMP.sub(r"\1_\2", _ACRONYM.sub(r"\1_\2", name)).lower()
    return _NUMBERED.sub(r"\1_\2", _NO_WORD.sub("_", words).strip("_"))


def logical_id(name: str, noun: str) -> str:
    """The logical id of a resource with this name."""
    return noun if name == snake(noun) else pascal(name) + noun


def name_in_logical_id(identifier: str, noun: str) -> str:
    """The name that `logical_id` would have been given, as far as it can be told."""
    words = identifier.removesuffix(noun) or identifier
    name = snake(words)
    return name if name[:1].isalpha() else f"r_{name}"


def deployment_name(name: str, noun: str) -> str:
    """The name of a resource in a Deployment Manager configuration: `web-instance`. The model's
    name stays as it is, so that it can be told again."""
    return f"{name}-{noun}"


def name_in_deployment(identifier: str, kind: str, noun: str) -> str:
    """The name that `deployment_name` was given; a name that somebody else chose is taken whole."""
    name, _, last = identifier.rpartition("-")
    own = name.removesuffix(f"-{noun}")
    if own != name and digest(f"{kind}.{own}").lower() == last:
        return own
    name = identifier.removesuffix(f"-{noun}") or identifier
    if _NAME.match(name):
        return name
    word = _NO_WORD.sub("_", name).strip("_")
    return word if word[:1].isalpha() else f"r_{word}"


def digest(text: str) -> str:
    """Six hexadecimal digits that tell names apart, the same on every machine."""
    return hashlib.sha256(text.encode()).hexdigest()[:6].upper()


class Names:
    """Names that are taken; a name that is taken already gets the digest of what it is for."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str, purpose: str, joint: str = "") -> str:
        name = wanted
        if name in self._taken:
            name = f"{wanted}{joint}{digest(purpose) if not joint else digest(purpose).lower()}"
        count = 2
        while name in self._taken:
            name = f"{wanted}{joint}{digest(f'{purpose}#{count}')}"
            count += 1
        self._taken.add(name)
        return name

    def holds(self, name: str) -> bool:
        return name in self._taken


def label(values: Iterable[Value]) -> str:
    """A readable word for an atom out of the members that tell it apart: `tcp_443_any_ipv4`."""
    words = "_".join(word for value in values if value is not None if (word := _word(value)))
    return words if len(words) <= _LONGEST_LABEL else f"{words[:30]}_{digest(words).lower()}"


_KNOWN_WORDS = {"0.0.0.0/0": "any_ipv4", "::/0": "any_ipv6", "-1": "all"}


def _word(value: Value) -> str:
    if isinstance(value, str):
        if value.startswith("arn:"):
            value = value.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
        return _KNOWN_WORDS.get(value) or _NO_WORD.sub("_", value).strip("_").lower()
    if isinstance(value, bool | int | float):
        return _NO_WORD.sub("_", text_of(value)).strip("_")
    if isinstance(value, ResourceRef):
        name = value.address.rsplit(".", 1)[-1]
        key = _word(value.instance) if isinstance(value.instance, str | int) else ""
        return f"{name}_{key}" if key else name
    if isinstance(value, Template) and isinstance(value.parts[-1], str) and "/" in value.parts[-1]:
        return _word(value.parts[-1].rsplit("/", 1)[-1])  # The name at the end of an ARN.
    return digest(repr(value)).lower()


def name_in_address(address: str) -> tuple[str, str]:
    """Type and name of a Terraform address as one flat resource: module path and loop key become
    words of the name (`module.web.aws_subnet.app["a"]` is `web_app_a`)."""
    segments = [(match.group(1), match.group(2) or "") for match in _SEGMENT.finditer(address)]
    words: list[str] = []
    while len(segments) > 2 and segments[0][0] == "module":
        words.extend(_NO_WORD.sub("_", part).strip("_") for part in segments[1])
        segments = segments[2:]
    native_type = segments[0][0]
    name, key = segments[-1]
    words.append(name)
    words.append(_NO_WORD.sub("_", key).strip("_"))
    return native_type, "_".join(word for word in words if word)


def terraform_type(address: str) -> str:
    """The type in a Terraform address."""
    return name_in_address(address)[0]
