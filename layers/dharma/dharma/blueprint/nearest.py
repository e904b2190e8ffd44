"""The known name that a misspelled one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def distance(a: str, b: str, limit: int) -> int:
    """Edits (insert, delete, replace, swap of neighbours) from `a` to `b`; above `limit` just some
    larger number."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        two_before, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, two_before[j - 2] + 1)
            row.append(best)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The closest known name, if one is close: a third of its letters may differ, and neither case
    nor the way of joining words counts (`dependsOn`, `depends-on`)."""
    wanted = _plain(name)
    # Of a name as short as `a` nothing would be left.
    limit = min(3, (len(wanted) + 1) // 3) if len(wanted) > 2 else 0
    scored = ((distance(wanted, _plain(other), limit), other) for other in known)
    best = min((s for s in scored if s[0] <= limit), default=None)
    return best[1] if best else None


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """The hint of a fault about an unknown name."""
    other = nearest(name, known)
    return f"did you mean {other}?" if other else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
