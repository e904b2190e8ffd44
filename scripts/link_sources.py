"""Make the checkout importable in the running environment, and its commands callable.

What `pip install -e .` does, without a build backend: a .pth file with the source roots, and one
small launcher per entry of [project.scripts].
"""

from __future__ import annotations

import stat
import sys
import sysconfig
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("layers/dharma", "local", "cli")


def main() -> None:
    site = Path(sysconfig.get_path("purelib"))
    (site / "iac_dharma.pth").write_text("".join(f"{ROOT / source}\n" for source in SOURCES))
    commands = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    for command, target in commands.items():
        module, function = target.split(":")
        launcher = Path(sysconfig.get_path("scripts")) / command
        launcher.write_text(
            f"#!{sys.executable}\n"
            f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n"
        )
        launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


if __name__ == "__main__":
    main()
