"""Each kind has an example blueprint without a fault, and what is generated of it stands before the
formats' own judges."""

from __future__ import annotations

from pathlib import Path

import pytest
from cfnlint.api import lint_by_config
from cfnlint.config import ManualArgs

from dharma.blueprint.source import load_blueprint
from dharma.blueprint.validation import validate
from dharma.catalog import load_catalog
from dharma.generator import generate

KINDS = load_catalog().names()
EXAMPLES = Path(__file__).parents[3] / "examples" / "kinds"
# Each with the reason why it stays.
TOLERATED = {
    "W2506": "a parameter for an image has the blueprint's type, a string",
    "W3045": "a bucket that takes access logs of load balancers needs its access control list",
    "W3697": "a kind of a service that takes no new customers is for those who have it",
    "W1011": "an example takes its secret as a parameter",
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_an_example_without_a_fault(name: str) -> None:
    blueprint = load_blueprint((EXAMPLES / f"{name}.yaml").read_bytes(), f"{name}.yaml")
    assert any(resource.type == name for resource in blueprint.resources)
    assert [str(fault) for fault in validate(blueprint, load_catalog())] == []


def test_cfn_lint_finds_nothing_in_the_templates_of_the_examples(tmp_path: Path) -> None:
    kinds = load_catalog().names("aws")
    for name in kinds:
        blueprint = load_blueprint((EXAMPLES / f"{name}.yaml").read_bytes())
        (template,) = generate(blueprint, "cloudformation", load_catalog()).files.values()
        (tmp_path / f"{name}.yaml").write_text(template, encoding="utf-8")
    files = [str(tmp_path / f"{name}.yaml") for name in kinds]
    found = lint_by_config(ManualArgs(templates=files, regions=["us-east-1"]))
    assert [str(match) for match in found if match.rule.id not in TOLERATED] == []
