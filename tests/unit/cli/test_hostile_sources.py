"""Sources that are too large, too deep, endless, or look elsewhere: through the real command line,
as processes. Each ends with exit code 1 and an error that names the file, or reads what it may and
reports the rest; nothing is executed, fetched, or left behind."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

SECRET = "not for you"
MEGABYTE = 1024 * 1024
QUEUE = 'resource "aws_sqs_queue" "q" {\n  name = %s\n}\n'


class Done:
    """How a command ended: its exit code, its answer in JSON, and what it said beside."""

    def __init__(self, process: subprocess.CompletedProcess[str]) -> None:
        self.code = process.returncode
        self.out, self.err = process.stdout, process.stderr

    @property
    def error(self) -> dict[str, str]:
        assert self.code == 1, self.out + self.err
        assert "Traceback" not in self.err
        found: dict[str, str] = json.loads(self.out)["error"]
        return found


def dharma(folder: Path, *words: str, **more: str) -> Done:
    """`iac-dharma` in a folder, with nothing of the user's own, and 60 s of CPU in all."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DHARMA_")}
    return Done(
        subprocess.run(
            [sys.executable, "-m", "dharma_cli.main", *words, "--format", "json"],
            cwd=folder,
            env={**environment, "PYTHONPATH": os.pathsep.join(sys.path), **more},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    )


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A folder for code, beside a secret and a module that are none of its business."""
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "main.tf").write_text(f'resource "aws_sqs_queue" "{SECRET[:3]}" {{}}')
    inside = tmp_path / "code"
    inside.mkdir()
    return inside


@pytest.mark.parametrize(
    "name", ["main.tf", "plan.json", "web.yaml", "code.zip", "terraform.tfstate"]
)
def test_a_file_of_a_hundred_megabytes(code: Path, name: str) -> None:
    with (code / name).open("wb") as sparse:
        sparse.truncate(100 * MEGABYTE)
    error = dharma(code, "check", name).error
    assert error["code"] == "LimitExceeded"
    assert name in error["message"]
    assert "is larger than" in error["message"]


DEEP = 10_000
NESTED = {
    "main.tf": "locals {\n  a = " + "[" * DEEP + "]" * DEEP + "\n}\n",
    "blocks.tf": "a {\n" * DEEP + "}\n" * DEEP,
    "main.tf.json": '{"locals": {"a": ' + "[" * DEEP + "]" * DEEP + "}}",
    "plan.json": '{"format_version": "1.2", "planned_values": ' + '{"a": ' * DEEP + "}" * DEEP,
    "terraform.tfstate": '{"version": 4, "terraform_version": "1", "a": ' + "[" * DEEP + "]" * DEEP,
    "stack.json": '{"Resources": {"A": ' + '{"a": ' * DEEP + "1" + "}" * DEEP + "}}",
    "stack.yaml": "Resources:\n  A: " + "[" * DEEP + "]" * DEEP + "\n",
    "arm.json": '{"$schema": "x/deploymentTemplate.json#", "resources": ' + "[" * DEEP + "]" * DEEP,
    "dm.yaml": "imports: []\nresources:\n- properties: " + "[" * DEEP + "]" * DEEP + "\n",
    "web.yaml": "apiVersion: dharma/v1\nkind: Blueprint\nresources: " + "[" * DEEP + "]" * DEEP,
}  # fmt: skip


@pytest.mark.parametrize("name", NESTED)
def test_nesting_ten_thousand_deep(code: Path, name: str) -> None:
    (code / name).write_text(NESTED[name])
    error = dharma(code, "check", name).error
    assert name in error["message"]
    assert "deep" in error["message"]


def test_modules_in_a_circle(code: Path) -> None:
    (code / "b").mkdir()
    (code / "main.tf").write_text('module "b" {\n  source = "./b"\n}\n')
    (code / "b" / "main.tf").write_text('module "a" {\n  source = "../"\n}\n')
    error = dharma(code, "check", ".").error
    assert "b/main.tf:1" in error["message"]
    assert "modules call each other in a circle" in error["message"]


def test_names_in_a_circle(code: Path) -> None:
    (code / "main.tf").write_text("locals {\n  a = local.b\n  b = local.a\n}\n" + QUEUE % "local.a")
    done = dharma(code, "check", ".")
    assert "a cycle: local.a needs local.b needs local.a" in done.out


def test_for_each_over_a_hundred_thousand_items(code: Path) -> None:
    (code / "main.tf").write_text(
        "locals {\n  h = range(100)\n  t = range(10)\n}\n"
        'resource "aws_sqs_queue" "q" {\n  for_each = toset(flatten([for a in local.h :'
        ' [for b in local.h : [for c in local.t : "${a}-${b}-${c}"]]]))\n  name = each.key\n}\n'
    )
    error = dharma(code, "check", ".").error
    assert error["code"] == "LimitExceeded"
    assert "main.tf:5: aws_sqs_queue.q: 100000 instances" in error["message"]


@pytest.mark.parametrize(
    "call",
    [
        'file("../secret.txt")',
        'file("link.txt")',
        'file("linked/secret.txt")',
        'templatefile("../secret.txt", {})',
        'join("", fileset("..", "**"))',
        'file("/proc/self/environ")',
    ],
)
def test_files_outside_of_the_folder_and_links_out_of_it(code: Path, call: str) -> None:
    (code / "link.txt").symlink_to(code.parent / "secret.txt")
    (code / "linked").symlink_to(code.parent)
    (code / "main.tf").write_text(QUEUE % call)
    done = dharma(code, "convert", ".", "-f", "blueprint", TELLTALE=SECRET)
    assert done.code in (0, 2), done.err
    assert SECRET not in done.out + done.err
    assert "is outside of the configuration" in done.out or "leads out of the folder" in done.out


def test_code_that_is_a_link_out_of_the_folder(code: Path) -> None:
    (code / "main.tf").symlink_to(code.parent / "elsewhere" / "main.tf")
    error = dharma(code, "check", ".").error
    assert "main.tf leads out of the folder that is read" in error["message"]


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


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_archives_that_unpack_to_more_than_they_are(
    code: Path, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    bomb = pack({"main.tf": b"", "big.txt": bytes(200 * MEGABYTE)})
    assert len(bomb) < MEGABYTE
    (code / "bomb").write_bytes(bomb)
    error = dharma(code, "import", "bomb", "-o", "out.yaml").error
    assert error["code"] == "LimitExceeded"
    assert "bomb: the archive is too large: big.txt unpacks to more than" in error["message"]
    assert sorted(path.name for path in code.iterdir()) == ["bomb"]


def test_archives_in_archives_stay_closed(code: Path) -> None:
    inner = zipped({f"{n}.txt": bytes(10 * MEGABYTE) for n in range(20)})
    (code / "bomb.zip").write_bytes(zipped({"main.tf": (QUEUE % '"a"').encode(), "in.zip": inner}))
    done = dharma(code, "import", "bomb.zip", "-o", "out.yaml")
    assert done.code == 0, done.out + done.err
    assert "aws_sqs_queue" in (code / "out.yaml").read_text()


@pytest.mark.parametrize(
    "source",
    [
        "git::https://127.0.0.1:9/x.git",
        "https://127.0.0.1:9/x.zip",
        "s3::https://127.0.0.1:9/x.zip",
        "github.com/acme/x",
        "acme/x/aws",
        "../elsewhere",
    ],
)
def test_modules_from_elsewhere_are_reported_and_not_fetched(code: Path, source: str) -> None:
    (code / "main.tf").write_text(f'module "m" {{\n  source = "{source}"\n}}\n' + QUEUE % '"a"')
    done = dharma(code, "check", ".")
    assert done.code in (0, 2), done.out + done.err
    told = [note for note in json.loads(done.out)["notes"] if note["address"] == "module.m"]
    assert source in told[0]["message"]
    assert "never fetched" in told[0]["message"] or "outside of what is read" in told[0]["message"]
    assert told[0]["line"] == 1


def test_commands_in_code_are_not_executed(code: Path) -> None:
    made = code.parent / "executed"
    (code / "main.tf").write_text(
        'resource "aws_sqs_queue" "q" {\n  provisioner "local-exec" {\n'
        f'    command = "touch {made}"\n  }}\n}}\n'
        f'data "external" "x" {{\n  program = ["touch", "{made}"]\n}}\n'
    )
    done = dharma(code, "check", ".")
    assert "never executed" in done.out
    assert not made.exists()


MANY = "\n".join(f'resource "aws_sqs_queue" "q{n}" {{\n  name = "q{n}"\n}}' for n in range(20_000))


def test_what_takes_too_long_is_ended_from_outside(code: Path) -> None:
    (code / "main.tf").write_text(MANY)
    error = dharma(code, "check", "main.tf", DHARMA_READING_SECONDS="1").error
    assert error["code"] == "LimitExceeded"
    # Of CPU, or on the clock of a busy machine.
    assert re.fullmatch("main.tf: reading it needs more than (1 s of CPU|4 s)", error["message"])


def test_what_needs_too_much_memory_is_ended(code: Path) -> None:
    (code / "main.tf").write_text(MANY)
    error = dharma(code, "check", "main.tf", DHARMA_READING_MEMORY_MB="8").error
    assert error["code"] == "LimitExceeded"
    assert error["message"] == "main.tf: reading it needs more than 8 MB of memory"


def test_a_limit_that_is_none_is_named(code: Path) -> None:
    (code / "main.tf").write_text(QUEUE % '"a"')
    error = dharma(code, "check", "main.tf", DHARMA_READING_SECONDS="long").error
    assert error["code"] == "Misconfigured"
    assert "DHARMA_READING_SECONDS is 'long'" in error["message"]


def test_a_source_may_come_through_a_pipe(code: Path) -> None:
    """One that only the command's own process has open."""
    program = f'"{sys.executable}" -m dharma_cli.main'
    made = subprocess.run(
        ["bash", "-c", f"{program} check <(printf '%s' \"$CODE\") --format json"],
        cwd=code,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "CODE": QUEUE % '"a"'},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert Done(made).code in (0, 2), made.stdout + made.stderr
