"""Generated code as one file: the same bytes always, and what is in it is what was written."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma import __version__
from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.catalog.document import Note
from dharma.generator import generate
from dharma.generator.archive import ArchiveFormat, archive, archive_name, manifest
from dharma.generator.code import GeneratedCode
from dharma.model.blueprint import Blueprint

ROOT = Path(__file__).parents[3]
BLUEPRINT = load_blueprint((ROOT / "examples/web-assets.yaml").read_text())
TERRAFORM = generate(BLUEPRINT, "terraform", load_catalog())
FORMATS: list[ArchiveFormat] = ["zip", "tar.gz"]
MAKE = """
import hashlib, os, sys
os.umask(0o077)
from pathlib import Path
from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.generator import generate
from dharma.generator.archive import archive
blueprint = load_blueprint(Path("examples/web-assets.yaml").read_text())
code = generate(blueprint, "terraform", load_catalog())
print(hashlib.sha256(archive(code, blueprint, sys.argv[1])).hexdigest())
"""


def contents(data: bytes, format: ArchiveFormat) -> dict[str, bytes]:
    if format == "zip":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return {name: packed.read(name) for name in packed.namelist()}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as packed_tar:
        members = {m.name: packed_tar.extractfile(m) for m in packed_tar.getmembers()}
        return {name: file.read() for name, file in members.items() if file}


@pytest.mark.parametrize("format", FORMATS)
def test_another_process_at_another_time_and_place_makes_the_same_bytes(
    format: ArchiveFormat,
) -> None:
    here = hashlib.sha256(archive(TERRAFORM, BLUEPRINT, format)).hexdigest()
    # Seconds are the finest that either format keeps.
    time.sleep(1.1)
    there = subprocess.run(
        [sys.executable, "-c", MAKE, format],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "layers/dharma"),
            "PYTHONHASHSEED": "7",
            "TZ": "Pacific/Auckland",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == here


@pytest.mark.parametrize("format", FORMATS)
def test_the_order_in_which_files_were_written_does_not_count(format: ArchiveFormat) -> None:
    turned = GeneratedCode("terraform", dict(reversed(TERRAFORM.files.items())), [])
    straight = GeneratedCode("terraform", dict(TERRAFORM.files), [])
    assert archive(turned, BLUEPRINT, format) == archive(straight, BLUEPRINT, format)
    assert next(iter(contents(archive(turned, BLUEPRINT, format), format))) == "manifest.json"


@pytest.mark.parametrize("format", FORMATS)
def test_the_manifest_is_true_of_every_file(format: ArchiveFormat) -> None:
    found = contents(archive(TERRAFORM, BLUEPRINT, format), format)
    said = json.loads(found.pop("manifest.json"))
    assert said["generator"] == {"name": "iac-dharma", "version": __version__}
    assert said["blueprint"] == {"name": "web-assets", "version": "1.0.0"}
    assert said["target"] == "terraform"
    assert {f["path"]: (f["sha256"], f["size"]) for f in said["files"]} == {
        name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in found.items()
    }
    assert {name: data.decode() for name, data in found.items()} == TERRAFORM.files


def test_the_manifest_says_what_was_not_carried_over() -> None:
    code = GeneratedCode("terraform", {}, [Note("approximated", "a.b", "p", "said otherwise")])
    assert manifest(code, BLUEPRINT)["warnings"] == [
        {"kind": "approximated", "address": "a.b", "path": "p", "message": "said otherwise"}
    ]


@pytest.mark.parametrize(
    ("format", "unpack"),
    [("zip", ["unzip", "-q"]), ("tar.gz", ["tar", "--extract", "--file"])],
    ids=FORMATS,
)
def test_the_tools_of_the_system_unpack_it(
    format: ArchiveFormat, unpack: list[str], tmp_path: Path
) -> None:
    if shutil.which(unpack[0]) is None:
        pytest.skip(f"there is no {unpack[0]} here")
    (tmp_path / "code").write_bytes(archive(TERRAFORM, BLUEPRINT, format))
    (out := tmp_path / "out").mkdir()
    done = subprocess.run(
        [*unpack, str(tmp_path / "code")], cwd=out, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert {f.name: f.read_text() for f in out.iterdir() if f.suffix == ".tf"} == TERRAFORM.files
    for file in out.iterdir():
        assert file.stat().st_mode & 0o777 & ~0o644 == 0, file
        assert time.gmtime(file.stat().st_mtime).tm_year in (1979, 1980), file


@settings(max_examples=40, deadline=None)
@given(
    files=st.dictionaries(
        st.from_regex(r"[a-z]{1,8}(/[a-z]{1,120}){0,2}\.tf", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
        max_size=5,
    ),
    format=st.sampled_from(FORMATS),
)
def test_any_files_come_out_as_they_went_in(files: dict[str, str], format: ArchiveFormat) -> None:
    data = archive(GeneratedCode("terraform", files), BLUEPRINT, format)
    found = contents(data, format)
    del found["manifest.json"]
    assert {name: text.decode() for name, text in found.items()} == files


def test_the_name_of_the_file_says_what_is_inside() -> None:
    assert archive_name(TERRAFORM, BLUEPRINT, "zip") == "web-assets-1.0.0-terraform.zip"
    foreign = Blueprint('../"x"\r\n', "1.0.0", "aws")
    assert archive_name(TERRAFORM, foreign, "tar.gz") == "x--1.0.0-terraform.tar.gz"
