"""Rows of text, lined up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def columns(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Lined up, each row indented, no blanks at the end."""
    listed = list(rows)
    count = max((len(row) for row in listed), default=0)
    widths = [max(len(row[n]) for row in listed if len(row) > n) for n in range(count)]
    for row in listed:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        yield f"  {'  '.join(cells)}".rstrip()
