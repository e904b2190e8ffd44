"""A plan with the colours that people know from Terraform."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = (("-/+", "magenta"), ("+", "green"), ("-", "red"), ("~", "yellow"), ("#", "bold"))


def coloured_plan(console: Console, text: str) -> None:
    """`text` is what `dharma.orchestrator.plan_view.render` gives."""
    for line in text.rstrip("\n").split("\n"):
        mark = line.lstrip()
        style = next((style for sign, style in _STYLES if mark.startswith(f"{sign} ")), None)
        console.print(line, style=style, markup=False, soft_wrap=True)
