"""DynamoDB's limits, checked before anything is written, behind every adapter.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
and https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dharma.core.errors import InvalidInput, LimitExceeded, VersionConflict
from dharma.core.store import Check, Delete, Emit, Item, Operation, Put

ITEM_BYTES = 400 * 1024
TRANSACTION_OPERATIONS = 100
TRANSACTION_BYTES = 4 * 1024 * 1024
# EventBridge's for an entry, less what the entry has besides its detail.
EVENT_BYTES = 240 * 1024
PAGE_BYTES = 1024 * 1024
PAGE_ITEMS = 1000
PARTITION_KEY_BYTES = 2048
SORT_KEY_BYTES = 1024

# Names of the other attributes and their numbers, generously.
_ATTRIBUTES_BYTES = 100


def encode(data: Mapping[str, Any]) -> str:
    """Compact JSON; NaN, infinities and lone surrogates are refused."""
    try:
        text = json.dumps(dict(data), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"a record cannot hold this: {error}") from error
    return text


def encode_item(item: Item) -> str:
    """The JSON of an item's data, after checking its keys and its size."""
    check_key(item.pk, item.sk)
    if (item.gsi1pk is None) != (item.gsi1sk is None):
        raise ValueError("gsi1pk and gsi1sk: both or neither")
    if item.gsi1pk is not None and item.gsi1sk is not None:
        check_key(item.gsi1pk, item.gsi1sk)
    text = encode(item.data)
    size = item_bytes(item, text)
    if size > ITEM_BYTES:
        raise LimitExceeded(f"a record of {size:,} bytes; at most {ITEM_BYTES:,} can be stored")
    return text


def item_bytes(item: Item, encoded: str) -> int:
    keys = (item.pk, item.sk, item.type, item.gsi1pk or "", item.gsi1sk or "", encoded)
    return _ATTRIBUTES_BYTES + sum(len(text.encode()) for text in keys)


def check_key(pk: str, sk: str) -> None:
    for name, key, most in (("partition", pk, PARTITION_KEY_BYTES), ("sort", sk, SORT_KEY_BYTES)):
        if not key or "\0" in key:
            raise InvalidInput(f"a {name} key is never empty and has no NUL")
        if len(key.encode(errors="surrogatepass")) > most:
            raise LimitExceeded(f"a {name} key has at most {most} bytes")


def check_page_limit(limit: int) -> None:
    if not 1 <= limit <= PAGE_ITEMS:
        raise InvalidInput(f"limit is 1 to {PAGE_ITEMS}, not {limit}")


def version_conflict(pk: str, sk: str, expected: int | None, found: int) -> VersionConflict:
    """The refusal that all adapters word alike."""
    wanted = {None: "to exist", 0: "not to exist"}.get(expected, f"at version {expected}")
    state = f"is at version {found}" if found else "does not exist"
    return VersionConflict(f"{pk} {sk} was expected {wanted} but {state}")


def encode_transaction(operations: Sequence[Operation]) -> list[str]:
    """Check a transaction; return for each operation the JSON that it writes ("" if none)."""
    if not 1 <= len(operations) <= TRANSACTION_OPERATIONS:
        raise LimitExceeded(
            f"a transaction has 1 to {TRANSACTION_OPERATIONS} operations, not {len(operations)}"
        )
    seen: set[tuple[str, str]] = set()
    encoded: list[str] = []
    for operation in operations:
        key = _key(operation)
        if key in seen:
            raise ValueError(f"a transaction touches each item once; twice: {key}")
        seen.add(key)
        encoded.append(_encode_operation(operation))
    total = sum(len(text.encode()) for text in encoded)
    if total > TRANSACTION_BYTES:
        raise LimitExceeded(
            f"a transaction of {total:,} bytes; at most {TRANSACTION_BYTES:,} are possible"
        )
    return encoded


def _key(operation: Operation) -> tuple[str, str]:
    match operation:
        case Put(item=item):
            return item.pk, item.sk
        case Emit(event=event):
            return "", event.id
        case Delete(pk=pk, sk=sk) | Check(pk=pk, sk=sk):
            return pk, sk


def _encode_operation(operation: Operation) -> str:
    match operation:
        case Put(item=item):
            return encode_item(item)
        case Emit(event=event):
            text = encode(event.to_dict())
            if len(text.encode()) > EVENT_BYTES:
                raise LimitExceeded(f"an event of more than {EVENT_BYTES:,} bytes")
            return text
        case Delete(pk=pk, sk=sk) | Check(pk=pk, sk=sk):
            check_key(pk, sk)
            return ""
