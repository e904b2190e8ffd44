"""Addresses as Terraform writes them: `module.web.aws_sqs_queue.jobs["a"]`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import ResourceRef, Value
from dharma.model.expressions.printer import print_string

_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
# A key is printed into code as it stands: no quotes, no escapes, no beginnings of templates.
_KEY = r'\[(?:[0-9]{1,9}|"[^"\\$%\x00-\x1f]{1,256}")\]'
_ADDRESS = re.compile(
    rf"(?P<modules>(?:module\.{_NAME}(?:{_KEY})?\.)*)"
    rf"(?P<type>{_NAME})\.(?P<name>{_NAME})(?P<key>{_KEY})?\Z"
)
_WORD = re.compile(rf"{_NAME}\Z")
MAX_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class Address:
    """`modules` ends with a dot or is empty; `key` has its brackets or is empty."""

    modules: str
    type: str
    name: str
    key: str = ""

    @property
    def resource(self) -> str:
        return f"{self.type}.{self.name}"

    def __str__(self) -> str:
        return f"{self.modules}{self.resource}{self.key}"


def parse_address(text: str) -> Address | None:
    """The parts of an address; None for what is none."""
    match = _ADDRESS.match(text) if len(text) <= MAX_LENGTH else None
    if match is None or match["type"] in ("module", "data"):
        return None
    return Address(match["modules"], match["type"], match["name"], match["key"] or "")


def instance_address(address: str, key: Value) -> str:
    """`aws_subnet.app[0]`, `aws_subnet.app["a"]`, or the address itself where there is no key; a
    key that is not known is `[?]`."""
    if key is None:
        return address
    if isinstance(key, str):
        return f"{address}[{print_string(key)}]"
    return f"{address}[{key if isinstance(key, int) else '?'}]"


def referred_address(reference: ResourceRef) -> str:
    """The address of the instance that a reference names, or of the resource."""
    return instance_address(reference.address, reference.instance)


def former_address(resource: Resource, former: str) -> Address | None:
    """What one word of `renamed_from` says: a name stands for the same type in the same module, an
    address for itself. None for what is neither."""
    if _WORD.match(former):
        module = f"module.{resource.module}." if resource.module else ""
        return Address(module, resource.type, former)
    return parse_address(former)
