"""`NAME=VALUE` on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dharma.core.errors import InvalidInput


def parse(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Name and value of each word; InvalidInput when one has no name or no equals sign."""
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name.strip():
            raise InvalidInput(f"{word!r} must read NAME=VALUE")
        yield name.strip(), value
