"""Resolution: variables in place, loops expanded, conditions decided, the unknown kept unknown."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from dharma.blueprint.resolution import resolve
from dharma.blueprint.source import load_blueprint
from dharma.core.errors import InvalidBlueprint, InvalidVariables, LimitExceeded
from dharma.model.blueprint import Blueprint, Resource, ResourceInstance
from dharma.model.expressions.nodes import (
    Ambient,
    Conditional,
    Index,
    ResourceRef,
    Splat,
    Template,
    Unknown,
    VariableRef,
    walk,
)
from dharma.model.expressions.parser import parse_template
from tests.unit.work import calls_of

HEAD = "apiVersion: dharma/v1\nkind: Blueprint\nname: web\nversion: 1.0.0\nprovider: aws\n"


def resolved(body: str, values: dict[str, Any] | None = None, **more: Any) -> Any:
    return resolve(load_blueprint(HEAD + body, "web.yaml"), values, **more)


def by_address(body: str, values: dict[str, Any] | None = None) -> dict[str, ResourceInstance]:
    return {r.address: r for r in resolved(body, values).resources}


def test_variables_are_put_in_place_and_the_missing_are_unknown() -> None:
    body = """\
variables:
- {name: environment, default: dev}
- {name: size, type: number}
resources:
- name: a
  type: t
  properties: {p: "${var.environment}-x", q: "${var.size}", r: "${var.size + 1}"}
"""
    result = resolved(body)
    assert result.resources[0].properties["p"] == "dev-x"
    assert result.resources[0].properties["q"] == Unknown("var.size has no value yet")
    assert resolved(body, {"size": "4"}).resources[0].properties == {"p": "dev-x", "q": 4, "r": 5}
    with pytest.raises(InvalidVariables, match=r"var\.size: no value is given"):
        resolved(body, strict=True)


def test_sensitive_variables_are_named() -> None:
    body = "variables: [{name: a, sensitive: true}, {name: b}]\nresources: []\n"
    assert resolved(body).sensitive == frozenset({"a"})


def test_loops_are_expanded_to_addressed_instances() -> None:
    found = by_address(
        """\
resources:
- {name: n, type: t, count: 2, properties: {i: "${count.index}"}}
- name: m
  type: t
  for_each: {b: {x: 1}, a: {x: 2}}
  properties: {k: "${each.key}", v: "${each.value.x}"}
- {name: s, type: t, for_each: '${toset(["y", "x"])}', properties: {k: "${each.value}"}}
- {name: none, type: t, count: 0}
"""
    )
    assert {address: r.properties for address, r in found.items()} == {
        "t.n[0]": {"i": 0},
        "t.n[1]": {"i": 1},
        't.m["a"]': {"k": "a", "v": 2},
        't.m["b"]': {"k": "b", "v": 1},
        't.s["x"]': {"k": "x"},
        't.s["y"]': {"k": "y"},
    }
    assert found["t.n[1]"].key == 1


def test_references_reach_the_instances_of_loops() -> None:
    found = by_address(
        """\
resources:
- {name: n, type: t, count: 2}
- {name: m, type: t, for_each: {a: 1, b: 2}}
- name: r
  type: t
  count: 2
  properties:
    one: ${t.n[count.index].id}
    all: ${t.n[*].id}
    list: '${[for x in t.n : x.id]}'
    map: '${{for k, x in t.m : k => x.id}}'
    values: ${values(t.m)[*].id}
    number: ${length(t.n)}
"""
    )

    def ref(name: str, key: int | str) -> ResourceRef:
        return ResourceRef(f"t.{name}", ("id",), key)

    assert found["t.r[1]"].properties == {
        "one": ref("n", 1),
        "all": [ref("n", 0), ref("n", 1)],
        "list": [ref("n", 0), ref("n", 1)],
        "map": {"a": ref("m", "a"), "b": ref("m", "b")},
        "values": [ref("m", "a"), ref("m", "b")],
        "number": 2,
    }


def test_a_condition_decides_and_what_is_absent_is_null() -> None:
    body = """\
variables: [{name: on, type: bool}]
resources:
- {name: c, type: t, condition: "${var.on}", properties: {p: 1}}
- {name: r, type: t, properties: {p: "${t.c.id}", q: "${t.c[0].id}"}, depends_on: [t.c]}
"""
    found = by_address(body, {"on": False})
    assert list(found) == ["t.r"]
    assert found["t.r"].properties == {"p": None, "q": None}
    assert found["t.r"].depends_on == ()
    found = by_address(body, {"on": True})
    assert found["t.c"].exists is True
    assert found["t.r"].properties == {"p": ResourceRef("t.c", ("id",)),
                                       "q": ResourceRef("t.c", ("id",))}  # fmt: skip
    assert by_address(body)["t.c"].exists is None


def test_a_loop_of_unknown_length_is_one_uncertain_resource() -> None:
    found = by_address(
        """\
variables: [{name: n, type: number}]
resources:
- {name: a, type: t, count: "${var.n}", properties: {p: "x-${count.index}", q: 1}}
- {name: b, type: t, properties: {p: "${t.a[*].id}"}}
"""
    )
    assert found["t.a"].exists is None
    assert found["t.a"].properties["q"] == 1
    assert isinstance(found["t.a"].properties["p"], Template)
    assert found["t.b"].properties["p"] == Splat(ResourceRef("t.a"), ("id",))


def test_written_properties_of_others_become_their_values() -> None:
    found = by_address(
        """\
resources:
- name: r
  type: t
  properties:
    cidr: ${cidrsubnet(t.v.cidr, 8, 3)}
    same: ${t.v.cidr}
    deep: ${t.v.tags.a}
    text: ${t.v.name}-x
    name: ${t.v.name}
    id: ${t.v.id}
    chain: ${t.w.cidr}
- {name: v, type: t, properties: {cidr: 10.0.0.0/16, name: main, tags: {a: b}}}
- {name: w, type: t, properties: {cidr: "${t.v.cidr}"}}
"""
    )
    assert found["t.r"].properties == {
        "cidr": "10.0.3.0/24",
        "same": "10.0.0.0/16",
        "deep": "b",
        "text": "main-x",
        # A name alone says which resource is meant, so it stays a reference.
        "name": ResourceRef("t.v", ("name",)),
        "id": ResourceRef("t.v", ("id",)),
        "chain": "10.0.0.0/16",
    }
    assert list(found) == ["t.r", "t.v", "t.w"]


def test_the_place_of_deployment_is_used_as_far_as_it_is_known() -> None:
    body = """\
resources:
- name: r
  type: t
  properties:
    region: ${data.aws_region.current.name}
    zone: ${data.aws_availability_zones.available.names[0]}
"""
    assert resolved(body, region="eu-west-1").resources[0].properties == {
        "region": "eu-west-1",
        "zone": Index(Ambient("availability_zones"), 0),
    }
    known = {"availability_zones": ["a", "b"]}
    assert resolved(body, ambient=known).resources[0].properties["zone"] == "a"


def test_partly_known_expressions_keep_their_known_part() -> None:
    body = """\
variables: [{name: u, type: bool}]
resources:
- {name: r, type: t, properties: {p: "${var.u ? 1 + 1 : 3}", q: "${false && var.u}"}}
"""
    properties = resolved(body).resources[0].properties
    assert properties["p"] == Conditional(Unknown("var.u has no value yet"), 2, 3)
    assert properties["q"] is False


def test_outputs_are_resolved_and_conditional_ones_left_out() -> None:
    body = """\
variables: [{name: on, type: bool, default: false}]
resources: [{name: r, type: t, properties: {p: 1}}]
outputs:
- {name: a, value: "${t.r.p + 1}"}
- {name: b, value: "${t.r.id}"}
- {name: c, value: 1, condition: "${var.on}"}
"""
    assert resolved(body).outputs == {"a": 2, "b": ResourceRef("t.r", ("id",))}


def test_everything_without_a_value_is_reported_with_its_line() -> None:
    with pytest.raises(InvalidBlueprint) as caught:
        resolved(
            """\
resources:
- name: a
  type: t
  properties:
    p: ${1 / 0}
    q: [1, '${upper([])}']
- {name: b, type: t, count: "${-1}"}
outputs:
- {name: o, value: "${[][1]}"}
"""
        )
    assert [str(f) for f in caught.value.faults] == [
        "web.yaml:10:8: resources.t.a.properties.p: division by zero",
        "web.yaml:11:12: resources.t.a.properties.q[1]: a string is needed, not a list",
        "web.yaml:12:29: resources.t.b.count: a count is not negative: -1",
        "web.yaml:14:3: outputs.o: there is no item 1 in a list of 0",
    ]


def test_cyclic_references_stay_references() -> None:
    found = by_address(
        'resources:\n- {name: a, type: t, properties: {p: "${t.b.p}"}}\n'
        '- {name: b, type: t, properties: {p: "${t.a.p}", q: "${t.b.r}", r: 1}}\n'
    )
    assert found["t.a"].properties["p"] == ResourceRef("t.b", ("p",))


def test_loops_have_limits() -> None:
    with pytest.raises(LimitExceeded, match="more than 10000 instances"):
        resolve(Blueprint("a", "1.0.0", "aws", resources=(Resource("t", "a", count=10_001),)))
    many = tuple(Resource("t", f"r{n}", count=10_000) for n in range(6))
    with pytest.raises(LimitExceeded, match="more than 50000 resources"):
        resolve(Blueprint("a", "1.0.0", "aws", resources=many))


def doubling(count: int) -> Blueprint:
    resources = [Resource("t", "r0", {"p": ["x"], "q": "xx"})]
    for n in range(1, count):
        ref = ResourceRef(f"t.r{n - 1}", ("p",))
        text = parse_template(f"${{t.r{n - 1}.q}}${{t.r{n - 1}.q}}")
        resources.append(
            Resource("t", f"r{n}", {"p": [ref, ref], "q": text if n < 15 else VariableRef("x")})
        )
    return Blueprint("a", "1.0.0", "aws", resources=tuple(resources))


def test_values_that_double_along_a_chain_stay_small() -> None:
    result = resolve(doubling(200))
    assert len(result.resources) == 200
    for made in result.resources:
        assert sum(1 for _ in islice(walk(made.properties["p"]), 3000)) < 3000


def test_the_work_of_a_doubling_chain_grows_with_its_length_alone() -> None:
    def calls(count: int) -> int:
        blueprint = doubling(count)
        return calls_of(lambda: resolve(blueprint))

    # Texts are cut off where they grow; from there each further link costs the same.
    hundred, three, five = calls(100), calls(300), calls(500)
    assert five - three <= 1.05 * (three - hundred)


def test_a_chain_of_ten_thousand_references_is_followed() -> None:
    resources = [Resource("t", "r0", {"p": 7})]
    resources += [
        Resource("t", f"r{n}", {"p": ResourceRef(f"t.r{n - 1}", ("p",))}) for n in range(1, 10_000)
    ]
    result = resolve(Blueprint("a", "1.0.0", "aws", resources=tuple(reversed(resources))))
    assert result.resources[0].properties == {"p": 7}


def test_a_limit_is_told_with_its_place() -> None:
    blueprint = load_blueprint(
        "apiVersion: dharma/v1\nkind: Blueprint\nname: w\nversion: 1.0.0\nprovider: aws\n"
        "resources:\n- name: q\n  type: aws_sqs_queue\n  properties:\n"
        "    name: '${join(\"\", flatten(setproduct(range(1000), range(1000))))}'\n",
        "w.yaml",
    )
    with pytest.raises(LimitExceeded, match=r"w\.yaml:10:11: resources\.aws_sqs_queue\.q\.prop"):
        resolve(blueprint)
