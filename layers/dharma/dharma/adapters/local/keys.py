"""The keys of this installation, in one file that only its owner may read.

    {"current": "k1a2b3c4", "keys": {"k1a2b3c4": "<32 bytes in base64>"}}

Rotation adds a key and makes it current; older ones stay, for what was encrypted under them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from pathlib import Path

from dharma.adapters.local.files import create_once, write_atomically
from dharma.core.encryption import seal, unseal
from dharma.core.errors import InvalidInput, Misconfigured

_KEY_BYTES = 32


class FileKeys:
    """`Keys` out of a file, which is made on first use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.exists():
            create_once(path, _spell(*_fresh()))
        self._current, self._keys = _read(path)

    def wrap(self, data_key: bytes, context: bytes) -> tuple[str, bytes]:
        return self._current, seal(self._keys[self._current], data_key, context)

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        if key_id not in self._keys:
            # Another process may have rotated since this one started.
            self._current, self._keys = _read(self._path)
        if key_id not in self._keys:
            raise InvalidInput(f"the key {key_id} is not in {self._path}")
        return unseal(self._keys[key_id], wrapped, context)

    def rotate(self) -> str:
        """Encrypt under a new key from now on; return its identifier."""
        _, keys = _read(self._path)
        current, new = _fresh()
        write_atomically(self._path, _spell(current, {**keys, **new}))
        self._current, self._keys = _read(self._path)
        return current

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (`cursors`) that stay the same through rotations."""
        oldest = next(iter(self._keys.values()))
        return hmac.new(oldest, purpose.encode(), hashlib.sha256).digest()


def refuse_if_readable_by_others(path: Path) -> None:
    """A secret that others can read is refused rather than used."""
    if path.stat().st_mode & 0o077:
        raise Misconfigured(f"DHARMA_STATE_DIR: others can read {path}; chmod 600 it")


def _fresh() -> tuple[str, dict[str, bytes]]:
    identifier = "k" + secrets.token_hex(4)
    return identifier, {identifier: secrets.token_bytes(_KEY_BYTES)}


def _spell(current: str, keys: dict[str, bytes]) -> bytes:
    texts = {name: base64.b64encode(key).decode() for name, key in keys.items()}
    return json.dumps({"current": current, "keys": texts}, indent=2).encode() + b"\n"


def _read(path: Path) -> tuple[str, dict[str, bytes]]:
    refuse_if_readable_by_others(path)
    try:
        document = json.loads(path.read_bytes())
        keys = {n: base64.b64decode(k, validate=True) for n, k in document["keys"].items()}
        current: str = document["current"]
        if current not in keys or any(len(key) != _KEY_BYTES for key in keys.values()):
            raise ValueError("keys of another length, or none is current")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(f"DHARMA_STATE_DIR: {path} is no key file ({error})") from error
    return current, keys
