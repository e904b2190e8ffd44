"""The commands, as the command line itself defines them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def command_documents(group: Any, prefix: str = "") -> Iterator[dict[str, str]]:
    """Name and purpose (the first line of its help) of every command below a click group."""
    for name, command in group.commands.items():
        whole = f"{prefix}{name}"
        if hasattr(command, "commands"):
            yield from command_documents(command, f"{whole} ")
        elif not command.hidden:
            purpose = (command.help or "").strip().partition("\n")[0]
            yield {"name": whole, "purpose": purpose}
