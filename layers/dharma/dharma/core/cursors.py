"""Opaque cursors: a place in a query's answer, signed, so that nobody can make or bend one.

The signature covers the query, so a cursor of one tenant's list is of no use in another's. The
place itself is readable to whoever decodes it: keys hold identifiers and names, never secrets.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from dharma.core.errors import InvalidInput
from dharma.core.store import Index, Item, Page
from dharma.core.store_limits import PAGE_BYTES

_SIGNATURE_BYTES = 16
_MOST_CHARACTERS = 8192


@dataclass(frozen=True, slots=True)
class Query:
    """What a cursor is bound to."""

    pk: str
    sk_prefix: str = ""
    reverse: bool = False
    index: Index | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ends: the sort key in the queried order, and the item's own key.

    `backward`: the page wanted lies before this place.
    """

    sort: str
    pk: str
    sk: str
    backward: bool = field(default=False)


class Cursors:
    """Writes and reads cursors under one key, shared by all processes over one store.

    A key that has to be fetched is asked for when the first cursor is written or read.
    """

    def __init__(self, key: bytes | Callable[[], bytes]) -> None:
        self._given = key
        if isinstance(key, bytes):
            _check_key(key)

    @cached_property
    def _key(self) -> bytes:
        return self._given if isinstance(self._given, bytes) else _check_key(self._given())

    def write(self, query: Query, position: Position) -> str:
        body = json.dumps(
            [position.sort, position.pk, position.sk, int(position.backward)],
            separators=(",", ":"),
            ensure_ascii=False,
        ).encode()
        return base64.urlsafe_b64encode(self._sign(query, body) + body).decode().rstrip("=")

    def read(self, query: Query, cursor: str) -> Position:
        """Raise `InvalidInput` for anything that `write` did not make for this very query."""
        try:
            if len(cursor) > _MOST_CHARACTERS:
                raise ValueError("too long")
            raw = base64.b64decode(
                cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True
            )
            signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
            if not hmac.compare_digest(signature, self._sign(query, body)):
                raise ValueError("not ours")
            sort, pk, sk, backward = json.loads(body)
        except (ValueError, binascii.Error) as error:
            raise InvalidInput("this cursor does not belong to this list") from error
        return Position(sort, pk, sk, bool(backward))

    def _sign(self, query: Query, body: bytes) -> bytes:
        bound = json.dumps([query.pk, query.sk_prefix, query.reverse, query.index]).encode()
        mac = hmac.new(self._key, len(bound).to_bytes(4, "big") + bound + body, hashlib.sha256)
        return mac.digest()[:_SIGNATURE_BYTES]

    def page(
        self,
        query: Query,
        start: Position | None,
        limit: int,
        rows: Iterable[tuple[Position, Item, int]],
    ) -> Page:
        """Cut a page out of what follows `start` in its direction.

        `rows`: place, item and bytes, nearest to `start` first; one more than `limit` is read.
        """
        taken: list[tuple[Position, Item]] = []
        size, more = 0, False
        for place, item, item_size in rows:
            size += item_size
            if len(taken) == limit or (taken and size > PAGE_BYTES):
                more = True
                break
            taken.append((place, item))
        backward = start is not None and start.backward
        if backward:
            taken.reverse()
        has_next = bool(taken) and (more or backward)
        has_previous = bool(taken) and (more if backward else start is not None)
        return Page(
            items=tuple(item for _, item in taken),
            next_cursor=self.write(query, taken[-1][0]) if has_next else None,
            previous_cursor=(
                self.write(query, replace(taken[0][0], backward=True)) if has_previous else None
            ),
        )


def _check_key(key: bytes) -> bytes:
    if len(key) < 16:
        raise ValueError("a key of at least 16 bytes")
    return key


def prefix_end(prefix: str) -> str | None:
    """The least text that sorts after every text with this prefix; None when there is none."""
    for i in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[i])
        if code < 0x10FFFF:
            # U+D800..U+DFFF are no characters.
            return prefix[:i] + chr(0xE000 if code == 0xD7FF else code + 1)
    return None
