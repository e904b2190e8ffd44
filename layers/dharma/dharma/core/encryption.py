"""Sensitive values at rest: AES-256-GCM under a data key that is itself encrypted (an envelope).

    enc:v1:<key id>:<encrypted data key>:<nonce and ciphertext>        the last two in base64url

Every value has a data key of its own; the key that encrypts data keys never leaves its `Keys`
(a file here, KMS on AWS), and its identifier stands in the text, so that keys can be rotated. The
*context* (`tenant/record/field`) is authenticated with both: a ciphertext that is copied to another
record or tenant does not decrypt.
"""

from __future__ import annotations

import base64
import secrets
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dharma.core.errors import InvalidInput

PREFIX = "enc:v1:"
_NONCE_BYTES = 12


class Keys(Protocol):
    """Where the keys are that encrypt data keys."""

    def wrap(self, data_key: bytes, context: bytes) -> tuple[str, bytes]:
        """Encrypt a data key under the present key; return that key's identifier and the result."""
        ...

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """The inverse. Raise `InvalidInput` for an unknown key or another context."""
        ...


class Sealer(Protocol):
    """What services ask for: `Cipher`, or a fake."""

    def seal(self, plain: bytes, context: str) -> str: ...

    def open(self, sealed: str, context: str) -> bytes: ...


class Cipher:
    """Encrypts what belongs to one record under the keys of this installation."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def seal(self, plain: bytes, context: str) -> str:
        bound = _bound(context)
        data_key = AESGCM.generate_key(bit_length=256)
        key_id, wrapped = self._keys.wrap(data_key, bound)
        return f"{PREFIX}{key_id}:{_text(wrapped)}:{_text(seal(data_key, plain, bound))}"

    def open(self, sealed: str, context: str) -> bytes:
        """Raise `InvalidInput` when the text was altered, moved, or made under a lost key."""
        if not is_sealed(sealed):
            raise InvalidInput("this is no encrypted value")
        bound = _bound(context)
        try:
            key_id, wrapped, body = sealed.removeprefix(PREFIX).split(":")
            data_key = self._keys.unwrap(key_id, _bytes(wrapped), bound)
            return unseal(data_key, _bytes(body), bound)
        except ValueError as error:
            raise InvalidInput("an encrypted value is damaged") from error


def is_sealed(value: object) -> bool:
    return isinstance(value, str) and value.startswith(PREFIX)


def seal(key: bytes, plain: bytes, context: bytes) -> bytes:
    """Nonce and ciphertext under one AES-256 key."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, context)


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """The inverse of `seal`."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
    except InvalidTag as error:
        raise InvalidInput(
            "an encrypted value was altered, or belongs to another record or key"
        ) from error


def _bound(context: str) -> bytes:
    if not context:
        raise ValueError("an empty context binds to nothing")
    return context.encode()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _bytes(text: str) -> bytes:
    data = base64.b64decode(text, altchars=b"-_", validate=True)
    if _text(data) != text:
        raise ValueError("bits beyond the last byte")
    return data
