"""Modules, former names, adopted and released resources, regions and states in Terraform."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.core.errors import InvalidInput, NotExpressible
from dharma.generator import AzureBackend, GcsBackend, GenerateOptions, S3Backend, generate
from dharma.generator.terraform.backends import parse_backend

EXAMPLE = Path(__file__).parents[3] / "examples" / "aws-reshaped-platform.yaml"
PLUGINS = Path(os.environ.get("DHARMA_TERRAFORM_PLUGINS", "/opt/tf-plugins"))
TERRAFORM = shutil.which("terraform")
HEAD = "apiVersion: dharma/v1\nkind: Blueprint\nname: web\nversion: 1.0.0\nprovider: aws\n"


def files(text: str, **options: object) -> dict[str, str]:
    blueprint = load_blueprint(text if text.startswith("api") else HEAD + text)
    return generate(
        blueprint, "terraform", load_catalog(), GenerateOptions(**options)  # type: ignore[arg-type]
    ).files  # fmt: skip


CROSSING = """\
variables: [{name: on, type: bool, default: true}, {name: all, type: map(string), default: {}}]
resources:
- {name: one, type: aws_sqs_queue, module: a, condition: "${var.on}"}
- {name: two, type: aws_sqs_queue, module: a, count: 2}
- {name: all, type: aws_sqs_queue, module: a, for_each: "${var.all}"}
- name: user
  type: aws_sqs_queue
  module: b
  for_each: ${var.all}
  properties:
    tags:
      one: ${aws_sqs_queue.one.arn}
      two: ${aws_sqs_queue.two[1].arn}
      every: ${join(",", aws_sqs_queue.two[*].arn)}
      all: ${aws_sqs_queue.all[each.key].arn}
  depends_on: [aws_sqs_queue.all]
- {name: topic, type: aws_sns_topic, module: a, depends_on: [aws_sqs_queue.user]}
"""


def test_what_crosses_a_border_is_an_output_here_and_a_variable_there() -> None:
    found = files(CROSSING)
    assert "all   = var.sqs_queue_all_arn_by_key[each.key]\n" in found["modules/b/main.tf"]
    assert "two   = var.sqs_queue_two_arn_list[1]\n" in found["modules/b/main.tf"]
    assert 'join(",", var.sqs_queue_two_arn_list)' in found["modules/b/main.tf"]
    assert "depends_on = [var.sqs_queue_all]" in found["modules/b/main.tf"]
    outputs = found["modules/a/outputs.tf"]
    for name in re.findall(r'variable "(sqs_queue_\w+)"', found["modules/b/variables.tf"]):
        assert f'output "{name}"' in outputs
        assert re.search(rf"{name} += module\.a\.{name}\n", found["main.tf"])


def test_names_at_borders_stay_when_resources_come() -> None:
    more = CROSSING.replace("resources:\n", "resources:\n- {name: new, type: aws_sns_topic}\n")
    before, after = files(CROSSING), files(more)
    assert {p for p in after if before[p] != after[p]} == {"main.tf"}


def test_a_name_that_a_variable_has_already_is_not_taken_twice() -> None:
    text = (
        "variables: [{name: sqs_queue_q_arn, default: x}]\n"
        "resources:\n- {name: q, type: aws_sqs_queue}\n"
        "- {name: t, type: aws_sns_topic, module: m, properties: {tags: "
        '{a: "${aws_sqs_queue.q.arn}", b: "${var.sqs_queue_q_arn}"}}}\n'
    )
    declared = re.findall(r'variable "(\w+)"', files(text)["modules/m/variables.tf"])
    assert len(declared) == 2
    assert "sqs_queue_q_arn" in declared


def test_categories_become_modules_when_they_are_asked_for() -> None:
    text = "resources:\n- {name: v, type: aws_vpc, properties: {cidr_block: 10.0.0.0/16}}\n"
    assert "modules/network/main.tf" in files(text, modules=True)
    assert not any(path.startswith("modules/") for path in files(text))


def test_a_chain_of_names_moves_every_piece_step_by_step() -> None:
    text = (
        "resources:\n- {name: now, type: aws_s3_bucket, renamed_from: [first, second], "
        "properties: {versioning: {enabled: true}}}\n"
    )
    moved = re.findall(r"from = (\S+)\n  to   = (\S+)", files(text)["moved.tf"])
    assert moved == [
        ("aws_s3_bucket.first", "aws_s3_bucket.second"),
        ("aws_s3_bucket.second", "aws_s3_bucket.now"),
        ("aws_s3_bucket_versioning.first", "aws_s3_bucket_versioning.second"),
        ("aws_s3_bucket_versioning.second", "aws_s3_bucket_versioning.now"),
    ]


def test_what_exists_under_a_condition_is_adopted_under_it() -> None:
    text = (
        "variables: [{name: on, type: bool, default: true}]\nresources:\n"
        '- {name: q, type: aws_sqs_queue, condition: "${var.on}", import: {id: "u"}}\n'
    )
    assert files(text)["imports.tf"] == (
        "import {\n"
        '  for_each = toset(var.on ? ["0"] : [])\n'
        "  to       = aws_sqs_queue.q[0]\n"
        '  id       = "u"\n'
        "}\n"
    )


@pytest.mark.parametrize(
    ("backend", "name", "words"),
    [
        (S3Backend("b", "k", "eu-west-1"), "s3", ["use_lockfile = true", 'key          = "k"']),
        (GcsBackend("b", "p"), "gcs", ['prefix = "p"']),
        (
            AzureBackend("rg", "states", "tf", "k"),
            "azurerm",
            ['storage_account_name = "states"', "use_azuread_auth     = true"],
        ),
    ],
)
def test_the_state_is_kept_where_it_is_told(backend: object, name: str, words: list[str]) -> None:
    text = files("resources: []\n", backend=backend)["backend.tf"]
    assert f'backend "{name}" {{' in text
    assert all(word in text for word in words)


@pytest.mark.parametrize(
    ("text", "backend"),
    [
        ("s3://b/web/state?region=eu-west-1", S3Backend("b", "web/state", "eu-west-1")),
        ("s3://b/state", S3Backend("b", "state", "us-east-1")),
        ("gcs://b/p/q", GcsBackend("b", "p/q")),
        ("azurerm://acc/tf/web/k?resource_group=g", AzureBackend("g", "acc", "tf", "web/k")),
    ],
)
def test_a_backend_is_named_in_one_word(text: str, backend: object) -> None:
    assert parse_backend(text, "us-east-1") == backend


@pytest.mark.parametrize(
    "text",
    ["", "s3://", "s3://b", "ftp://b/k", "azurerm://acc/key?resource_group=g", "azurerm://a/b/c",
     "gcs://b/p?region=x", "s3://b b/k", "s3://b/k?region"],
)  # fmt: skip
def test_a_word_that_names_no_backend_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(InvalidInput, match="s3://BUCKET/KEY"):
        parse_backend(text, "us-east-1")


@pytest.mark.parametrize("target", ["cloudformation"])
def test_other_formats_say_what_they_do_not_say(target: str) -> None:
    text = (
        "resources:\n- {name: q, type: aws_sqs_queue, module: m, renamed_from: [p], "
        "import: {id: u}}\nremoved: [{address: aws_sqs_queue.old}]\n"
    )
    code = generate(load_blueprint(HEAD + text), target, load_catalog())
    paths = {note.path for note in code.warnings if note.kind == "no_counterpart"}
    assert paths == {"renamed_from", "import", "module", "removed"}


def test_a_stack_does_not_create_a_resource_in_the_wrong_region() -> None:
    bp = load_blueprint(HEAD + "resources: [{name: q, type: aws_sqs_queue, region: us-east-1}]\n")
    with pytest.raises(NotExpressible, match=r"aws_sqs_queue.q.region: .* lies in one region"):
        generate(bp, "cloudformation", load_catalog())
    options = GenerateOptions(region="us-east-1")
    assert generate(bp, "cloudformation", load_catalog(), options).files


@pytest.mark.skipif(
    TERRAFORM is None or not PLUGINS.is_dir(), reason="no terraform binary with its AWS provider"
)
@pytest.mark.parametrize("text", [EXAMPLE.read_text(), CROSSING], ids=["example", "crossing"])
def test_terraform_finds_it_formatted_and_valid(text: str, tmp_path: Path) -> None:
    assert TERRAFORM is not None
    for name, written in files(text, region="eu-west-1").items():
        # The plugin that may be here is of an older release than the catalog's.
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(written.replace('"~> 6.25"', '">= 5.0"'), encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [TERRAFORM or "", *words], cwd=tmp_path, env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip

    formatted = run("fmt", "-check", "-recursive", "-diff")
    assert formatted.returncode == 0, formatted.stdout
    begun = run("init", "-backend=false", f"-plugin-dir={PLUGINS}")
    assert begun.returncode == 0, begun.stderr
    judged = run("validate", "-no-color")
    assert judged.returncode == 0, judged.stdout + judged.stderr
