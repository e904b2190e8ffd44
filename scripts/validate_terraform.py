"""Let `terraform validate` judge what is written of the examples; see `scripts/validate-terraform`.

The schemas of `scripts/catalog-check` say which arguments there are. The provider itself knows
more: which values they take, which exclude each other.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.generator import generate

EXAMPLES = Path(__file__).parents[1] / "examples" / "kinds"
_PROVIDER = "registry.terraform.io/hashicorp/aws"
_CONSTRAINT = re.compile(r'^( +version = )"[^"]*"', re.MULTILINE)


def main(arguments: list[str]) -> int:
    terraform = shutil.which("terraform")
    plugins = Path(arguments[0]).resolve() if arguments else None
    if terraform is None or plugins is None or not (plugins / _PROVIDER).is_dir():
        print(
            "usage: scripts/validate-terraform PLUGINS [KIND...], with terraform on the path and"
            f" {_PROVIDER} in PLUGINS",
            file=sys.stderr,
        )
        return 1
    catalog = load_catalog()
    kinds = arguments[1:] or catalog.names("aws")
    unknown = [kind for kind in kinds if kind not in catalog.names("aws")]
    if unknown:
        print(f"no kinds of AWS: {', '.join(unknown)}", file=sys.stderr)
        return 1
    version = max(_versions(plugins / _PROVIDER), key=_as_numbers)
    refused = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            said = validate(terraform, plugins, version, kind, Path(folder) / kind)
            refused += said is not None
            print(f"{kind}: {'valid' if said is None else said}", flush=True)
    print(f"{len(kinds) - refused} of {len(kinds)} valid with version {version} of the provider")
    return 1 if refused else 0


def validate(terraform: str, plugins: Path, version: str, kind: str, folder: Path) -> str | None:
    """What terraform says against the example of a kind; None when nothing."""
    blueprint = load_blueprint((EXAMPLES / f"{kind}.yaml").read_bytes(), f"{kind}.yaml")
    for path, text in generate(blueprint, "terraform", load_catalog()).files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        # The version that is pinned need not be the one that is here.
        pinned = _CONSTRAINT.sub(rf'\1"{version}"', text) if path == "versions.tf" else text
        file.write_text(pinned, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "TF_CLI_CONFIG_FILE"}
    for command in (
        ["init", "-backend=false", "-input=false", "-no-color", f"-plugin-dir={plugins}"],
        ["validate", "-no-color"],
    ):
        run = subprocess.run(
            [terraform, *command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode != 0:
            return (run.stderr or run.stdout).strip()
    return None


def _versions(provider: Path) -> list[str]:
    unpacked = [path.name for path in provider.iterdir() if path.is_dir()]
    packed = [
        m[1] for p in provider.glob("*.zip") if (m := re.search(r"_(\d+\.\d+\.\d+)_", p.name))
    ]
    return unpacked + packed


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
