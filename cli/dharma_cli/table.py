"""Rows of text in columns: folded to the width of a terminal, whole where there is none."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, TypeAlias

from dharma_cli.screen import harmless

if TYPE_CHECKING:
    from rich.console import Console

Cell: TypeAlias = str | tuple[str, str]
"""A text, or a text and its style. It is never markup: it may come from others."""

_GAP = "  "


class Table:
    """Columns by their headings; those in `right` are figures."""

    def __init__(self, *columns: str, right: Collection[str] = ()) -> None:
        self._columns = columns
        self._right = [column in right for column in columns]
        self._rows: list[tuple[tuple[Cell, ...], str | None]] = []

    def add(self, *cells: Cell, style: str | None = None) -> None:
        self._rows.append((cells, style))

    def print(self, console: Console) -> None:
        """On a terminal a table is no wider than that and folds what is longer. Elsewhere a row is
        a line, however long, and no blanks follow it for the sake of the longest one."""
        if console.is_terminal:
            self._print_folded(console)
        else:
            console.file.write("".join(f"{line}\n" for line in self._lines()))

    def _print_folded(self, console: Console) -> None:
        from rich.table import Table as Folding
        from rich.text import Text

        folding = Folding(box=None, pad_edge=False, header_style="dim")
        for name, right in zip(self._columns, self._right, strict=True):
            folding.add_column(name, justify="right" if right else "left", overflow="fold")
        for cells, style in self._rows:
            texts = [Text(c) if isinstance(c, str) else Text(c[0], c[1]) for c in cells]
            folding.add_row(*texts, style=style)
        console.print(folding)

    def _lines(self) -> list[str]:
        """Rich would take a minute for the bill of 10,000 resources."""
        rows = [self._columns, *(tuple(map(_line, cells)) for cells, _ in self._rows)]
        widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
        return [
            _GAP.join(
                f"{' ' * (width - _width(text))}{text}"
                if right
                else f"{text}{' ' * (width - _width(text))}"
                for text, width, right in zip(row, widths, self._right, strict=True)
            ).rstrip()
            for row in rows
        ]


def _line(cell: Cell) -> str:
    text = cell if isinstance(cell, str) else cell[0]
    return text if text.isprintable() else " ".join(harmless(text).split())


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
