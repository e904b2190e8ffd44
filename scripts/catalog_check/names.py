"""Names of the model against names of a format: alike, or nearly."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def same_name(own: str, native: str) -> bool:
    """`delay_seconds` and `DelaySeconds`."""
    return own.replace("_", "") == native.replace("_", "").lower()


def near(name: str, known: Iterable[str]) -> str:
    """` (nearest: other)` for a finding's end; empty where no known name is like this one."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (nearest: {close[0]})" if close else ""


def likeness(own: str, native: str) -> float:
    """From 0 to 1, how alike `message_retention_seconds` and `MessageRetentionPeriod` are."""
    plain = own.replace("_", ""), native.replace("_", "").lower()
    return difflib.SequenceMatcher(None, *plain, autojunk=False).ratio()
