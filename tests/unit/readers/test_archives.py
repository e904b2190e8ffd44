"""Terraform code as one archive: read as if it were a folder, and bombs do not go off."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.readers import read_text
from dharma.blueprint.readers.archives import MAX_ENTRIES, unpack
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


def damaged(whole: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, put in edits:
        place = at % (len(whole) + 1)
        whole = whole[:place] + put + whole[place + length :]
    return whole


EDITS = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(0, 40), st.binary(max_size=8)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(EDITS)
def test_any_damage_of_a_zip_is_an_error_of_ours(edits: list[tuple[int, int, bytes]]) -> None:
    broken = damaged(zipped({**CODE, "infra/\u00e9.tf": b""}), edits)
    if broken[:2] == b"PK":
        opened_or_refused(broken)


@settings(max_examples=300, deadline=None)
@given(EDITS, st.booleans())
def test_any_damage_of_a_tar_is_an_error_of_ours(
    edits: list[tuple[int, int, bytes]], inside: bool
) -> None:
    whole = tarred({**CODE, "infra/\u00e9.tf": b"", f"infra/{'l' * 150}.tf": b""})
    broken = gzip.compress(damaged(gzip.decompress(whole), edits), 1)
    opened_or_refused(broken if inside else damaged(whole, edits))


def opened_or_refused(archive: bytes) -> None:
    with suppress(InvalidInput):
        unpack(archive, "code")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_only_what_every_tool_can_unpack_is_unpacked(method: int) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("main.tf", bytes(15 * 1024 * 1024))
    with pytest.raises(InvalidTemplate, match=r"'main\.tf' is not packed with deflate"):
        read_text(made.getvalue(), "code.zip")


def test_an_encrypted_file_is_refused() -> None:
    whole = bytearray(zipped({"main.tf": b"locals {}"}))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        whole[whole.index(mark) + flags] |= 1
    with pytest.raises(InvalidTemplate, match=r"code\.zip.*'main\.tf' is encrypted"):
        read_text(bytes(whole), "code.zip")


@packed
def test_a_name_that_comes_twice_is_refused(pack: Pack) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twice = pack({"main.tf": b"locals {}", "./main.tf": b"locals {}"})
    with pytest.raises(InvalidTemplate, match=r"it holds main\.tf twice"):
        read_text(twice, "code")


def test_names_that_differ_in_case_are_two_files() -> None:
    queue = b'resource "aws_sqs_queue" "%s" {}'
    read = read_text(zipped({"A.tf": queue % b"a", "a.tf": queue % b"b"}), "code")
    assert [r.name for r in read.blueprint.resources] == ["a", "b"]


@pytest.mark.parametrize(
    "name",
    [
        "a\x1b[2J.tf",
        "a\n.tf",
        "a\u202e.tf",
        "a\u2028.tf",
        "a\u200b.tf",
        "a\x85.TF.json",
        "x\r/a.tf",
        "a\x1b.auto.tfvars",
        "a\u2066.yaml",
        "a\x7f.tftpl",
    ],
)
@packed
def test_a_name_that_plays_with_the_terminal_is_refused(pack: Pack, name: str) -> None:
    with pytest.raises(InvalidTemplate, match="is no name of a file") as refused:
        read_text(pack({name: b"locals {}"}), "code")
    assert str(refused.value).isprintable()


@packed
@pytest.mark.parametrize(
    "name",
    [
        "Screenshot 2025-01-01 at 9.41.00\u202fAM.png",
        "no\u00a0break.md",
        "\u56f3\u3000\u4e00.pdf",
        "\U0001f469\u200d\U0001f4bb.png",
        "Icon\r",
        "__MACOSX/._Icon\r",
        "a\x1b[2J.png",
        "a\u202egnp.md",
        "../a\x1b.md",
        "\u200e.md",
    ],
)
def test_a_file_beside_the_code_may_have_any_name(pack: Pack, name: str) -> None:
    (queue,) = read_text(pack({**CODE, f"infra/{name}": b"beside"}), "code").blueprint.resources
    assert queue.name == "q_q"


@packed
@pytest.mark.parametrize("space", ["\u202f", "\u00a0", "\u3000", "\u200d"])
def test_code_may_have_any_space_in_its_name(pack: Pack, space: str) -> None:
    name = f"the{space}code/the{space}queue.tf"
    (queue,) = read_text(pack({name: b'resource "aws_sqs_queue" "q" {}'}), "x").blueprint.resources
    assert queue.origin.file == name


@packed
def test_a_file_that_code_names_is_found_by_a_name_with_spaces_and_by_no_other(pack: Pack) -> None:
    code = b'resource "aws_sqs_queue" "q" {\n  name = file("%s")\n}\n'
    for name, there in (("a\u202fb.txt", True), ("a\u202eb.txt", False)):
        sent = pack({"main.tf": code % name.encode(), name: b"said"})
        (queue,) = read_text(sent, "code", expand=True).blueprint.resources
        assert (queue.properties.get("name") == "said") is there


def test_a_name_that_only_python_cuts_at_its_null_is_read_whole() -> None:
    whole = zipped({"main.tf_.png": b"no code", **CODE}).replace(b"main.tf_", b"main.tf\0")
    assert "main.tf" not in unpack(whole, "code")
    whole = zipped({"main_.tf": b"locals {}"}).replace(b"main_", b"main\0")
    with pytest.raises(InvalidTemplate, match=r"'main\\x00\.tf' is no name of a file"):
        read_text(whole, "code")


def test_a_name_in_a_tar_that_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidTemplate, match=r"'a\\udcff\.tf' is no name of a file"):
        read_text(tarred({"a\udcff.tf": b"locals {}"}), "code")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_in_a_zip_too_only_regular_files_are_read(kind: int) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        entry = zipfile.ZipInfo("secret.tf")
        entry.external_attr = (kind | 0o644) << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(InvalidTemplate, match="no Terraform code"):
        read_text(made.getvalue(), "code")


def test_links_and_folders_are_counted_too() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz", compresslevel=1) as archive:
        entry = tarfile.TarInfo("folder")
        entry.type = tarfile.DIRTYPE
        for _ in range(MAX_ENTRIES + 1):
            archive.addfile(entry)
    with pytest.raises(LimitExceeded, match="entries"):
        read_text(made.getvalue(), "code")


def test_what_a_tar_says_beside_its_files_has_a_limit() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz", format=tarfile.GNU_FORMAT) as archive:
        entry = tarfile.TarInfo("name")
        entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 300 * 1024 * 1024
        archive.addfile(entry, io.BytesIO(b"n" * entry.size))
    with pytest.raises(LimitExceeded, match=r"code: the archive is too large"):
        read_text(made.getvalue(), "code")
