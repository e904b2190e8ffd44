"""`Keys` of `dharma.core.encryption` in KMS: the key that encrypts data keys never leaves it.

The identifier in a sealed value is the last part of the key's ARN. KMS renews the material behind
a key every year and keeps what older values need, so that nothing is encrypted anew
(`EnableKeyRotation` in infra/template.yaml). To change the key itself, let DHARMA_KMS_KEY name the
new one, or turn the alias that it names; values under the old key open as long as that exists.

The context is KMS's encryption context: authenticated, and written into CloudTrail. It holds
identifiers, no secrets.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from dharma.adapters.aws.failures import answering
from dharma.adapters.aws_errors import code_of
from dharma.core.errors import InvalidInput, Misconfigured, Unavailable

_NOT_OURS = frozenset({"IncorrectKeyException", "InvalidCiphertextException", "NotFoundException"})
_OUT_OF_USE = frozenset({"DisabledException", "KMSInvalidStateException"})


class KmsKeys:
    """`key`: an ARN, an identifier or an alias (`alias/dharma`) of a symmetric key."""

    def __init__(self, client: Any, key: str) -> None:
        self._client = client
        self._key = key
        # A key of another account has to be called by its ARN.
        account, found, _ = key.partition(":key/")
        self._prefix = f"{account}{found}" if found else ""

    def wrap(self, data_key: bytes, context: bytes) -> tuple[str, bytes]:
        with answering("DHARMA_KMS_KEY"):
            try:
                answer = self._client.encrypt(
                    KeyId=self._key, Plaintext=data_key, EncryptionContext=_bound(context)
                )
            except ClientError as error:
                if code_of(error) == "NotFoundException":
                    raise Misconfigured(f"DHARMA_KMS_KEY: there is no key {self._key}") from error
                raise _unusable(error) from error
        return answer["KeyId"].rpartition("/")[2], answer["CiphertextBlob"]

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        with answering("DHARMA_KMS_KEY"):
            try:
                answer = self._client.decrypt(
                    KeyId=self._prefix + key_id,
                    CiphertextBlob=wrapped,
                    EncryptionContext=_bound(context),
                )
            except ClientError as error:
                # A process may use its own keys alone, so any other is denied rather than absent.
                denied = code_of(error) == "AccessDeniedException" and not self._is_own(key_id)
                if not denied and code_of(error) not in _NOT_OURS:
                    raise _unusable(error) from error
                raise InvalidInput(
                    f"the key {key_id} does not open this value: it was altered, belongs to "
                    "another record, or the key is gone or not open to this process"
                ) from error
        plain: bytes = answer["Plaintext"]
        return plain

    def _is_own(self, key_id: str) -> bool:
        return key_id == self._key.rpartition("/")[2]


def _unusable(error: ClientError) -> Exception:
    meaning: Exception = error
    if code_of(error) in _OUT_OF_USE:
        meaning = Unavailable(f"the key cannot be used at present: {error}")
    return meaning


def _bound(context: bytes) -> dict[str, str]:
    return {"record": context.decode()}
