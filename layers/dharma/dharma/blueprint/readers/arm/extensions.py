"""Extension resources in their older form: `Microsoft.KeyVault/vaults/providers/roleAssignments`
called `vault/Microsoft.Authorization/name` is the `Microsoft.Authorization/roleAssignments` called
`name` whose scope is that vault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dharma.model.expressions.nodes import Value

_PROVIDERS = re.compile("/providers/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Extended:
    """What an extension belongs to: type and names."""

    type: str
    names: tuple[Value, ...]


def split_extension(native: str, names: list[Value]) -> tuple[str, int, Extended] | None:
    """The type of an extension, how many of the names are not its own, and what it belongs to; None
    for any other resource."""
    owner, *others = _PROVIDERS.split(native)
    depth = owner.count("/")
    if len(others) != 1 or len(names) != depth + others[0].count("/") + 2:
        return None
    namespace = names[depth]
    if not depth or not isinstance(namespace, str):
        return None
    return f"{namespace}/{others[0]}", depth + 1, Extended(owner, tuple(names[:depth]))
