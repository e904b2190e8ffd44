"""Builtins of OPA that regorus lacks and that policies for infrastructure use.

An exception here ends the evaluation of the package loudly, as every builtin error does.
https://www.openpolicyagent.org/docs/policy-reference/builtins
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def cidr_intersects(first: str, second: str) -> bool:
    """Whether two networks share an address; networks of different versions do not."""
    from ipaddress import ip_network

    one, other = ip_network(first, strict=False), ip_network(second, strict=False)
    return one.version == other.version and one.overlaps(other)


def sha256(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()


def sha1(text: str) -> str:
    from hashlib import sha1

    return sha1(text.encode(), usedforsecurity=False).hexdigest()


def md5(text: str) -> str:
    from hashlib import md5

    return md5(text.encode(), usedforsecurity=False).hexdigest()


ADDED: dict[str, tuple[int, Callable[..., Any]]] = {
    "crypto.md5": (1, md5),
    "crypto.sha1": (1, sha1),
    "crypto.sha256": (1, sha256),
    "net.cidr_intersects": (2, cidr_intersects),
}
"""Number of arguments and function by name."""

RENAMED = {b"re_match": b"regex.match"}
"""Names of Rego v0 that OPA still knows there, and what they are called now."""


def add_builtins(engine: Any) -> None:
    """Make them known to a regorus engine."""
    for name, (arguments, function) in ADDED.items():
        engine.add_extension(name, arguments, function)
