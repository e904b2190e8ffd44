"""The built wheel, installed into an empty environment, used in an empty folder.

Third-party packages are those of the running environment. That nothing of the checkout is used is
not assumed: every process of the installed product notes which of its files it opens or lists.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]
PACKAGES = Path(sysconfig.get_path("purelib"))
LONGEST = 180

# Runs at the start of every Python process of the environment.
WATCH = """
import os, sys
ROOT, PACKAGES, OWN = {root!r}, {packages!r}, {own!r}
_notes = os.open({notes!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

def _watch(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str):
        path = os.path.abspath(arguments[0])
        if path.startswith((ROOT, OWN)) and not (path + "/").startswith(PACKAGES):
            os.write(_notes, (path + "\\n").encode())

sys.addaudithook(_watch)
"""


class Installed:
    """`iac-dharma` out of the wheel. `opened` tells which files its processes have touched."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder / "empty"
        self.folder.mkdir()
        self._notes = folder / "opened.txt"
        environment = folder / "environment"
        venv.create(environment, symlinks=True)
        pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin/python")]
        subprocess.run(
            [*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True
        )
        self.site = next(environment.glob("lib/python*/site-packages"))
        # A .pth file of another site-packages folder is not read: the checkout stays unknown.
        (self.site / "third_party.pth").write_text(f"{PACKAGES}\n")
        own = str(self.site / "dharma")
        watch = WATCH.format(
            root=f"{ROOT}/", packages=f"{PACKAGES}/", own=own, notes=str(self._notes)
        )
        (self.site / "watch.py").write_text(watch)
        (self.site / "watch.pth").write_text("import watch\n")
        self._command = environment / "bin/iac-dharma"
        self._environment = {
            "PATH": os.defpath,
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "DHARMA_PORT": "0",
            "DHARMA_CACHE_PORT": "0",
            "DHARMA_SANDBOX_PORT": "0",
        }

    def __call__(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [str(self._command), *words],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--format", "json"))

    def opened(self) -> set[Path]:
        return {Path(line) for line in self._notes.read_text().splitlines()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("iac_dharma-*.whl"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"), wheel)


def test_it_carries_what_the_product_reads_at_run_time(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        carried = set(archive.namelist())
    data = {
        "dharma/bundle": ("functions", "infra", "policies", "statemachines", "templates"),
        "dharma/catalog": ("kinds",),
        "dharma/costing": ("prices",),
    }
    for package, folders in data.items():
        source = ROOT if package.endswith("bundle") else ROOT / "layers/dharma" / package
        for folder in folders:
            files = [f for f in (source / folder).rglob("*") if f.is_file()]
            wanted = [f for f in files if not {"__pycache__", "__compiled__"} & set(f.parts)]
            assert wanted
            names = {f"{package}/{file.relative_to(source)}" for file in wanted}
            assert names <= carried, names - carried
    assert not [name for name in carried if "__compiled__" in name or name.endswith(".pyc")]


def test_a_file_is_judged_and_a_project_is_made(installed: Installed) -> None:
    (installed.folder / "web.yaml").write_bytes(
        (ROOT / "examples/aws-three-tier-web.yaml").read_bytes()
    )
    assert "pass" in installed("check", "web.yaml")
    installed("init", "--name", "shop", "--template", "queue-worker")
    assert installed.json("info")["policies"] > 0
    assert "pass" in installed("check", "blueprint.yaml")


def test_the_stack_starts_tells_of_itself_and_stops(installed: Installed) -> None:
    installed("start")
    try:
        assert installed.json("status")["ready"]
        assert installed.json("health")["ok"]
    finally:
        installed("stop")
    installed("status", code=1)


def test_the_main_job_runs_to_its_end(installed: Installed) -> None:
    said = installed("run", "blueprint.yaml", "--once")
    assert "5 resources exist" in said
    assert "AWS::SQS::Queue" in said


def test_nothing_of_the_checkout_was_used(installed: Installed) -> None:
    opened = installed.opened()
    bundle = installed.site / "dharma/bundle"
    assert bundle / "infra/template.yaml" in opened, "the notes are not kept"
    assert bundle / "statemachines/deploy.asl.json" in opened
    assert not [path for path in opened if ROOT in path.parents]
