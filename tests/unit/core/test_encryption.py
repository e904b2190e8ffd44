"""Encryption at rest: what was sealed opens for its own record only."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.adapters.local.keys import FileKeys
from dharma.core.encryption import Cipher, is_sealed
from dharma.core.errors import InvalidInput, Misconfigured


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "data.json"


@pytest.fixture
def cipher(path: Path) -> Cipher:
    return Cipher(FileKeys(path))


@pytest.fixture(scope="module")
def shared_cipher(tmp_path_factory: pytest.TempPathFactory) -> Cipher:
    return Cipher(FileKeys(tmp_path_factory.mktemp("keys") / "data.json"))


@settings(max_examples=50)
@given(plain=st.binary(max_size=200), context=st.text(min_size=1, max_size=50))
def test_what_is_sealed_opens_again(shared_cipher: Cipher, plain: bytes, context: str) -> None:
    try:
        context.encode()
    except UnicodeEncodeError:
        return
    sealed = shared_cipher.seal(plain, context)
    assert is_sealed(sealed)
    assert shared_cipher.open(sealed, context) == plain


def test_a_sealed_value_shows_nothing_and_never_repeats(cipher: Cipher) -> None:
    one, two = (cipher.seal(b"hunter2-hunter2", "t/e/prod") for _ in range(2))
    assert one != two
    assert "hunter2" not in one


def test_it_opens_in_no_other_context(cipher: Cipher) -> None:
    sealed = cipher.seal(b"secret", "tenant-a/environments/prod")
    with pytest.raises(InvalidInput, match="another record"):
        cipher.open(sealed, "tenant-b/environments/prod")


def test_an_altered_value_does_not_open(cipher: Cipher) -> None:
    sealed = cipher.seal(b"secret", "c")
    for i in range(len("enc:v1:"), len(sealed)):
        bent = sealed[:i] + ("A" if sealed[i] != "A" else "B") + sealed[i + 1 :]
        with pytest.raises(InvalidInput):
            cipher.open(bent, "c")


@pytest.mark.parametrize(
    "text", ["", "plain", "enc:v1:", "enc:v1:a:b", "enc:v1:k:!!:!!", "enc:v2:"]
)
def test_other_texts_are_refused(cipher: Cipher, text: str) -> None:
    with pytest.raises(InvalidInput):
        cipher.open(text, "c")


def test_an_empty_context_is_refused(cipher: Cipher) -> None:
    with pytest.raises(ValueError, match="context"):
        cipher.seal(b"x", "")


def test_old_values_open_after_a_rotation_and_new_ones_use_the_new_key(path: Path) -> None:
    keys = FileKeys(path)
    other_process = Cipher(FileKeys(path))
    cipher = Cipher(keys)
    old = cipher.seal(b"old", "c")
    cursor_key = keys.derive("cursors")
    identifier = keys.rotate()
    new = cipher.seal(b"new", "c")
    assert new.startswith(f"enc:v1:{identifier}:")
    assert not old.startswith(f"enc:v1:{identifier}:")
    again = Cipher(FileKeys(path))
    assert (again.open(old, "c"), again.open(new, "c")) == (b"old", b"new")
    assert other_process.open(new, "c") == b"new"
    assert FileKeys(path).derive("cursors") == cursor_key
    assert FileKeys(path).derive("other") != cursor_key


def test_the_key_file_is_its_owners_alone(path: Path) -> None:
    FileKeys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(Misconfigured, match="chmod 600"):
        FileKeys(path)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"current": "a", "keys": {}}', "not json"])
def test_a_damaged_key_file_is_named_and_left_as_it_is(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(Misconfigured, match=r"data\.json"):
        FileKeys(path)
    assert path.read_text() == text


def test_a_lost_key_is_named(path: Path, tmp_path: Path) -> None:
    sealed = Cipher(FileKeys(path)).seal(b"x", "c")
    with pytest.raises(InvalidInput, match="is not in"):
        Cipher(FileKeys(tmp_path / "other.json")).open(sealed, "c")


def test_of_several_starters_one_makes_the_key(path: Path) -> None:
    ready = threading.Barrier(8)
    derived: list[bytes] = []

    def begin() -> None:
        ready.wait()
        derived.append(FileKeys(path).derive("x"))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(derived) == 8
    assert len(set(derived)) == 1
    assert os.listdir(path.parent) == ["data.json"]
