"""What configurations come to is what a real Terraform planned of them.

The answers are recorded (`scripts/record_terraform_plans.py`): outputs, and of every resource the
arguments that its block gives.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dharma.blueprint.readers.terraform.configuration import Configuration, read_configuration
from dharma.blueprint.readers.terraform.declarations import read_values, read_variables
from dharma.blueprint.readers.terraform.files import SentFiles
from dharma.blueprint.readers.terraform.modules import Module
from dharma.blueprint.readers.terraform.providers import read_providers, with_default_tags
from dharma.blueprint.readers.terraform.reading import Reading
from dharma.blueprint.readers.terraform.resources import parts_of
from dharma.blueprint.variables import check_values
from dharma.catalog import load_catalog
from dharma.model.blueprint import Blueprint
from dharma.model.expressions.nodes import Value

HERE = Path(__file__).parent
CASES = HERE / "terraform_cases"
PLANNED: dict[str, Any] = json.loads((HERE / "terraform_planned.json").read_text(encoding="utf-8"))
CATALOG = load_catalog()


@dataclass(frozen=True, slots=True)
class Come:
    """What a configuration came to: arguments by address, outputs by name."""

    resources: dict[str, dict[str, Value]]
    outputs: dict[str, Value]
    notes: list[str]


def come(case: str) -> Come:
    folder = CASES / case
    sent = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    files = SentFiles(sent)
    configuration = read_configuration(files, ".")
    reading = Reading(files, ".", True)
    # What is written down about other resources is put in, where the reader keeps references.
    reading.inlining = True
    reading.configurations["."] = configuration
    root = Module(reading, configuration, variables(configuration, files, reading))
    providers = read_providers(root)
    parts = [with_default_tags(part, providers, CATALOG) for part in parts_of(root, CATALOG)]
    outputs = {name: root.outputs[name] for name in configuration.outputs}
    return Come(
        {part.address: part.arguments for part in parts},
        outputs,
        [f"{n.address} {n.path}: {n.message}" for n in reading.notes],
    )


def variables(configuration: Configuration, files: SentFiles, reading: Reading) -> dict[str, Value]:
    declared = tuple(read_variables(configuration, reading.tell))
    blueprint = Blueprint("case", "1.0.0", "aws", variables=declared)
    return dict(check_values(blueprint, read_values(files, "."), complete=False))


def plain(value: Value, planned: Any) -> Any:
    """A value in the form of what was planned: sets in its order, JSON texts as what they say."""
    if isinstance(value, list) and isinstance(planned, list) and len(value) == len(planned):
        found = [plain(v, p) for v, p in zip(value, planned, strict=True)]
        if found != planned:
            ordered = sorted(value, key=_mark)
            wanted = sorted(planned, key=_mark)
            again = [plain(v, p) for v, p in zip(ordered, wanted, strict=True)]
            return planned if again == wanted else found
        return found
    if isinstance(value, dict) and isinstance(planned, dict):
        # Blocks have all arguments there are; those that nobody gave say nothing here.
        nothing = {k: v for k, v in planned.items() if k not in value and _empty(v)}
        return {k: plain(v, planned.get(k)) for k, v in value.items()} | nothing
    if isinstance(value, dict) and isinstance(planned, list) and len(planned) == 1:
        return [plain(value, planned[0])]
    if isinstance(value, str) and isinstance(planned, str) and value[:1] == planned[:1] == "{":
        same = _unordered(json.loads(value)) == _unordered(json.loads(planned))
        return planned if same else value
    if isinstance(planned, str) and isinstance(value, int | float):
        return json.dumps(value, default=repr)
    return value


def _unordered(value: Any) -> Any:
    """A policy document, whose lists of texts are sets: AWS's provider writes them backwards."""
    if isinstance(value, dict):
        return {k: _unordered(v) for k, v in value.items()}
    if isinstance(value, list):
        found = [_unordered(v) for v in value]
        return sorted(found) if all(isinstance(v, str) for v in found) else found
    return value


def _mark(value: Any) -> str:
    if not isinstance(value, dict):
        return json.dumps(value, default=repr)
    return json.dumps(
        {k: v for k, v in value.items() if not _empty(v)}, sort_keys=True, default=repr
    )


def _empty(value: Any) -> bool:
    return value in (None, [], "", False, 0, {})


def _alone(address: str, found: Come) -> str:
    """The address of a resource that `count` switches on: there is one, so it is known without
    index here."""
    alone = address.removesuffix("[0]")
    return alone if alone in found.resources else address


def test_every_case_has_an_answer() -> None:
    assert sorted(PLANNED) == sorted(path.name for path in CASES.iterdir())


@pytest.mark.parametrize("case", sorted(PLANNED))
def test_a_configuration_comes_to_what_terraform_plans(case: str) -> None:
    planned, found = PLANNED[case], come(case)
    outputs = {
        name: plain(value, planned["outputs"][name])
        for name, value in found.outputs.items()
        if name in planned["outputs"]
    }
    assert outputs == planned["outputs"], found.notes
    resources = {_alone(a, found): arguments for a, arguments in planned["resources"].items()}
    assert found.resources.keys() == resources.keys(), found.notes
    for address, arguments in resources.items():
        for name, value in arguments.items():
            here = found.resources[address].get(name)
            # What is null in the code has the provider's default; what is null there may be
            # computed later.
            if value is None or (here is None and _empty(value)):
                continue
            assert plain(here, value) == value, f"{address}.{name}"
    assert found.notes == []
