"""`moved`, `import` and `removed` blocks, and aliased providers, as blueprints say them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dharma.blueprint.readers.result import ReadResult
from dharma.blueprint.readers.terraform.opening import read_sent
from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.generator import GenerateOptions, generate
from dharma.model.expressions.nodes import Symbol, Template, VariableRef

CATALOG = load_catalog()
EXAMPLE = Path(__file__).parents[3] / "examples" / "aws-reshaped-platform.yaml"
QUEUE = 'resource "aws_sqs_queue" "q" {}\n'


def read(text: str) -> ReadResult:
    return read_sent({"main.tf": text.encode()}, CATALOG)


def messages(result: ReadResult) -> list[str]:
    return [f"{note.address}: {note.message}" for note in result.notes]


def test_a_chain_of_moves_is_a_list_of_former_names() -> None:
    result = read(
        QUEUE
        + "moved {\n  from = aws_sqs_queue.b\n  to   = aws_sqs_queue.q\n}\n"
        + "moved {\n  from = module.old.aws_sqs_queue.a\n  to   = aws_sqs_queue.b\n}\n"
    )
    assert result.blueprint.resources[0].renamed_from == ("module.old.aws_sqs_queue.a", "b")
    assert result.notes == ()


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("moved {\n from = aws_sqs_queue.a[0]\n to = aws_sqs_queue.q\n}\n", "no instances"),
        ("moved {\n from = module.a\n to = module.b\n}\n", "no resources of the module"),
        ('moved {\n from = module.a\n to = module.b["x"]\n}\n', "no instances"),
        ("moved {\n from = aws_sqs_queue.a\n to = aws_sqs_queue.z\n}\n", "is not there"),
        ("moved {\n}\n", "whole resources"),
        ('import {\n to = aws_sqs_queue.z\n id = "a"\n}\n', "what it adopts is not there"),
        ("import {\n to = aws_sqs_queue.q\n id = data.aws_x.y.id\n}\n", "from variables alone"),
        ('import {\n to = aws_sqs_queue.q["a"]\n id = "a"\n}\n', "not one of several"),
        ("removed {\n from = module.a\n}\n", "release whole resources"),
    ],
)
def test_what_a_blueprint_cannot_say_is_told(block: str, said: str) -> None:
    found = messages(read(QUEUE + block))
    assert any(said in message for message in found), found


def test_a_move_of_a_module_is_one_of_all_its_resources() -> None:
    code = {
        "main.tf": 'module "new" { source = "./m" }\n'
        "moved {\n  from = module.middle\n  to   = module.new\n}\n"
        "moved {\n  from = module.old\n  to   = module.middle\n}\n",
        "m/main.tf": QUEUE + 'resource "aws_sns_topic" "t" {}\n',
    }
    result = read_sent({path: text.encode() for path, text in code.items()}, CATALOG)
    assert {r.address: r.renamed_from for r in result.blueprint.resources} == {
        f"{address}": (
            f"module.old.{inside}",
            f"module.middle.{inside}",
            f"module.new.{inside}",
        )
        for address, inside in (
            ("aws_sqs_queue.new_q", "aws_sqs_queue.q"),
            ("aws_sns_topic.new_t", "aws_sns_topic.t"),
        )
    }
    assert result.notes == ()
    written = generate(result.blueprint, "terraform", CATALOG).files["moved.tf"]
    assert "from = module.old.aws_sqs_queue.q" in written


def test_a_circle_of_moves_ends() -> None:
    move = "moved {{\n from = aws_sqs_queue.{}\n to = aws_sqs_queue.{}\n}}\n"
    result = read(QUEUE + move.format("a", "q") + move.format("q", "a"))
    assert result.blueprint.resources[0].renamed_from == ("a",)


def test_ids_are_read_with_variables_and_loops() -> None:
    result = read(
        'variable "n" {}\nlocals {\n  id = "x-${var.n}"\n}\n'
        + QUEUE
        + 'resource "aws_sns_topic" "t" {\n  for_each = toset(["a"])\n  name = each.key\n}\n'
        + "import {\n  to = aws_sqs_queue.q\n  id = local.id\n}\n"
        + 'import {\n  for_each = toset(["a"])\n  to = aws_sns_topic.t[each.key]\n'
        + "  id = each.key\n}\n"
    )
    queue, topic = result.blueprint.resources
    assert queue.import_id == Template(("x-", VariableRef("n")))
    assert topic.import_id == Symbol(("each", "key"))


def test_what_is_released_is_removed() -> None:
    result = read(
        QUEUE
        + "removed {\n  from = aws_sqs_queue.a\n  lifecycle {\n    destroy = false\n  }\n}\n"
        + "removed {\n  from = aws_sqs_queue.b\n}\n"
    )
    assert [(r.address, r.destroy) for r in result.blueprint.removed] == [
        ("aws_sqs_queue.a", False), ("aws_sqs_queue.b", True),
    ]  # fmt: skip


def test_an_aliased_provider_may_be_named_as_a_text() -> None:
    """So Terraform 0.11 wrote it, and Terraform takes it still."""
    found = read(
        'provider "aws" {\n  alias = "there"\n  region = "eu-west-1"\n}\n'
        'resource "aws_sqs_queue" "a" {\n  provider = "aws.there"\n}\n'
        'resource "aws_sqs_queue" "b" {\n  provider = "aws.unknown"\n}\n'
        'module "m" {\n  source = "far/away/aws"\n  providers = {\n    aws = "aws.there"\n  }\n}\n'
    ).blueprint.resources
    assert [(r.name, r.region, r.native) for r in found[:2]] == [
        ("a", "eu-west-1", {}),
        ("b", None, {"terraform": {"provider": "aws.unknown"}}),
    ]
    assert found[2].native["terraform"]["providers"] == "{ aws = aws.there }"


def test_an_empty_region_of_an_aliased_provider_is_none() -> None:
    result = read(
        'provider "aws" {\n  alias = "there"\n  region = ""\n}\n'
        'resource "aws_sqs_queue" "a" {\n  provider = aws.there\n}\n'
    )
    (queue,) = result.blueprint.resources
    assert (queue.region, queue.native) == (None, {"terraform": {"provider": "aws.there"}})


def test_an_aliased_provider_is_a_region() -> None:
    result = read(
        'variable "dr" {}\n'
        'provider "aws" {\n  alias = "here"\n  region = "eu-west-1"\n}\n'
        'provider "aws" {\n  alias = "there"\n  region = var.dr\n}\n'
        'resource "aws_sqs_queue" "a" {\n  provider = aws.here\n}\n'
        'resource "aws_sqs_queue" "b" {\n  provider = aws.there\n}\n'
        'resource "aws_sqs_queue" "c" {\n  provider = aws.unknown\n}\n'
    )
    a, b, c = result.blueprint.resources
    assert (a.region, b.region, c.region) == ("eu-west-1", VariableRef("dr"), None)
    assert (a.native, c.native) == ({}, {"terraform": {"provider": "aws.unknown"}})


def test_the_example_comes_back_with_its_past() -> None:
    meant = load_blueprint(EXAMPLE.read_bytes(), EXAMPLE.name)
    code = generate(meant, "terraform", CATALOG, GenerateOptions(region="eu-west-1"))
    result = read_sent({path: text.encode() for path, text in code.files.items()}, CATALOG)
    assert result.notes == ()
    found = {r.address: r for r in result.blueprint.resources}
    for resource in meant.resources:
        name = f"{resource.module}_{resource.name}" if resource.module else resource.name
        back = found[f"{resource.type}.{name}"]
        assert back.region == resource.region
        assert back.import_id == resource.import_id
        assert bool(back.renamed_from) == bool(resource.renamed_from)
    assert found["aws_s3_bucket.copies"].renamed_from == ("replica",)
    assert found["aws_sqs_queue.service_jobs"].renamed_from == (
        "module.service.aws_sqs_queue.tasks", "module.service.aws_sqs_queue.jobs",
    )  # fmt: skip
    assert [(r.address, r.destroy) for r in result.blueprint.removed] == [
        (r.address, r.destroy) for r in meant.removed
    ]
