"""What changed, how much it weighs, and which version it asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.proposal import Proposal, propose, weigh
from dharma.catalog import load_catalog
from dharma.model.blueprint import Blueprint, Lifecycle, Output, Resource, Variable
from dharma.model.expressions.nodes import Value
from dharma.model.expressions.parser import parse_template

CATALOG = load_catalog()
QUEUE = Resource("aws_sqs_queue", "jobs", {"name": "jobs", "delay_seconds": 5})
VPC = Resource("aws_vpc", "main", {"cidr_block": "10.0.0.0/16"})
ZONE = Resource("aws_subnet", "zone", {"vpc_id": "v", "cidr_block": "10.0.0.0/24"})
BASE = Blueprint(
    "web",
    "1.2.3",
    "aws",
    variables=(Variable("size", default="small", allowed=("small", "large")),),
    resources=(QUEUE, VPC, ZONE),
    outputs=(Output("queue", "x"),),
)


def resources(*changed: Resource) -> dict[str, Any]:
    kept = {resource.address: resource for resource in (QUEUE, VPC, ZONE)}
    return {"resources": tuple({**kept, **{r.address: r for r in changed}}.values())}


def properties(resource: Resource, **more: Any) -> dict[str, Any]:
    return resources(replace(resource, properties={**resource.properties, **more}))


def size(**more: Any) -> dict[str, Any]:
    return {"variables": (replace(BASE.variables[0], **more),)}


@pytest.mark.parametrize(
    ("change", "version"),
    [
        ({}, "1.2.3"),
        ({"version": "9.9.9"}, "1.2.3"),
        ({"description": "said better"}, "1.2.4"),
        (properties(QUEUE, delay_seconds=6), "1.2.4"),
        (properties(QUEUE, delay_seconds=None), "1.2.4"),
        (properties(VPC, enable_dns_hostnames=True), "1.2.4"),
        (resources(replace(QUEUE, lifecycle=Lifecycle(prevent_destroy=True))), "1.2.4"),
        (size(description="of the machine"), "1.2.4"),
        (size(default="large"), "1.2.4"),
        ({"outputs": (Output("queue", "y"),)}, "1.2.4"),
        ({**resources(Resource("aws_sqs_queue", "more"))}, "1.3.0"),
        ({"variables": (*BASE.variables, Variable("b", default="x"))}, "1.3.0"),
        ({"outputs": (*BASE.outputs, Output("b", "x"))}, "1.3.0"),
        (size(allowed=("small", "large", "huge")), "1.2.4"),
        (size(allowed=()), "1.2.4"),
        (size(allowed=("small",)), "2.0.0"),
        (size(type="number", default=1, allowed=()), "2.0.0"),
        (size(pattern="s.*"), "2.0.0"),
        (size(required=True, default=None), "2.0.0"),
        ({"variables": (*BASE.variables, Variable("b", required=True))}, "2.0.0"),
        ({"variables": ()}, "2.0.0"),
        ({"resources": (QUEUE, VPC)}, "2.0.0"),
        ({"outputs": ()}, "2.0.0"),
        (properties(QUEUE, name="work"), "2.0.0"),
        (properties(VPC, cidr_block="10.1.0.0/16"), "2.0.0"),
        (properties(QUEUE, fifo_queue=True), "2.0.0"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_change_asks_for_a_version(change: dict[str, Any], version: str) -> None:
    assert propose(BASE, replace(BASE, **change), CATALOG).version == version


def test_a_resource_under_another_name_is_removed_and_added() -> None:
    after = replace(BASE, resources=(replace(QUEUE, name="work"), VPC, ZONE))
    assert [str(reason) for reason in weigh(BASE, after, CATALOG)] == [
        "aws_sqs_queue.jobs: removed",
        "aws_sqs_queue.work: added",
    ]


def test_the_default_of_an_immutable_property_written_out_replaces_nothing() -> None:
    assert CATALOG.kind("aws_vpc").properties["instance_tenancy"].immutable  # type: ignore[union-attr]
    default = replace(BASE, **properties(VPC, instance_tenancy="default"))
    assert propose(BASE, default, CATALOG).version == "1.2.4"
    assert propose(default, BASE, CATALOG).version == "1.2.4"
    dedicated = replace(BASE, **properties(VPC, instance_tenancy="dedicated"))
    assert propose(default, dedicated, CATALOG).version == "2.0.0"


EACH = parse_template("${var.zones}")


@pytest.mark.parametrize(
    ("before", "after", "version", "message"),
    [
        ({"count": 2}, {"count": 3}, "1.3.0", "adds [2]"),
        ({"count": 3}, {"count": 1}, "2.0.0", "removes [1], [2]"),
        ({}, {"count": 1}, "2.0.0", "its instances get other addresses"),
        ({"count": 2}, {"count": EACH}, "2.0.0", "instances may no longer exist"),
        ({"for_each": {"a": 1}}, {"for_each": {"a": 1, "b": 2}}, "1.3.0", 'adds ["b"]'),
        ({"for_each": {"a": 1, "b": 2}}, {"for_each": {"b": 2}}, "2.0.0", 'removes ["a"]'),
        ({"for_each": {"a": 1}}, {"for_each": {"a": 2}}, "1.2.4", "changed"),
        ({"for_each": ["a", "b"]}, {"for_each": ["b", "a"]}, "1.2.4", "changed"),
        ({"for_each": ["a"]}, {"for_each": ["b"]}, "2.0.0", 'removes ["a"]'),
        ({}, {"condition": EACH}, "2.0.0", "may no longer exist"),
        ({"condition": EACH}, {}, "1.3.0", "exists always now"),
    ],
    ids=str,
)
def test_instances_that_come_and_go_count(
    before: dict[str, Value], after: dict[str, Value], version: str, message: str
) -> None:
    old = replace(BASE, **resources(replace(ZONE, **before)))  # type: ignore[arg-type]
    new = replace(BASE, **resources(replace(ZONE, **after)))  # type: ignore[arg-type]
    proposal = propose(old, new, CATALOG)
    assert (proposal.version, proposal.reasons[0].message) == (version, message)


def test_the_reasons_name_what_weighs_most_first() -> None:
    changed = properties(VPC, cidr_block="10.1.0.0/16", enable_dns_support=False)
    found = propose(BASE, replace(BASE, description="new", **changed), CATALOG)
    assert (found.previous, found.step) == ("1.2.3", "major")
    assert [reason.to_dict() for reason in found.reasons] == [
        {
            "step": "major",
            "subject": "aws_vpc.main",
            "path": "cidr_block",
            "message": "forces replacement",
        },
        {"step": "patch", "subject": "", "path": "description", "message": "changed"},
        {
            "step": "patch",
            "subject": "aws_vpc.main",
            "path": "enable_dns_support",
            "message": "changed",
        },
    ]


def test_no_reason_shows_a_secret() -> None:
    secret = Variable("key", default="hunter2-hunter2", sensitive=True)
    before = replace(BASE, variables=(secret,))
    after = replace(BASE, variables=(replace(secret, default="hunter3-hunter3"),))
    found = propose(before, after, CATALOG)
    assert found.version == "1.2.4"
    assert "hunter" not in str([reason.to_dict() for reason in found.reasons])


def test_the_first_release_is_called_as_it_says() -> None:
    assert propose(None, BASE, CATALOG) == Proposal("1.2.3", None, None)
    early = replace(BASE, version="1.0.0-rc.2")
    assert propose(None, early, CATALOG).version == "1.0.0"


@pytest.mark.parametrize(
    ("previous", "version", "enough"),
    [
        ("1.2.3", "1.3.0", False),
        ("1.2.3", "1.99.0", False),
        ("1.2.3", "2.0.0-rc.1", True),
        ("1.2.3", "2.0.0", True),
        ("1.2.3", "3.1.0", True),
        ("0.2.3", "0.2.4", True),
        (None, "0.0.1", True),
    ],
)
def test_a_version_suffices_or_not(previous: str | None, version: str, enough: bool) -> None:
    assert Proposal("2.0.0", previous, "major").suffices(version) is enough


_resources = st.lists(
    st.builds(
        lambda kind, name, properties, count: Resource(kind, name, properties, count=count),
        st.sampled_from(["aws_sqs_queue", "aws_vpc", "azurerm_thing"]),
        st.sampled_from(["a", "b"]),
        st.dictionaries(
            st.sampled_from(["name", "cidr_block", "tags", "a.b"]),
            st.sampled_from(["x", "y", {"k.l": "v"}, ["m"], EACH]),
        ),
        st.sampled_from([None, 0, 2, EACH]),
    ),
    max_size=3,
    unique_by=lambda resource: resource.address,
).map(tuple)
_blueprints = st.builds(lambda r: replace(BASE, resources=r), _resources)


@settings(max_examples=100, deadline=None)
@given(before=_blueprints, after=_blueprints)
def test_a_proposal_is_there_for_any_change_and_suffices_for_itself(
    before: Blueprint, after: Blueprint
) -> None:
    proposal = propose(before, after, CATALOG)
    assert proposal.suffices(proposal.version)
    assert (proposal.step is None) == (before == after)
    assert not weigh(after, after, CATALOG)
