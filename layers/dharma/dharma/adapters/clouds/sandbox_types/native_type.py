"""What the sandbox adapter knows of one CloudFormation type.

An emulator's CloudFormation creates most resources well, forgets some properties, updates few types
and deletes fewer. A `NativeType` covers the rest through the service's own API: it reads a resource
in CloudFormation's property names, changes it in place, and removes it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from dharma.adapters.clouds.aws_clients import AwsClients, is_missing

Properties = dict[str, Any]

# The tag of what is made through a service: says which creation made it.
CREATION = "dharma:creation"


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that was made: the cloud's name of it, and the properties it was made with."""

    physical_id: str
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Live:
    """A resource as it is: the properties that the service tells, in CloudFormation's names (None:
    it says that there is none), and the attributes that `Fn::GetAtt` may ask for."""

    properties: Properties
    attributes: Mapping[str, Any] = field(default_factory=dict)


class NotUpdatable(Exception):
    """The change needs a new resource."""


class NativeType:
    """`immutable`: properties whose change needs a new resource. `by_hand`: the emulator's
    CloudFormation does not know the type, so `create` makes it. `name_property`: the property that
    names it, when two of one name cannot exist."""

    type: ClassVar[str]
    immutable: ClassVar[frozenset[str]] = frozenset()
    by_hand: ClassVar[bool] = False
    name_property: ClassVar[str | None] = None

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        """The resource as it is now, None when it does not exist."""
        raise NotImplementedError

    def delete(self, aws: AwsClients, made: Made) -> None:
        raise NotImplementedError

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        """Bring it to what is wanted; `made.properties` is what was wanted before."""
        raise NotUpdatable

    @property
    def updatable(self) -> bool:
        """Whether any change can be made in place."""
        return type(self).update is not NativeType.update

    def create(self, aws: AwsClients, wanted: Properties, token: str) -> str:
        """Make it, unless an earlier call with this token did, and return its physical id."""
        raise NotImplementedError

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        """Physical ids of resources whose name begins so: what a failed creation may have left."""
        return []


def found(ask: Callable[[], Any]) -> Any:
    """The answer, None when the cloud says that the thing does not exist."""
    try:
        return ask()
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def generated_name(token: str, limit: int) -> str:
    """A name for a creation that gives none: the same again for the same token."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", token).strip("-")
    digest = hashlib.sha256(token.encode()).hexdigest()[:10]
    return f"{plain[: limit - 11].rstrip('-')}-{digest}"


def first(elements: Iterable[Any]) -> Any:
    return next(iter(elements), None)


def tag_list(tags: Any) -> list[dict[str, str]]:
    """Tags as CloudFormation has them, without those that clouds add themselves."""
    return [
        {"Key": tag["Key"], "Value": tag["Value"]}
        for tag in tags or []
        if not str(tag["Key"]).startswith("aws:")
    ]


def tag_map(tags: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tag_list(tags)}


def known(**properties: Any) -> Properties:
    """Only what the service told."""
    return {name: value for name, value in properties.items() if value is not None}


def same(wanted: Any, live: Any) -> bool:
    """Whether what is there fulfils what is wanted.

    Numbers and booleans may be texts; an object may have members that nobody asked for; order means
    nothing, since services return lists as they please.
    """
    if isinstance(wanted, dict) and isinstance(live, dict):
        return all(key in live and same(value, live[key]) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(live, list):
        rest = list(live)
        for element in wanted:
            match = next((other for other in rest if same(element, other)), None)
            if match is None:
                return False
            rest.remove(match)
        return not rest
    if live is None:
        return not wanted
    return _text(wanted) == _text(live)


def differences(wanted: Properties, live: Properties) -> Iterator[str]:
    """Properties that are wanted and told, and not the same."""
    for name, value in sorted(wanted.items()):
        if name in live and not same(value, live[name]):
            yield name


def document(text: Any) -> Any:
    """A policy document, whether it comes as text or as data. What is no JSON stays text: then it
    equals nothing that was wanted, and is set again."""
    if not isinstance(text, str) or not text:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def truth(value: Any) -> bool:
    """A boolean as CloudFormation may spell it."""
    return value is True or str(value).lower() == "true"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    return "" if value is None else str(value)
