"""The composition root: lazy, replaceable in tests, honest about what it has no adapter for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dharma import bootstrap
from dharma.adapters.local.memory_store import MemoryStore
from dharma.bootstrap import Application
from dharma.core.errors import Misconfigured
from dharma.core.settings import Settings
from dharma.core.store import Item


def settings(tmp_path: Path, runtime: str = "local") -> Settings:
    return Settings.from_environment({"DHARMA_RUNTIME": runtime, "DHARMA_STATE_DIR": str(tmp_path)})


@pytest.mark.parametrize(
    ("part", "variable"),
    [
        ("store", "DHARMA_TABLE"),
        ("artifacts", "DHARMA_ARTIFACTS_BUCKET"),
        ("cipher", "DHARMA_KMS_KEY"),
        ("workflows", "DHARMA_RUNTIME"),
        ("token_verifier", "DHARMA_TOKEN_JWKS"),
    ],
)
def test_without_an_adapter_for_aws_the_setting_is_named(
    tmp_path: Path, part: str, variable: str
) -> None:
    application = Application(settings(tmp_path, "aws"))
    with pytest.raises(Misconfigured, match=variable):
        getattr(application, part)


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
        " 'dharma.catalog', 'boto3', 'sqlite3', 'cryptography'))])"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"
