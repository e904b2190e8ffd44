"""Terraform code as one archive: read as if it were a folder, and bombs do not go off."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable

import pytest

from dharma.blueprint.readers import read_text
from dharma.blueprint.readers.archives import MAX_ENTRIES
from dharma.core.errors import InvalidInput, InvalidTemplate, LimitExceeded

CODE = {
    "infra/main.tf": b'module "q" {\n  source = "./mod"\n}\n',
    "infra/mod/main.tf": b'resource "aws_sqs_queue" "q" {}\n',
    "infra/README.md": b"about",
}


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return made.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


Pack = Callable[[dict[str, bytes]], bytes]
packed = pytest.mark.parametrize("pack", [zipped, tarred], ids=["zip", "tar.gz"])


@packed
def test_an_archive_is_read_like_its_folder(pack: Pack) -> None:
    (queue,) = read_text(pack(CODE), "code").blueprint.resources
    assert queue.origin.file == "infra/mod/main.tf"
    assert queue.origin.address == "module.q.aws_sqs_queue.q"


@packed
def test_a_bomb_does_not_go_off(pack: Pack) -> None:
    bomb = pack({**CODE, "infra/big.txt": b"\0" * (40 * 1024 * 1024)})
    assert len(bomb) < 1024 * 1024
    with pytest.raises(LimitExceeded, match=r"infra/big\.txt unpacks to more"):
        read_text(bomb, "bomb")


@packed
def test_many_small_bombs_do_not_go_off_either(pack: Pack) -> None:
    parts = {f"p{n}.txt": b"\0" * (15 * 1024 * 1024) for n in range(6)}
    with pytest.raises(LimitExceeded, match="or all to"):
        read_text(pack(parts), "bomb")


def test_entries_without_number_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="entries"):
        read_text(zipped({f"f{n}": b"" for n in range(MAX_ENTRIES + 1)}), "many")


@packed
@pytest.mark.parametrize("path", ["../main.tf", "/etc/main.tf", "a/../../main.tf"])
def test_a_path_out_of_the_archive_is_refused(pack: Pack, path: str) -> None:
    with pytest.raises(InvalidInput, match="leads out"):
        read_text(pack({path: b"locals {}"}), "code")


def test_links_are_left_out() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        entry = tarfile.TarInfo("secret.tf")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(InvalidTemplate, match="no Terraform code"):
        read_text(made.getvalue(), "code")


@packed
def test_a_broken_archive_is_refused(pack: Pack) -> None:
    whole = pack({**CODE, "infra/noise.txt": bytes(range(256)) * 200})
    with pytest.raises(InvalidInput):
        read_text(whole[: len(whole) // 2], "code")


def test_one_root_has_to_be_found() -> None:
    with pytest.raises(InvalidTemplate, match=r"cannot be told.*a, b"):
        read_text(zipped({"a/x.tf": b"", "b/x.tf": b""}), "code")
