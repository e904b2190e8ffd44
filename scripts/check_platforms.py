"""Wheels for every promised platform and Python, by the hashes of requirements/run.txt.

pip judges the lock's markers by the Python that runs it, so they are judged here, for the Python
and the system that are asked about; pip gets the lines that hold there.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

LOCK = Path(__file__).resolve().parents[1] / "requirements" / "run.txt"
PYTHONS = ("3.11", "3.12", "3.13")
# glibc 2.34 (Debian 12, Ubuntu 22.04, RHEL 9) and macOS 13, or newer.
GLIBC = ("2_34", "2_28", "2_17", "2_12", "2_5")
PLATFORMS = {
    ("linux", "x86_64"): [f"manylinux_{version}_x86_64" for version in GLIBC],
    ("linux", "aarch64"): [f"manylinux_{version}_aarch64" for version in GLIBC],
    ("darwin", "x86_64"): ["macosx_13_0_x86_64"],
    ("darwin", "arm64"): ["macosx_13_0_arm64"],
}


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments[0] if arguments else scratch
        failed = 0
        for (system, processor), tags in PLATFORMS.items():
            for python in PYTHONS:
                lines = list(_lines(python, system, processor))
                missing = _missing(lines, python, tags, folder)
                failed += bool(missing)
                said = f"no wheel: {', '.join(missing)}" if missing else f"{len(lines)} wheels"
                print(f"{system:<8}{processor:<9}Python {python:<6}{said}", flush=True)
    return 1 if failed else 0


def _lines(python: str, system: str, processor: str) -> Iterator[str]:
    """The pinned requirements with their hashes that hold on a platform, without their markers."""
    there = {
        "python_version": python,
        # The newest patch release; a lock that tells them apart does so for old ones.
        "python_full_version": f"{python}.99",
        "sys_platform": system,
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}[system],
        "platform_machine": processor,
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    joined = LOCK.read_text().replace("\\\n", " ")
    for line in joined.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            stated, hashes = re.split(r"\s+(?=--hash=)", line, maxsplit=1)
            requirement = Requirement(stated)
            if requirement.marker is None or requirement.marker.evaluate(there):
                yield f"{requirement.name}{requirement.specifier} {hashes}"


def _missing(lines: list[str], python: str, tags: list[str], folder: str) -> list[str]:
    if _download(lines, python, tags, folder):
        return []
    alone = (line for line in lines if not _download([line], python, tags, folder))
    return [line.split()[0] for line in alone]


def _download(lines: list[str], python: str, tags: list[str], folder: str) -> bool:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write("\n".join(lines))
        wanted.flush()
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        choice = ["--no-deps", "--require-hashes", "--only-binary=:all:"]
        target = ["--python-version", python, "--implementation", "cp"]
        target += [word for tag in tags for word in ("--platform", tag)]
        where = ["--dest", folder, "--requirement", wanted.name]
        done = subprocess.run(
            [*pip, *choice, *target, *where], capture_output=True, text=True, check=False
        )
        return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
