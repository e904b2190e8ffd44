"""The dependency graph: order, cycles, and time that grows with its size only."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.graph import Graph, dependency_graph
from dharma.model.blueprint import Resource, ResourceInstance
from dharma.model.expressions.nodes import ResourceRef, Symbol


def test_edges_come_from_references_loops_and_depends_on() -> None:
    graph = dependency_graph(
        [
            Resource("t", "a", {"p": {"q": [ResourceRef("t.b", ("id",))]}}),
            Resource("t", "b", condition=ResourceRef("t.c", ("on",))),
            Resource("t", "c", depends_on=("t.d",), native={"x": {"y": ResourceRef("t.e")}}),
            Resource("t", "d", {"p": ResourceRef("t.elsewhere", ("id",))}),
            Resource("t", "e", {"p": ResourceRef("t.d", (), Symbol(("count", "index")))}),
        ]
    )
    assert graph.edges == {
        "t.a": ("t.b",),
        "t.b": ("t.c",),
        "t.c": ("t.d", "t.e"),
        "t.d": (),
        "t.e": ("t.d",),
    }
    assert graph.order() == ["t.d", "t.e", "t.c", "t.b", "t.a"]
    assert graph.cycles() == []


def test_a_cycle_is_named_with_its_members() -> None:
    graph = Graph({"a": ("b",), "b": ("c", "x"), "c": ("a",), "d": ("d",), "x": ()})
    assert graph.components() == [["a", "b", "c"], ["d"]]
    assert graph.cycles() == [["a", "b", "c", "a"], ["d", "d"]]


def test_the_shortest_way_round_is_shown() -> None:
    graph = Graph({"a": ("b", "c"), "b": ("c",), "c": ("a",)})
    assert graph.cycles() == [["a", "c", "a"]]


def test_references_to_instances_are_edges_to_these_only() -> None:
    def instance(name: str, key: int | None, *refs: ResourceRef) -> ResourceInstance:
        address = f"t.{name}" if key is None else f"t.{name}[{key}]"
        return ResourceInstance(address, "t", name, {"p": list(refs)}, key)

    graph = dependency_graph(
        [
            instance("s", 0),
            instance("s", 1),
            instance("one", None, ResourceRef("t.s", ("id",), 1)),
            instance("all", None, ResourceRef("t.s")),
        ]
    )
    assert graph.edges["t.one"] == ("t.s[1]",)
    assert graph.edges["t.all"] == ("t.s[0]", "t.s[1]")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40))
def test_everything_comes_behind_what_it_needs_unless_there_is_a_cycle(
    pairs: list[tuple[int, int]],
) -> None:
    edges: dict[str, tuple[str, ...]] = {f"n{n}": () for n in range(12)}
    for a, b in pairs:
        edges[f"n{a}"] = (
            (*edges[f"n{a}"], f"n{b}") if f"n{b}" not in edges[f"n{a}"] else edges[f"n{a}"]
        )
    graph = Graph(edges)
    cyclic = {member for members in graph.components() for member in members}
    order = {address: position for position, address in enumerate(graph.order())}
    assert sorted(order) == sorted(edges)
    reach_cycle = set(cyclic)
    changed = True
    while changed:
        changed = False
        for address, needs in edges.items():
            if address not in reach_cycle and any(n in reach_cycle for n in needs):
                reach_cycle.add(address)
                changed = True
    for address, needs in edges.items():
        if address not in reach_cycle:
            assert all(order[need] < order[address] for need in needs)
    for way in graph.cycles():
        assert way[0] == way[-1]
        assert all(b in edges[a] for a, b in pairwise(way))


def test_a_chain_of_ten_thousand_resources_is_ordered_without_recursion() -> None:
    count = 10_000
    resources = [
        Resource("t", f"r{n}", {"p": ResourceRef(f"t.r{n + 1}", ("id",))}) for n in range(count)
    ]
    graph = dependency_graph(resources)
    assert graph.order() == [f"t.r{n}" for n in reversed(range(count))]
    assert graph.cycles() == []
