"""AWS's own tool on the template: it is valid, and what it builds fits Lambda. About a minute."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.stack

ROOT = Path(__file__).resolve().parents[2]
AARCH64 = 0xB7
# Lambda's limit, of a function with its layers; zipped ones are measured by `scripts/bench aws`.
MOST_BYTES = 250_000_000


def sam(*words: str) -> str:
    done = subprocess.run(
        [str(ROOT / "scripts/sam"), *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sam") / "build"
    sam("build", "--build-dir", str(folder))
    return folder


@pytest.fixture(scope="module")
def template(built: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((built / "template.yaml").read_text())
    return loaded


def of_type(template: dict[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == f"AWS::Serverless::{kind}":
            yield name, resource["Properties"]


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_the_template_is_valid() -> None:
    assert "is a valid SAM Template" in sam("validate")


def test_every_function_fits_with_its_layers(built: Path, template: dict[str, Any]) -> None:
    everywhere = template["Globals"]["Function"]["Layers"]
    layers = {
        name: size(built / own["ContentUri"]) for name, own in of_type(template, "LayerVersion")
    }
    for name, own in of_type(template, "Function"):
        code = built / own["CodeUri"]
        module = own["Handler"].rpartition(".")[0].replace(".", "/")
        assert (code / f"{module}.py").is_file(), name
        used = [layer["Ref"] for layer in [*everywhere, *own.get("Layers", [])]]
        whole = size(code) + sum(layers[layer] for layer in used)
        assert whole < MOST_BYTES, name


def test_compiled_parts_are_for_lambdas_processor(built: Path, template: dict[str, Any]) -> None:
    found = []
    for _, own in of_type(template, "LayerVersion"):
        found += (built / own["ContentUri"]).rglob("*.so")
    assert found
    for library in found:
        head = library.read_bytes()[:20]
        assert head.startswith(b"\x7fELF"), library
        assert int.from_bytes(head[18:20], "little") == AARCH64, library
        assert "cpython-313" in library.name or "abi3" in library.name, library


def test_the_product_comes_with_what_it_reads(built: Path, template: dict[str, Any]) -> None:
    layer = built / dict(of_type(template, "LayerVersion"))["DharmaLayer"]["ContentUri"]
    product = layer / "python/dharma"
    assert (product / "catalog/__compiled__/kinds.json").is_file()
    assert len(list((product / "costing/prices/__compiled__").glob("prices-*.sqlite3"))) == 1
    policies = {file.name for file in (ROOT / "policies").rglob("*.rego")}
    assert {file.name for file in (product / "bundle/policies").rglob("*.rego")} == policies
