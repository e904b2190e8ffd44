"""Blueprints of one cloud as proposals for another: what is carried, what is said of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.crosscloud import CrossCloud, ResourceReview, carry_over
from dharma.blueprint.crosscloud.equivalents import load_equivalents
from dharma.blueprint.crosscloud.paths import get_at, leaves
from dharma.blueprint.dump import dump_blueprint
from dharma.blueprint.source import load_blueprint
from dharma.blueprint.validation import validate
from dharma.catalog import load_catalog
from dharma.core.errors import InvalidInput
from dharma.generator import GenerateOptions, generate
from dharma.model.blueprint import Blueprint, Provider, Resource, Variable
from dharma.model.expressions.nodes import VariableRef, walk
from tests.unit.catalog.random_resources import RandomResources

CATALOG = load_catalog()
TABLE = load_equivalents()
ROOT = Path(__file__).parents[3]
SOURCES = [*sorted((ROOT / "examples").glob("**/*.yaml")), *sorted(ROOT.glob("templates/*/*.yaml"))]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)
KINDS = sorted({s.kind for c in TABLE.concepts.values() for s in c.sides.values()})


def load(text: str, provider: Provider = "aws") -> Blueprint:
    head = "apiVersion: dharma/v1\nkind: Blueprint\nname: web\nversion: 1.0.0"
    return load_blueprint(f"{head}\nprovider: {provider}\n{text}")


def review_of(found: CrossCloud, address: str) -> ResourceReview:
    return next(r for r in found.review.resources if r.address == address)


def resource(found: CrossCloud, address: str) -> Resource:
    return next(r for r in found.blueprint.resources if r.address == address)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_every_example_becomes_a_valid_blueprint_that_code_is_written_from(path: Path) -> None:
    source = load_blueprint(path.read_bytes(), path.name)
    for target in PROVIDERS:
        if target == source.provider:
            continue
        found = carry_over(source, target, CATALOG)
        assert validate(found.blueprint, CATALOG) == []
        again = load_blueprint(dump_blueprint(found.blueprint))
        assert again == found.blueprint
        assert {r.address for r in found.review.resources} == {r.address for r in source.resources}
        if found.blueprint.resources:
            code = generate(again, "terraform", CATALOG, GenerateOptions())
            assert code.files


def test_references_go_to_the_counterparts_by_the_attribute_that_they_name_there() -> None:
    source = load("""
resources:
  - {name: main, type: aws_vpc, properties: {cidr_block: 10.0.0.0/16}}
  - name: app
    type: aws_subnet
    count: 2
    properties:
      vpc_id: ${aws_vpc.main.id}
      cidr_block: ${cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)}
outputs:
  - {name: subnets, value: "${aws_subnet.app[*].id}"}
""")
    gcp = carry_over(source, "gcp", CATALOG)
    assert "network: ${google_compute_network.main.id}" in dump_blueprint(gcp.blueprint)
    assert "value: ${google_compute_subnetwork.app[*].id}" in dump_blueprint(gcp.blueprint)
    lost = review_of(gcp, "aws_subnet.app").dropped
    assert ("cidr_block", "cidr_block of it has no counterpart there") in lost
    azure = dump_blueprint(carry_over(source, "azure", CATALOG).blueprint)
    assert "virtual_network_name: ${azurerm_virtual_network.main.name}" in azure


def test_what_is_wanted_and_not_known_becomes_a_variable_that_has_to_be_given() -> None:
    source = load("""
variables: [{name: size, type: string, default: t3.micro, allowed: [t3.micro, m5.large]}]
resources:
  - {name: web, type: aws_instance, properties: {instance_type: "${var.size}", ami: ami-1}}
""")
    found = carry_over(source, "azure", CATALOG)
    variables = {v.name: v for v in found.blueprint.variables}
    assert variables["size"].default == "Standard_B2s"
    assert variables["size"].allowed == ("Standard_B2s", "Standard_D2s_v5")
    needed = dict(review_of(found, "aws_instance.web").needed)
    assert needed["var.web_source_image_id"] == "images are each cloud's own"
    assert variables["web_source_image_id"].required
    assert validate(found.blueprint, CATALOG) == []


def test_a_variable_in_two_senses_becomes_two() -> None:
    source = load("""
variables: [{name: size, type: string, default: t3.micro}]
resources:
  - name: web
    type: aws_instance
    properties: {instance_type: "${var.size}", ami: ami-1, tags: {size: "${var.size}"}}
""")
    found = carry_over(source, "gcp", CATALOG)
    defaults = {v.name: v.default for v in found.blueprint.variables}
    assert (defaults["size"], defaults["size_2"]) == ("t3.micro", "e2-micro")
    assert resource(found, "google_compute_instance.web").properties["machine_type"] == VariableRef(
        "size_2"
    )


GROUP = """
resources:
  - {name: main, type: aws_vpc, properties: {cidr_block: 10.0.0.0/16}}
  - name: edge
    type: aws_security_group
    properties:
      vpc_id: ${aws_vpc.main.id}
      ingress: [{protocol: tcp, from_port: 443, to_port: 443, cidr_ipv4: 0.0.0.0/0}]
  - name: web
    type: aws_security_group
    properties:
      vpc_id: ${aws_vpc.main.id}
      ingress:
        - protocol: tcp
          from_port: 8080
          to_port: 8090
          source_security_group_id: ${aws_security_group.edge.id}
      egress:
        - {protocol: "-1", cidr_ipv4: 0.0.0.0/0}
  - name: web
    type: aws_instance
    properties:
      ami: ami-1
      instance_type: t3.micro
      vpc_security_group_ids: ["${aws_security_group.web.id}"]
"""


def test_a_group_that_lets_nothing_out_lets_nothing_out_elsewhere() -> None:
    gcp = carry_over(load(GROUP), "gcp", CATALOG)
    closed = resource(gcp, "google_compute_firewall.edge_closed").properties
    assert (closed["direction"], closed["deny"]) == ("EGRESS", [{"protocol": "all"}])
    assert "google_compute_firewall.web_closed" not in {r.address for r in gcp.blueprint.resources}
    azure = carry_over(load(GROUP), "azure", CATALOG)
    rules: Any = resource(azure, "azurerm_network_security_group.edge").properties["security_rule"]
    denied = [(r["direction"], r["priority"]) for r in rules if r["access"] == "Deny"]
    assert denied == [("Inbound", 4096), ("Outbound", 4096)]


def test_machines_find_their_rules_by_tags_and_back() -> None:
    gcp = carry_over(load(GROUP), "gcp", CATALOG)
    assert resource(gcp, "google_compute_instance.web").properties["tags"] == ["web"]
    rule = resource(gcp, "google_compute_firewall.web_in_tag").properties
    assert (rule["source_tags"], rule["target_tags"]) == (["edge"], ["web"])
    assert rule["allow"] == [{"protocol": "tcp", "ports": ["8080-8090"]}]
    back = carry_over(gcp.blueprint, "aws", CATALOG)
    web = next(
        r
        for r in back.blueprint.resources
        if r.type == "aws_security_group" and r.name.startswith("web")
    )
    assert web.properties["egress"] == [{"protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}]
    (inward,) = web.properties["ingress"]  # type: ignore[misc]
    assert (inward["from_port"], inward["to_port"]) == (8080, 8090)  # type: ignore[index]
    assert "aws_security_group.edge" in dump_blueprint(back.blueprint)


def test_a_rule_that_denies_is_said_to_be_left_out() -> None:
    source = load(
        """
resources:
  - {name: main, type: google_compute_network, properties: {name: main}}
  - name: bad
    type: google_compute_firewall
    properties:
      name: bad
      network: ${google_compute_network.main.id}
      deny: [{protocol: tcp, ports: ["22"]}]
      source_ranges: [0.0.0.0/0]
      target_tags: [web]
""",
        "gcp",
    )
    found = carry_over(source, "aws", CATALOG)
    assert ("deny", "a rule that denies is not carried") in review_of(
        found, "google_compute_firewall.bad"
    ).dropped


def test_the_region_is_the_one_nearby() -> None:
    source = load("resources: [{name: jobs, type: aws_sqs_queue}]")
    assert carry_over(source, "gcp", CATALOG, "eu-central-1").review.region == "europe-west3"
    azure = load(
        """
resources:
  - {name: main, type: azurerm_resource_group, properties: {name: a, location: northeurope}}
""",
        "azure",
    )
    assert carry_over(azure, "aws", CATALOG).review.region == "eu-west-1"


def test_kinds_without_counterpart_say_why_and_what_names_them_is_left_out() -> None:
    source = load("""
resources:
  - name: orders
    type: aws_dynamodb_table
    properties: {hash_key: id, attribute: [{name: id, type: S}]}
  - {name: x, type: aws_glue_job, properties: {a: b}}
outputs: [{name: table, value: "${aws_dynamodb_table.orders.arn}"}]
""")
    found = carry_over(source, "gcp", CATALOG)
    assert review_of(found, "aws_dynamodb_table.orders").status == "none"
    assert "DynamoDB" in str(review_of(found, "aws_dynamodb_table.orders").reason)
    assert review_of(found, "aws_glue_job.x").reason is not None
    assert found.blueprint.outputs == ()
    assert any(subject == "output.table" for subject, _ in found.review.notes)


def test_the_proposal_is_marked_for_review() -> None:
    found = carry_over(load("resources: [{name: jobs, type: aws_sqs_queue}]"), "gcp", CATALOG)
    assert found.review.needs_review
    assert found.blueprint.metadata["tags"] == ["needs-review"]
    assert "review before use" in str(found.blueprint.description)


def test_to_its_own_cloud_nothing_is_carried() -> None:
    with pytest.raises(InvalidInput, match="already"):
        carry_over(load("resources: [{name: jobs, type: aws_sqs_queue}]"), "aws", CATALOG)


# -- for any resource of any kind in the table


def _blueprint(kind: str, seed: int) -> Blueprint:
    found = CATALOG.kind(kind)
    assert found is not None
    resources = RandomResources(seed, ("terraform",), CATALOG).make(found)
    names = {
        node.name
        for r in resources
        for value in (dict(r.properties), r.count, r.for_each, r.condition)
        for node in walk(value)
        if isinstance(node, VariableRef)
    }
    variables = tuple(Variable(name, type="any") for name in sorted(names))
    return Blueprint(
        "any", "1.0.0", found.provider, variables=variables, resources=tuple(resources)
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_resource_vanishes_without_a_word(kind: str) -> None:
    @settings(max_examples=25, deadline=None, database=None)
    @given(seed=st.integers(0, 2**32))
    def check(seed: int) -> None:
        source = _blueprint(kind, seed)
        for target in PROVIDERS:
            if target == source.provider:
                continue
            found = carry_over(source, target, CATALOG)
            dump_blueprint(found.blueprint)
            for original in source.resources:
                _account_for(original, review_of(found, original.address))

    check()


def _account_for(original: Resource, review: ResourceReview) -> None:
    """Every value is reported, or says what silence or an addition of ours says."""
    if review.status == "none" or review.reason is not None:
        return
    kind = CATALOG.kind(original.type)
    assert kind is not None
    said = [path for path, *_ in [*review.carried, *review.approximated, *review.dropped]]
    sides = [side for _, side in TABLE.concepts_of(original.type)]
    silent = {str(p): a.value for side in sides for p, a in side.adds.items()}
    silent |= {str(p): v for side in sides for p, v in side.sets.items()}
    placement = {"resource_group_name", "location", "region", "zone", "project"}
    links = {str(p.member) for side in sides for p in side.parts if p.member}
    names = {str(side.name) for side in sides if side.name}
    together = {
        str(place)
        for concept, side in TABLE.concepts_of(original.type)
        for carried in concept.carries
        for end in [carried.ends.get(side.provider)]
        if end is not None
        for place in (*end.together, *end.adds)
    }
    rules = {name for side in sides for name in side.rules}
    for steps, value in leaves(original.properties):
        path = ".".join(map(str, steps))
        if steps[0] in placement or steps[0] in rules or path in together:
            continue
        declared = kind.property_at(tuple(s for s in steps if isinstance(s, str)))
        if declared is not None and declared.default == value:
            continue
        if silent.get(path) == value or path in names or any(path.startswith(x) for x in links):
            continue
        assert any(path == p or path.startswith(f"{p}.") for p in said), path


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_carried_comes_back_as_it_was(kind: str) -> None:
    """There and back: a property that both reports call carried has its value again."""

    @settings(max_examples=25, deadline=None, database=None)
    @given(seed=st.integers(0, 2**32))
    def check(seed: int) -> None:
        source = _blueprint(kind, seed)
        original = source.resources[0]
        for target in PROVIDERS:
            if target == source.provider:
                continue
            there = carry_over(source, target, CATALOG)
            review = review_of(there, original.address)
            if review.status == "none" or original.type == "google_compute_firewall":
                continue
            back = carry_over(there.blueprint, source.provider, CATALOG)
            returned = next(
                (r for r in back.blueprint.resources if r.address == original.address), None
            )
            if returned is None:
                continue
            again = {
                b
                for r in back.review.resources
                if original.address in r.counterparts
                for _, b in r.carried
            }
            for path, _ in review.carried:
                if path not in again or ":" in path or path in _NOT_BY_VALUE:
                    continue
                steps = tuple(int(s) if s.isdigit() else s for s in path.split("."))
                before, after = (
                    get_at(original.properties, steps),
                    get_at(returned.properties, steps),
                )
                assert _comparable(after) == _comparable(before), path

    check()


# References name the counterpart's counterpart, whose name may have changed with it; rules of
# groups are compared by what they let through, above.
_NOT_BY_VALUE = frozenset({"ingress", "egress", "security_rule", "allow"})


def _comparable(value: Any) -> Any:
    from dharma.model.expressions.nodes import Expression, ResourceRef

    if any(isinstance(node, ResourceRef | Expression) for node in walk(value)):
        return "an expression"
    if isinstance(value, list) and len(value) == 1:
        return _comparable(value[0])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value
