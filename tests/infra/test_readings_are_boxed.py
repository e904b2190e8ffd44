"""What people and requests hand over is read in a box: entry points know no other way."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = ("cli/dharma_cli", "functions", "local/dharma_local")
READERS = "dharma.blueprint.readers"
ALLOWED = {f"{READERS}.boxed", f"{READERS}.result"}


def imports(file: Path) -> set[str]:
    """The names that a file imports, each with its module before it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_entry_points_read_sources_in_a_box_only() -> None:
    used = {
        f"{file.relative_to(ROOT)}: {name}"
        for entry in ENTRIES
        for file in (ROOT / entry).rglob("*.py")
        for name in imports(file)
        if name.startswith(READERS)
        and ".".join(name.split(".")[:4]) not in ALLOWED
        and not name.endswith((".ReadResult", ".Decide"))
    }
    assert used == set()


def test_this_test_sees_an_import() -> None:
    assert f"{READERS}.boxed.read_file" in imports(ROOT / "cli/dharma_cli/source.py")
