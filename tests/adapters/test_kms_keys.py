"""Sealed values under KMS: the envelope, rotation by alias, keys that cannot be used. On moto."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.stub import Stubber
from moto.core import DEFAULT_ACCOUNT_ID

from dharma.adapters.aws.clients import Clients
from dharma.adapters.aws.dynamodb_store import DynamoStore
from dharma.adapters.aws.kms_keys import KmsKeys
from dharma.adapters.aws.shared_key import shared_key
from dharma.adapters.local.memory_store import MemoryStore
from dharma.core.encryption import Cipher
from dharma.core.errors import InvalidInput, Misconfigured, Unavailable
from dharma.core.store import Item


@pytest.fixture
def key(aws: Clients) -> str:
    arn: str = aws["kms"].create_key()["KeyMetadata"]["Arn"]
    return arn


@pytest.fixture
def cipher(aws: Clients, key: str) -> Cipher:
    return Cipher(KmsKeys(aws["kms"], key))


def test_what_is_sealed_opens_in_its_own_context_alone(cipher: Cipher) -> None:
    sealed = cipher.seal(b"hunter2\0\xff", "t/environments/prod/Füße")
    assert "hunter2" not in sealed
    assert cipher.open(sealed, "t/environments/prod/Füße") == b"hunter2\0\xff"
    with pytest.raises(InvalidInput, match="another record"):
        cipher.open(sealed, "u/environments/prod/Füße")


def test_the_key_stands_in_the_value_without_its_account(cipher: Cipher, key: str) -> None:
    sealed = cipher.seal(b"x", "c")
    assert sealed.startswith(f"enc:v1:{key.rpartition('/')[2]}:")
    assert DEFAULT_ACCOUNT_ID not in sealed.split(":")[2]


def test_an_altered_value_does_not_open(cipher: Cipher) -> None:
    sealed = cipher.seal(b"secret", "c")
    key_ends = sealed.index(":", len("enc:v1:"))
    # moto writes the key's identifier in front of what it encrypts, and looks that key up.
    places = [*range(len("enc:v1:"), key_ends), *range(key_ends + 50, len(sealed))]
    for i in places[::5]:
        bent = sealed[:i] + ("A" if sealed[i] != "A" else "B") + sealed[i + 1 :]
        with pytest.raises(InvalidInput):
            cipher.open(bent, "c")


def test_an_alias_that_is_turned_rotates_the_key(aws: Clients, key: str) -> None:
    kms = aws["kms"]
    new = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/dharma", TargetKeyId=key)
    cipher = Cipher(KmsKeys(kms, "alias/dharma"))
    old_value = cipher.seal(b"old", "c")
    kms.update_alias(AliasName="alias/dharma", TargetKeyId=new)
    new_value = cipher.seal(b"new", "c")
    assert new_value.startswith(f"enc:v1:{new.rpartition('/')[2]}:")
    assert [cipher.open(value, "c") for value in (old_value, new_value)] == [b"old", b"new"]


def test_another_key_in_the_setting_opens_what_the_one_before_sealed(
    aws: Clients, cipher: Cipher
) -> None:
    sealed = cipher.seal(b"old", "c")
    new = aws["kms"].create_key()["KeyMetadata"]["Arn"]
    assert Cipher(KmsKeys(aws["kms"], new)).open(sealed, "c") == b"old"


def test_a_missing_key_is_named(aws: Clients, cipher: Cipher) -> None:
    lost = Cipher(KmsKeys(aws["kms"], "00000000-0000-0000-0000-000000000001"))
    with pytest.raises(Misconfigured, match="DHARMA_KMS_KEY"):
        lost.seal(b"x", "c")


@pytest.mark.parametrize(
    ("key_id", "code", "error"),
    [
        # Roles may use one key only, so KMS denies what it would not find.
        ("other", "AccessDeniedException", InvalidInput),
        ("own", "AccessDeniedException", Misconfigured),
        ("own", "DisabledException", Unavailable),
        ("own", "KMSInvalidStateException", Unavailable),
        ("own", "ThrottlingException", Unavailable),
        ("own", "IncorrectKeyException", InvalidInput),
    ],
)
def test_refusals_of_kms_are_told_apart(key_id: str, code: str, error: type[Exception]) -> None:
    client = botocore.session.get_session().create_client(
        "kms", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    arn = "arn:aws:kms:eu-west-1:123456789012:key/"
    asked = {
        "KeyId": arn + key_id,
        "CiphertextBlob": b"w",
        "EncryptionContext": {"record": "c"},
    }
    with Stubber(client) as stubber:
        stubber.add_client_error("decrypt", code, expected_params=asked)
        with pytest.raises(error):
            KmsKeys(client, f"{arn}own").unwrap(key_id, b"w", b"c")


# --- the secret that all processes share


def test_all_processes_get_the_same_secret_and_the_table_holds_it_sealed(
    aws: Clients, table: str, cipher: Cipher
) -> None:
    stores = [DynamoStore(aws["dynamodb"], table, lambda: b"unused" * 4) for _ in range(2)]
    first, second = (shared_key(store, cipher, "cursors") for store in stores)
    assert first == second
    assert len(first) == 32
    assert shared_key(stores[0], cipher, "other") != first
    [row] = [i for i in stores[0].query("INSTALLATION").items if i.sk == "KEY#cursors"]
    assert row.data["key"].startswith("enc:v1:")


def test_who_comes_second_takes_the_secret_of_the_first(cipher: Cipher) -> None:
    class Late(MemoryStore):
        """Another process writes between this one's look and its write."""

        looked = False

        def get(self, pk: str, sk: str) -> Item | None:
            if not self.looked:
                self.looked = True
                self.winner = shared_key(self, cipher, "cursors")
                return None
            return super().get(pk, sk)

    store = Late()
    assert shared_key(store, cipher, "cursors") == store.winner
