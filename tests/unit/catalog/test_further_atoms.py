"""Sets that the main part says whole, and of which Terraform has resources for further elements."""

from __future__ import annotations

import pytest

from dharma.catalog import Document, Part, load_catalog, read
from dharma.catalog.document import Note
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Call,
    Conditional,
    ResourceRef,
    Symbol,
    Unknown,
    Value,
    VariableRef,
)

CATALOG = load_catalog()
TARGET = ResourceRef("aws_lb_target_group.web", ("arn",))
FLAG = VariableRef("flag")


def group(**arguments: Value) -> Part:
    kind = "aws_autoscaling_group"
    return Part(f"{kind}.web", kind, {"min_size": 1, "max_size": 2, **arguments})


def attachment(kind: str = "aws_autoscaling_attachment", **arguments: Value) -> Part:
    owner = ResourceRef("aws_autoscaling_group.web", ("name",))
    return Part(f"{kind}.a", kind, {"autoscaling_group_name": owner, **arguments})


def read_group(*parts: Part, doubts: bool = False) -> tuple[Resource, list[Resource], list[Note]]:
    found, notes = read(Document("terraform", list(parts), doubts=doubts), CATALOG)
    return found[0], found[1:], notes


def test_an_attachment_adds_to_the_set_that_its_form_is_about() -> None:
    elb = ResourceRef("aws_elb.old", ("name",))
    owner, others, notes = read_group(
        group(target_group_arns=["arn:x"]),
        attachment(lb_target_group_arn=TARGET),
        Part(
            "aws_autoscaling_attachment.b",
            "aws_autoscaling_attachment",
            attachment(elb=elb).arguments,
        ),
    )
    assert owner.properties["target_group_arns"] == ["arn:x", TARGET]
    assert owner.properties["load_balancers"] == [elb]
    assert (others, notes) == ([], [])


@pytest.mark.parametrize(
    ("type", "name"), [("elbv2", "target_group_arns"), ("elb", "load_balancers")]
)
def test_a_source_of_traffic_is_what_its_type_says(type: str, name: str) -> None:
    source: Value = [{"type": type, "identifier": TARGET}]
    owner, others, notes = read_group(
        group(), attachment("aws_autoscaling_traffic_source_attachment", traffic_source=source)
    )
    assert owner.properties[name] == [TARGET]
    assert (others, notes) == ([], [])


def test_a_source_of_another_type_stays_by_itself() -> None:
    source: Value = [{"type": "vpc-lattice", "identifier": TARGET}]
    _, others, _ = read_group(
        group(), attachment("aws_autoscaling_traffic_source_attachment", traffic_source=source)
    )
    assert [r.type for r in others] == ["aws_autoscaling_traffic_source_attachment"]


def test_the_condition_of_an_attachment_is_that_of_its_element() -> None:
    part = attachment(lb_target_group_arn=TARGET)
    part.condition = FLAG
    owner, _, _ = read_group(group(target_group_arns=["arn:x"]), part)
    assert owner.properties["target_group_arns"] == ["arn:x", Conditional(FLAG, TARGET, None)]


def test_one_attachment_for_each_element_of_a_list_adds_the_list() -> None:
    each = Call("toset", (VariableRef("arns"),))
    part = attachment(lb_target_group_arn=Symbol(("each", "value")))
    part.for_each = each
    owner, _, _ = read_group(group(target_group_arns=["arn:x"]), part)
    assert owner.properties["target_group_arns"] == Call("concat", (["arn:x"], VariableRef("arns")))


def test_beside_a_set_that_is_not_spelled_out_an_attachment_stays_by_itself() -> None:
    owner, others, notes = read_group(
        group(target_group_arns=VariableRef("arns")), attachment(lb_target_group_arn=TARGET)
    )
    assert owner.properties["target_group_arns"] == VariableRef("arns")
    assert [r.type for r in others] == ["aws_autoscaling_attachment"]
    (note,) = notes
    assert "does not spell out target_group_arns" in note.message


def test_where_code_is_judged_such_an_attachment_is_in_doubt() -> None:
    owner, _, _ = read_group(
        group(target_group_arns=VariableRef("arns")),
        attachment(lb_target_group_arn=TARGET),
        doubts=True,
    )
    found = owner.properties["target_group_arns"]
    assert isinstance(found, Call)
    (unknown,) = found.arguments[1]  # type: ignore[misc]
    assert isinstance(unknown, Unknown)


@pytest.mark.parametrize(
    ("owner", "association", "names"),
    [
        (
            "aws_vpc_endpoint",
            "aws_vpc_endpoint_route_table_association",
            ("vpc_endpoint_id", "route_table_id", "route_table_ids"),
        ),
        (
            "aws_vpc_endpoint",
            "aws_vpc_endpoint_subnet_association",
            ("vpc_endpoint_id", "subnet_id", "subnet_ids"),
        ),
        (
            "aws_vpc_endpoint",
            "aws_vpc_endpoint_security_group_association",
            ("vpc_endpoint_id", "security_group_id", "security_group_ids"),
        ),
        (
            "aws_network_interface",
            "aws_network_interface_sg_attachment",
            ("network_interface_id", "security_group_id", "security_groups"),
        ),
        ("aws_elb", "aws_elb_attachment", ("elb", "instance", "instances")),
    ],
)
def test_what_belongs_to_a_set_of_its_owner_is_read_into_it(
    owner: str, association: str, names: tuple[str, str, str]
) -> None:
    by, said, name = names
    main = Part(f"{owner}.o", owner, {})
    part = Part(
        f"{association}.a", association, {by: ResourceRef(f"{owner}.o", ("id",)), said: "x"}
    )
    found, notes = read(Document("terraform", [main, part]), CATALOG)
    assert [(r.type, r.properties[name]) for r in found] == [(owner, ["x"])]
    assert notes == []
