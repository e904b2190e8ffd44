"""A document of a deployment, each as people know it from the command that makes it offline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def document(console: Console, name: str, body: Any) -> None:
    """Those without a view of their own are printed as JSON."""
    if name == "plan":
        from dharma.orchestrator.plan import Plan
        from dharma.orchestrator.plan_view import render
        from dharma_cli.views.plan import coloured_plan

        coloured_plan(console, render(Plan.from_dict(body)))
    elif name == "cost":
        from dharma_cli.views.price_table import price_table

        price_table(console, body)
    elif name.startswith("verdict-"):
        from dharma_cli.views.verdict import verdict

        verdict(console, body)
    elif name == "resources":
        from dharma_cli.views.progress import resource_table

        resource_table(console, body)
    else:
        text = json.dumps(body, indent=2, ensure_ascii=False)
        console.print(text, markup=False, soft_wrap=True)
