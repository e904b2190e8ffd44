"""Cycles among main parts."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from dharma.catalog import detachable, load_catalog
from dharma.catalog.placement import cyclic_components

CATALOG = load_catalog()
GRAPHS = st.dictionaries(
    st.sampled_from("abcdefg"), st.sets(st.sampled_from("abcdefg"), max_size=3), max_size=7
)


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [t for t in graph[start] if t in graph]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(t for t in graph[node] if t in graph)
    return seen


@given(GRAPHS)
def test_a_node_is_in_a_cyclic_component_when_it_reaches_itself(graph: dict[str, set[str]]) -> None:
    members = [m for component in cyclic_components(graph) for m in component]
    assert sorted(members) == sorted(node for node in graph if node in reachable(graph, node))


@given(GRAPHS, st.integers())
def test_components_are_those_that_reach_each_other(graph: dict[str, set[str]], seed: int) -> None:
    order = random.Random(seed).sample(sorted(graph), len(graph))
    for component in cyclic_components({node: graph[node] for node in order}):
        first = component[0]
        mutual = {n for n in reachable(graph, first) if first in reachable(graph, n)}
        assert set(component) == mutual


def test_a_long_chain_needs_no_recursion() -> None:
    size = 20_000
    graph = {str(i): {str((i + 1) % size)} for i in range(size)}
    (component,) = cyclic_components(graph)
    assert len(component) == size


def test_what_can_stand_apart_never_closes_a_cycle() -> None:
    bucket, group = CATALOG.kind("aws_s3_bucket"), CATALOG.kind("aws_security_group")
    assert bucket is not None
    assert group is not None
    assert detachable(bucket.mappings["cloudformation"]) == {"policy"}
    assert "versioning" in detachable(bucket.mappings["terraform"])
    assert detachable(group.mappings["terraform"]) == {"ingress", "egress"}
