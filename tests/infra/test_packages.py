"""What each function and layer carries: enough for its handler, pinned as everywhere else."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "layers/vendor"
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)

# Imports a handler in a process that has nothing but the product and the packages of its layers.
ALONE = """
import importlib.util, sys
paths, packages, module = sys.argv[1].split(":"), set(sys.argv[2].split(",")), sys.argv[3]

class Layers:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        own = top in packages | {"dharma", "functions"} | set(sys.stdlib_module_names)
        if not own and not top.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"{name} is in no layer of this function", name=name)

sys.path[:0] = paths
sys.meta_path.insert(0, Layers())
importlib.import_module(module)
"""


class _Template(yaml.SafeLoader):
    """YAML in which `!Ref X`, and any other short tag, is its argument."""


def _argument(loader: Any, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


_Template.add_multi_constructor("!", _argument)

TEMPLATE = yaml.load((ROOT / "infra/template.yaml").read_text(), Loader=_Template)
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
FUNCTIONS = [n for n, r in RESOURCES.items() if r["Type"] == "AWS::Serverless::Function"]
LAYERS = [n for n, r in RESOURCES.items() if r["Type"] == "AWS::Serverless::LayerVersion"]


def layers(function: str) -> list[str]:
    everywhere: list[str] = TEMPLATE["Globals"]["Function"]["Layers"]
    return everywhere + RESOURCES[function]["Properties"].get("Layers", [])


def vendor(layer: str) -> Path | None:
    """The folder of a layer with packages of others."""
    folder = ROOT / "infra" / RESOURCES[layer]["Properties"]["ContentUri"]
    return folder.resolve() if folder.resolve().parent == VENDOR else None


def pins(file: Path) -> dict[str, str]:
    return dict(PINNED.findall(file.read_text()))


def top_level(packages: dict[str, str]) -> set[str]:
    """What can be imported from packages, as they are installed here."""
    files = (file for name in packages for file in distribution(name).files or ())
    first = {file.parts[0] for file in files}
    return {part.partition(".")[0] for part in first if not part.endswith(".dist-info")}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_imports_from_its_own_files_and_layers(function: str, tmp_path: Path) -> None:
    subprocess.run(
        ["make", "--silent", "-f", "functions/Makefile", f"build-{function}"],
        cwd=ROOT,
        env={**os.environ, "ARTIFACTS_DIR": str(tmp_path)},
        check=True,
    )
    folders = [folder for layer in layers(function) if (folder := vendor(layer))]
    packages = set().union(*(top_level(pins(f / "requirements.txt")) for f in folders))
    module = RESOURCES[function]["Properties"]["Handler"].rpartition(".")[0]
    paths = f"{tmp_path}:{ROOT / 'layers/dharma'}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", ALONE, paths, ",".join(packages), module],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    carried = {".".join(f.relative_to(tmp_path).with_suffix("").parts) for f in files(tmp_path)}
    for file in files(tmp_path):
        assert imported(file) <= carried, file


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*.py") if file.is_file()]


def imported(file: Path) -> set[str]:
    """Modules of `functions` that a file imports anywhere, also later than at its start."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("functions"):
            module = str(node.module)
            inside = [f"{module}.{alias.name}" for alias in node.names]
            is_folder = (ROOT / module.replace(".", "/")).is_dir()
            found |= set(inside) if is_folder else {module}
    return found


def test_every_function_and_layer_is_built_by_make() -> None:
    for name in (*FUNCTIONS, *LAYERS):
        assert RESOURCES[name]["Metadata"]["BuildMethod"] == "makefile", name
    for function in FUNCTIONS:
        assert len(layers(function)) <= 5, "Lambda takes five layers"


def test_what_may_call_aws_has_the_sdk_of_the_lock() -> None:
    # Not the one of Lambda's runtime, whose version is not ours to say.
    for function in FUNCTIONS:
        if "Policies" in RESOURCES[function]["Properties"]:
            assert "ServicesLayer" in layers(function), function


def test_layers_hold_the_dependencies_once_in_the_versions_that_run_here() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[<>=]", d)[0] for d in project["dependencies"]}
    here = set(PINNED.findall((ROOT / "requirements/run.txt").read_text()))
    held: dict[str, str] = {}
    folders = {folder for layer in LAYERS if (folder := vendor(layer))}
    assert folders == set(VENDOR.iterdir())
    for folder in folders:
        own = pins(folder / "requirements.txt")
        assert own.items() <= here, folder.name
        assert not own.keys() & held.keys(), folder.name
        held |= own
    assert wanted <= held.keys()


def test_every_stage_states_parameters_that_the_template_has() -> None:
    stages = tomllib.loads((ROOT / "samconfig.toml").read_text())
    del stages["version"]
    assert {"default", "staging", "prod"} <= stages.keys()
    for stage in stages.values():
        stated = dict(
            p.split("=") for p in stage["deploy"]["parameters"]["parameter_overrides"].split()
        )
        assert stage["deploy"]["parameters"]["stack_name"] == f"dharma-{stated['Stage']}"
        for name, value in stated.items():
            parameter = TEMPLATE["Parameters"][name]
            assert value in map(str, parameter.get("AllowedValues", [value]))
            assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value)
