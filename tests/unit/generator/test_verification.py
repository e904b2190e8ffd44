"""Code that was written is read again: what is right passes, and every kind of damage is found."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from dharma.blueprint.readers import read_file
from dharma.catalog import load_catalog
from dharma.generator import GeneratedCode, GenerateOptions, generate, verification
from dharma.generator.verification import lint, reread
from dharma.model.blueprint import Blueprint
from tests.unit.examples import EXAMPLES, KINDS, targets_of

CATALOG = load_catalog()
ROOT = Path(__file__).parents[3]
WEB = ROOT / "examples" / "web-assets.yaml"
THREE_TIER = ROOT / "examples" / "aws-three-tier-web.yaml"
PLATFORM = ROOT / "examples" / "aws-reshaped-platform.yaml"


def written(example: Path, target: str, **options: object) -> tuple[Blueprint, GeneratedCode]:
    blueprint = read_file(example).blueprint
    chosen = GenerateOptions(region="eu-west-1", **options)  # type: ignore[arg-type]
    return blueprint, generate(blueprint, target, CATALOG, chosen)


@pytest.mark.parametrize(
    ("example", "target"),
    [pytest.param(e, t, id=f"{e.stem}-{t}") for e, t in targets_of([*EXAMPLES, *KINDS])],
)
def test_what_is_written_of_an_example_reads_back(example: Path, target: str) -> None:
    if target == "deployment-manager" and "sensitive: true" in example.read_text():
        pytest.skip("secrets stay out of a format without parameters")
    blueprint, code = written(example, target)
    assert reread(blueprint, code, CATALOG).findings == ()


@pytest.mark.parametrize("modules", [False, True])
def test_modules_and_nested_stacks_read_back(modules: bool) -> None:
    blueprint, code = written(PLATFORM, "terraform", modules=modules)
    assert reread(blueprint, code, CATALOG).findings == ()
    blueprint, code = written(THREE_TIER, "cloudformation", template_resources=12)
    assert len(code.files) > 1
    assert reread(blueprint, code, CATALOG).findings == ()


def damaged(target: str, path: str, old: str, new: str) -> tuple[str, ...]:
    blueprint, code = written(WEB, target)
    assert old in code.files[path]
    files = {**code.files, path: code.files[path].replace(old, new)}
    check = reread(blueprint, replace(code, files=files), CATALOG)
    assert check.outcome == "failed"
    return check.findings


@pytest.mark.parametrize(
    ("target", "path", "old", "new", "said"),
    [
        ("terraform", "main.tf", "aws_kms_key.assets.arn", '"arn:x"', "aws_kms_key.assets no more"),
        ("terraform", "main.tf", '"aws_kms_key" "assets"', '"aws_kms_key" "other"', "is not there"),
        (
            "terraform",
            "main.tf",
            "Enabled",
            "Suspended",
            "reads back as another value",
        ),
        ("terraform", "main.tf", "resource", "resorce", "cannot be read"),
        ("cloudformation", "template.yaml", "!GetAtt AssetsKey.Arn", "x", "assets no more"),
        (
            "cloudformation",
            "template.yaml",
            "Enabled",
            "Suspended",
            "reads back as another",
        ),
        ("cloudformation", "template.yaml", "Resources:", "Resources: [", "cannot be read"),
    ],
)
def test_every_damage_is_found(target: str, path: str, old: str, new: str, said: str) -> None:
    findings = damaged(target, path, old, new)
    assert any(said in finding for finding in findings), findings


def test_what_has_no_reader_is_not_judged() -> None:
    blueprint, code = written(WEB, "pulumi-python")
    assert reread(blueprint, code, CATALOG).outcome == "skipped"


def test_findings_have_a_limit() -> None:
    check = verification._check("re-read", [str(n) for n in range(1000)])
    assert len(check.findings) == verification.MAX_FINDINGS + 1
    assert check.findings[-1] == "900 more"


def test_cfn_lint_is_asked() -> None:
    _, code = written(WEB, "cloudformation")
    assert [c.outcome for c in lint(code, "eu-west-1")] == ["passed"]
    files = {"template.yaml": code.files["template.yaml"].replace("BucketName", "BucketNam")}
    (check,) = lint(replace(code, files=files), "eu-west-1")
    assert check.outcome == "failed"
    assert check.findings[0].startswith("template.yaml:")


def test_without_terraform_its_checks_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    _, code = written(WEB, "terraform")
    assert [c.outcome for c in lint(code)] == ["skipped", "skipped"]


@pytest.mark.skipif(
    shutil.which("terraform") is None or not Path("/opt/tf-plugins").is_dir(),
    reason="no terraform binary with its AWS provider",
)
def test_terraform_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DHARMA_TERRAFORM_PLUGINS", "/opt/tf-plugins")
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    _, code = written(WEB, "terraform")
    versions = code.files["versions.tf"].replace('"~> 6.25"', '">= 5.0"')
    code = replace(code, files={**code.files, "versions.tf": versions})
    assert [(c.name, c.outcome) for c in lint(code)] == [
        ("terraform fmt", "passed"), ("terraform validate", "passed"),
    ]  # fmt: skip
    broken = code.files["main.tf"].replace("  bucket", "bucket").replace("status", "stat")
    found = lint(replace(code, files={**code.files, "main.tf": broken}))
    assert [c.outcome for c in found] == ["failed", "failed"]
    assert found[0].findings == ("main.tf is not as terraform fmt leaves it",)
