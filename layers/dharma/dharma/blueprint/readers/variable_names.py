"""What a parameter of a template is called as a variable of the blueprint."""

from __future__ import annotations

from dharma.catalog.naming import snake


def variable_name(parameter: str) -> str:
    """`adminPassword` and `AdminPassword` are `admin_password`."""
    name = snake(parameter)
    return name if name[:1].isalpha() or name[:1] == "_" else f"p_{name}"
