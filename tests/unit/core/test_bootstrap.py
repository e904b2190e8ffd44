"""The composition root: lazy, replaceable in tests, and it names the setting that is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from moto import mock_aws

from dharma import bootstrap
from dharma.adapters.aws.clients import Clients
from dharma.adapters.local.memory_store import MemoryStore
from dharma.bootstrap import Application
from dharma.core.errors import Misconfigured, NotFound
from dharma.core.settings import Settings
from dharma.core.store import Item

PREFIX = "arn:aws:states:eu-west-1:123456789012:stateMachine:dharma-test-"


def settings(tmp_path: Path, runtime: str = "local") -> Settings:
    return Settings.from_environment({"DHARMA_RUNTIME": runtime, "DHARMA_STATE_DIR": str(tmp_path)})


@pytest.mark.parametrize(
    ("part", "variable"),
    [
        ("store", "DHARMA_TABLE"),
        ("artifacts", "DHARMA_ARTIFACTS_BUCKET"),
        ("anchors", "DHARMA_ANCHORS_BUCKET"),
        ("cipher", "DHARMA_KMS_KEY"),
        ("workflows", "DHARMA_STATE_MACHINES"),
        ("token_verifier", "DHARMA_TOKEN_JWKS"),
        ("token_issuer", "DHARMA_TOKEN_ISSUER"),
    ],
)
def test_on_aws_a_missing_setting_is_named(tmp_path: Path, part: str, variable: str) -> None:
    application = Application(settings(tmp_path, "aws"))
    with pytest.raises(Misconfigured, match=variable):
        getattr(application, part)


def test_on_aws_the_parts_are_those_of_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    environment = {
        "DHARMA_TABLE": "dharma-test",
        "DHARMA_ARTIFACTS_BUCKET": "dharma-test",
        "DHARMA_KMS_KEY": "alias/dharma-test",
        "DHARMA_STATE_MACHINES": PREFIX,
    }
    with mock_aws():
        clients = Clients()
        key = clients["kms"].create_key()["KeyMetadata"]["KeyId"]
        clients["kms"].create_alias(AliasName="alias/dharma-test", TargetKeyId=key)
        place = {"LocationConstraint": "eu-west-1"}
        clients["s3"].create_bucket(Bucket="dharma-test", CreateBucketConfiguration=place)
        clients["dynamodb"].create_table(
            TableName="dharma-test",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        one, two = (Application(Settings.from_environment(environment)) for _ in range(2))
        one.store.put(Item("p", "a", {}))
        one.store.put(Item("p", "b", {}))
        cursor = one.store.query("p", limit=1).next_cursor
        # What one process wrote, sealed or signed, is good in another.
        assert [i.sk for i in two.store.query("p", cursor=cursor).items] == ["b"]
        assert two.cipher.open(one.cipher.seal(b"x", "c"), "c") == b"x"
        one.artifacts.put("k", b"document")
        assert two.artifacts.get("k") == b"document"
        with pytest.raises(NotFound):
            one.workflows.describe(PREFIX.replace("stateMachine", "execution") + "deploy:absent")
    assert list(tmp_path.iterdir()) == []


def test_parts_are_made_once_and_share_the_state(tmp_path: Path) -> None:
    one, two = (Application(settings(tmp_path)) for _ in range(2))
    assert one.store is one.store
    one.store.put(Item("p", "a", {}))
    one.store.put(Item("p", "b", {}))
    assert two.store.get("p", "a") is not None
    sealed = one.cipher.seal(b"x", "c")
    assert two.cipher.open(sealed, "c") == b"x"
    # Cursors of one process are good in another.
    cursor = one.store.query("p", limit=1).next_cursor
    assert [i.sk for i in two.store.query("p", cursor=cursor).items] == ["b"]


def test_tests_hand_in_their_own_parts(tmp_path: Path) -> None:
    store = MemoryStore()
    assert Application(settings(tmp_path), store=store).store is store
    with pytest.raises(ValueError, match="shop"):
        Application(settings(tmp_path), shop=store)
    assert list(tmp_path.iterdir()) == []


def test_the_application_of_a_process_can_be_replaced(tmp_path: Path) -> None:
    mine = Application(settings(tmp_path))
    before = bootstrap.use(mine)
    try:
        assert bootstrap.application() is mine
    finally:
        bootstrap.use(before)


def test_importing_it_loads_no_adapter_and_no_service() -> None:
    program = (
        "import sys, dharma.bootstrap;"
        "print([m for m in sys.modules if m.startswith(('dharma.adapters', 'dharma.blueprint',"
        " 'dharma.catalog', 'boto3', 'botocore', 'sqlite3', 'cryptography'))])"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"
