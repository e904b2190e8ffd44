"""The examples' code, exactly as a user gets it, under tests/golden/<target>/<example>/.

`DHARMA_WRITE_GOLDEN=1 pytest tests/unit/generator/test_golden.py` writes them anew; the change is
then to be read like any other.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dharma.blueprint.readers import read_file, read_text
from dharma.catalog import canonical, load_catalog
from dharma.catalog.vpc_gateways import without_gateway_dependencies
from dharma.generator import TARGETS, GenerateOptions, generate
from dharma.generator.loops import without_loops
from dharma.model.blueprint import Blueprint, Resource
from dharma.model.expressions.nodes import ResourceRef, Value, transform
from tests.unit.examples import EXAMPLES, KINDS, targets_of

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden"
FORMATTED = shutil.which("terraform")


def code(example: Path, target: str) -> dict[str, str]:
    blueprint = read_file(example).blueprint
    options = GenerateOptions(region="eu-west-1")
    return generate(blueprint, target, load_catalog(), options).files


def written(examples: list[Path], *targets: str) -> list[Any]:
    """Examples with each target that takes them, of those if any are named."""
    pulumi = [(e, f"pulumi-{language}") for e in examples for language in ("python", "typescript")]
    return [
        pytest.param(example, target, id=f"{example.stem}-{target}")
        for example, target in [*targets_of(examples), *pulumi]
        if target in (targets or TARGETS)
        # Its configurations have no parameters, and secrets stay out of them.
        and not (target == "deployment-manager" and "sensitive: true" in example.read_text())
    ]


@pytest.mark.parametrize(("example", "target"), written(EXAMPLES))
def test_the_code_of_an_example_is_as_it_was_reviewed(example: Path, target: str) -> None:
    files = code(example, target)
    folder = GOLDEN / target / example.stem
    if os.environ.get("DHARMA_WRITE_GOLDEN"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="")
    kept = {
        p.relative_to(folder).as_posix(): p.read_text(encoding="utf-8")
        for p in folder.rglob("*")
        if p.is_file()
    }
    assert files == kept


@pytest.mark.parametrize(("example", "target"), written([*EXAMPLES, *KINDS]))
def test_writing_twice_gives_the_same_bytes(example: Path, target: str) -> None:
    assert code(example, target) == code(example, target)


@pytest.mark.parametrize("json", [False, True], ids=["yaml", "json"])
@pytest.mark.parametrize(("example", "target"), written([*EXAMPLES, *KINDS], "cloudformation"))
def test_a_template_reads_back_as_the_blueprint(example: Path, target: str, json: bool) -> None:
    catalog = load_catalog()
    before = read_file(example).blueprint
    files = generate(before, target, catalog, GenerateOptions(json=json)).files
    ((name, text),) = files.items()
    result = read_text(text, name)
    after = result.blueprint
    assert (after.name, after.version, after.variables) == (
        before.name, before.version, before.variables,
    )  # fmt: skip
    assert [o.name for o in after.outputs] == [o.name for o in before.outputs]
    meant = canonical(held(before), catalog)
    found = canonical(after.resources, catalog)
    assert found == meant
    assert [n for n in result.notes if n.kind in ("not_understood", "passed_through")] == []
    # From then on nothing changes any more.
    options = GenerateOptions(json=json)
    second = generate(after, "cloudformation", catalog, options).files
    third = generate(read_text(second[name], name).blueprint, "cloudformation", catalog, options)
    assert third.files == second


def held(bp: Blueprint) -> list[Resource]:
    """The resources as far as CloudFormation can hold them: known calls are computed, what steers
    Terraform alone is gone, and of two names for one attribute there is the first."""
    catalog = load_catalog()

    def first_name(node: Value) -> Value:
        if isinstance(node, ResourceRef):
            kind = catalog.kind(node.address.split(".")[0])
            mapping = kind.cloudformation if kind else None
            native = mapping.attributes.get(".".join(map(str, node.path))) if mapping else None
            if mapping and native:
                return replace(node, path=tuple(mapping.model_attributes[native].split(".")))
        return node

    found = []
    for resource in without_gateway_dependencies(without_loops(bp, {})[0]):
        kind = catalog.kind(resource.type)
        assert kind is not None
        assert kind.cloudformation is not None
        properties = {
            name: transform(value, first_name)
            for name, value in resource.properties.items()
            if name not in kind.cloudformation.no_counterpart
        }
        found.append(replace(resource, properties=properties))
    return found


@pytest.mark.skipif(FORMATTED is None, reason="no terraform binary")
def test_the_formatter_finds_nothing_to_change(tmp_path: Path) -> None:
    for example in [*EXAMPLES, *KINDS]:
        folder = tmp_path / example.stem
        folder.mkdir()
        for name, text in code(example, "terraform").items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="")
    assert FORMATTED is not None
    done = subprocess.run(
        [FORMATTED, "fmt", "-check", "-recursive", "-diff", str(tmp_path)],
        env={"PATH": os.environ["PATH"], "TF_CLI_CONFIG_FILE": os.devnull},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("example", "target"), written(EXAMPLES, "cloudformation"))
def test_cfn_lint_finds_no_error(example: Path, target: str) -> None:
    from cfnlint.api import lint

    (text,) = code(example, target).values()
    found = lint(text, None, ["eu-west-1"])
    assert [f"{m.rule.id} {m.message}" for m in found if m.rule.id.startswith("E")] == []
