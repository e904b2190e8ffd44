"""Terraform's addresses: calls of modules, then the thing itself."""

from __future__ import annotations

import json


def split_address(address: str) -> tuple[str, str]:
    """`module.web["a"].aws_x.y` as the module's path and the address inside it."""
    calls = calls_in(address)
    path = "".join(f"{call}." for call in calls)
    return path, address[len(path) :]


def calls_in(address: str) -> list[str]:
    """The calls that an address begins with: `module.web["a"]`, `module.db`."""
    found = []
    rest = address
    while rest.startswith("module."):
        end = len("module.")
        while end < len(rest) and rest[end] not in ".[":
            end += 1
        if end < len(rest) and rest[end] == "[":
            _, length = json.JSONDecoder().raw_decode(rest[end + 1 :])
            end += length + 2
        if end >= len(rest):
            break
        found.append(rest[:end])
        rest = rest[end + 1 :]
    return found


def words_of(address: str) -> list[str]:
    """The words of a data source's address, for a name: `module.web.data.aws_ami.linux` is `web`,
    `ami`, `linux`."""
    path, local = split_address(address)
    words = [c.removeprefix("module.") for c in calls_in(path + "x")]
    cleaned = ["".join(ch if ch.isalnum() else "_" for ch in w).strip("_") for w in words]
    kind, name = local.split(".")[1:3]
    return [*cleaned, kind.split("_", 1)[-1], name]
