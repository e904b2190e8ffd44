"""The template library: every ready-made blueprint is valid, written in every format of its cloud,
read back as it was, judged, and priced as far as the price book reaches."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dharma.blueprint.resolution import resolve
from dharma.blueprint.source import load_blueprint
from dharma.blueprint.validation import review
from dharma.catalog import load_catalog
from dharma.catalog.formats import FORMATS_OF, target_of
from dharma.core.errors import NotExpressible
from dharma.costing.estimate import estimate
from dharma.costing.price_book import PriceBook
from dharma.generator import GenerateOptions, generate, verification
from dharma.model.blueprint import Blueprint
from dharma.model.expressions.nodes import VariableRef, walk

ROOT = Path(__file__).parents[3] / "templates"
TEMPLATES = sorted(ROOT.glob("*/*.yaml"))
CATALOG = load_catalog()


_GIVEN = {"project": "acme-web", "prefix": "acme", "package_bucket": "acme-code"}


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _load(path: Path) -> Blueprint:
    return load_blueprint(path.read_bytes(), path.name)


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
def test_every_cloud_has_six_or_more(provider: str) -> None:
    assert len([path for path in TEMPLATES if path.parent.name == provider]) >= 6


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_a_template_is_valid_and_says_what_it_is_for(path: Path) -> None:
    blueprint = _load(path)
    found = review(blueprint, CATALOG)
    assert [str(fault) for fault in found.faults] == []
    assert [str(warning) for warning in found.warnings] == []
    assert (blueprint.name, blueprint.provider) == (path.stem, path.parent.name)
    assert blueprint.description
    assert blueprint.outputs
    bounded = [v for v in blueprint.variables if v.allowed or v.pattern or v.min is not None]
    assert bounded, "parameters have constraints"
    assert all(CATALOG.kind(r.type) is not None for r in blueprint.resources)
    used = {
        n.name
        for r in blueprint.resources
        for v in (dict(r.properties), r.count, r.for_each, r.condition)
        for n in walk(v)
        if isinstance(n, VariableRef)
    }
    assert {v.name for v in blueprint.variables} == used


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_a_template_is_written_in_every_possible_format_and_read_back_as_it_was(path: Path) -> None:
    blueprint = _load(path)
    written = {}
    for format in FORMATS_OF[blueprint.provider]:
        without = [
            kind.name
            for r in blueprint.resources
            if (kind := CATALOG.kind(r.type)) is not None and format not in kind.mappings
        ]
        if without:
            with pytest.raises(NotExpressible):
                generate(blueprint, target_of(format), CATALOG)
            continue
        # A configuration of Deployment Manager holds values, so all of them have to be known.
        values = _GIVEN if format == "deployment_manager" else {}
        options = GenerateOptions(variables=values)
        code = generate(blueprint, target_of(format), CATALOG, options)
        assert verification.reread(blueprint, code, CATALOG).findings == ()
        written[format] = code
        assert generate(blueprint, target_of(format), CATALOG, options).files == code.files
    assert "terraform" in written
    for format in ("pulumi-typescript", "pulumi-python"):
        assert generate(blueprint, format, CATALOG).files


@pytest.mark.parametrize("path", [p for p in TEMPLATES if p.parent.name == "aws"], ids=_name)
def test_a_template_of_aws_leaves_cfn_lint_nothing_to_say(path: Path) -> None:
    code = generate(_load(path), "cloudformation", CATALOG)
    (check,) = [c for c in verification.lint(code, "us-east-1") if c.name == "cfn-lint"]
    assert check.findings == ()


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_every_resource_of_a_template_is_priced_free_or_said_not_to_be(path: Path) -> None:
    resolved = resolve(_load(path), {})
    found = estimate(resolved, PriceBook.open(), today=date(2026, 11, 1))
    told = {line.address for line in found.lines}
    told |= {free.address for free in found.free} | {left.address for left in found.unpriced}
    assert told == {instance.address for instance in resolved.resources}
    if resolved.provider == "aws":
        assert found.lines or found.free


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_no_policy_finds_anything_grave_in_a_template(path: Path, dharma: Any) -> None:
    said = dharma("check", path, "--format", "json")
    grave = [
        f"{f['policy']} {f['address']}: {f['message']}"
        for f in said.json["findings"]
        if f["severity"] in ("critical", "high") and f["status"] == "fail"
    ]
    assert grave == []
