"""Loops for a target that has none."""

from __future__ import annotations

from typing import Any

import pytest

from dharma.blueprint.readers import read_text
from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.core.errors import NotExpressible
from dharma.generator import GenerateOptions, generate
from dharma.generator.loops import without_loops
from dharma.model.blueprint import Blueprint
from dharma.model.expressions.nodes import Ambient, Index, ResourceRef, VariableRef
from dharma.model.expressions.printer import print_expression

HEAD = """
apiVersion: dharma/v1
kind: Blueprint
name: web
version: 1.0.0
provider: aws
variables:
  - {name: zones, type: number, default: 2}
  - {name: teams, type: map(string), default: {a: x}}
  - {name: stage, type: string, default: dev}
"""
NETWORK = """
resources:
  - {name: main, type: aws_vpc, properties: {cidr_block: 10.0.0.0/16}}
  - name: app
    type: aws_subnet
    count: ${var.zones}
    properties:
      vpc_id: ${aws_vpc.main.id}
      cidr_block: ${cidrsubnet("10.0.0.0/16", 8, count.index)}
      availability_zone: ${data.aws_availability_zones.available.names[count.index]}
      tags: {stage: "${var.stage}"}
  - name: queue
    type: aws_sqs_queue
    for_each: ${{left = "l", right = "r"}}
    depends_on: [aws_subnet.app]
    properties: {name: "${each.key}-${each.value}"}
  - name: main
    type: aws_db_subnet_group
    properties: {description: All, subnet_ids: "${aws_subnet.app[*].id}"}
outputs:
  - {name: first, value: "${aws_subnet.app[0].id}"}
  - {name: how_many, value: "${length(aws_subnet.app)}"}
  - {name: left, value: "${aws_sqs_queue.queue[\\"left\\"].arn}"}
"""


def expanded(text: str, **values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    resources, outputs = without_loops(load_blueprint(HEAD + text), values)
    return {r.address: r for r in resources}, {o.name: o.value for o in outputs}


def test_every_instance_is_a_resource_and_references_follow() -> None:
    resources, outputs = expanded(NETWORK, zones=2)
    assert list(resources) == [
        "aws_vpc.main",
        "aws_subnet.app_0",
        "aws_subnet.app_1",
        "aws_sqs_queue.queue_left",
        "aws_sqs_queue.queue_right",
        "aws_db_subnet_group.main",
    ]
    second = resources["aws_subnet.app_1"].properties
    assert second["cidr_block"] == "10.0.1.0/24"
    assert second["availability_zone"] == Index(Ambient("availability_zones"), 1)
    assert second["tags"] == {"stage": VariableRef("stage")}
    assert resources["aws_sqs_queue.queue_left"].properties["name"] == "left-l"
    waits = resources["aws_sqs_queue.queue_left"].depends_on
    assert waits == ("aws_subnet.app_0", "aws_subnet.app_1")
    assert resources["aws_db_subnet_group.main"].properties["subnet_ids"] == [
        ResourceRef("aws_subnet.app_0", ("id",)),
        ResourceRef("aws_subnet.app_1", ("id",)),
    ]
    assert outputs == {
        "first": ResourceRef("aws_subnet.app_0", ("id",)),
        "how_many": 2,
        "left": ResourceRef("aws_sqs_queue.queue_left", ("arn",)),
    }


def test_how_many_there_are_has_to_be_known() -> None:
    bp = load_blueprint(HEAD + NETWORK)
    message = r"aws_subnet\.app\.count: .*var\.zones is not; give var\.zones a value"
    with pytest.raises(NotExpressible, match=message):
        generate(bp, "cloudformation", load_catalog())


def test_a_value_that_decides_is_written_in_and_said() -> None:
    bp = load_blueprint(HEAD + NETWORK)
    options = GenerateOptions(variables={"zones": 3, "stage": "production"})
    code = generate(bp, "cloudformation", load_catalog(), options)
    read = read_text(code.files["template.yaml"]).blueprint
    assert [r.address for r in read.resources if r.type == "aws_subnet"] == [
        "aws_subnet.app_0",
        "aws_subnet.app_1",
        "aws_subnet.app_2",
    ]
    # What decides nothing stays a parameter.
    assert [v.name for v in read.variables] == ["stage"]
    assert [n.path for n in code.warnings] == ["zones"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- {name: a, type: aws_vpc, count: -1, properties: {}}", "count"),
        ('- {name: a, type: aws_vpc, count: "${true}", properties: {}}', "count"),
        ("- {name: a, type: aws_vpc, count: 100000000, properties: {}}", "more than"),
        ('- {name: a, type: aws_vpc, count: 1, properties: {x: "${aws_vpc.a[7].id}"}}', "no such"),
        ('- {name: a, type: aws_vpc, count: 1, properties: {x: "${aws_vpc.a.id}"}}', "which"),
        ('- {name: a, type: aws_vpc, for_each: "${var.teams}", properties: {}}', "var.teams"),
    ],
)
def test_a_loop_that_cannot_be_written_out_is_refused(text: str, why: str) -> None:
    with pytest.raises(NotExpressible, match=why):
        expanded(f"resources:\n  {text}\n")


def test_a_name_that_is_taken_is_not_taken_twice() -> None:
    resources, _ = expanded(
        "resources:\n"
        "  - {name: a_0, type: aws_vpc, properties: {}}\n"
        "  - {name: a, type: aws_vpc, count: 1, properties: {}}\n"
        '  - {name: b, type: aws_vpc, for_each: "${{\\"x-y\\" = 1, x_y = 2}}", properties: {}}\n'
    )
    assert len(resources) == 4


def test_nothing_repeats_nothing() -> None:
    bp = Blueprint("web", "1.0.0", "aws")
    assert without_loops(bp, {}) == ((), ())


def test_a_subnet_of_a_network_of_the_blueprint_is_counted_from_its_written_length() -> None:
    resources, _ = expanded(
        "resources:\n"
        "  - {name: main, type: aws_vpc, properties: {cidr_block: 10.0.0.0/16}}\n"
        "  - name: app\n"
        "    type: aws_subnet\n"
        "    count: 2\n"
        '    properties: {cidr_block: "${cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)}"}\n'
    )
    assert print_expression(resources["aws_subnet.app_1"].properties["cidr_block"]) == (
        "cidrsubnet(aws_vpc.main.cidr_block, "
        '24 - tonumber(split("/", aws_vpc.main.cidr_block)[1]), 1)'
    )
