"""Paths and intrinsic functions: examples of the documentation, laws over random values."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma_local.engine.errors import StateError
from dharma_local.engine.intrinsics import IntrinsicSyntaxError, evaluate, parse_intrinsic
from dharma_local.engine.jsonpath import PathNotFound, PathSyntaxError, parse_path

STORE = {
    "store": {
        "book": [
            {"title": "A", "price": 8.95, "isbn": "1"},
            {"title": "B", "price": 12.99},
            {"title": "C", "price": 22.5, "isbn": "2", "tags": ["x", "y"]},
        ],
        "the name": "corner",
    },
    "limit": 10,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", STORE),
        ("$.limit", 10),
        ("$.store['the name']", "corner"),
        ('$["limit"]', 10),
        ("$.store.book[0].title", "A"),
        ("$.store.book[-1].title", "C"),
        ("$.store.book[*].title", ["A", "B", "C"]),
        ("$.store.book[0,2].title", ["A", "C"]),
        ("$.store.book[1:].title", ["B", "C"]),
        ("$.store.book[:1].title", ["A"]),
        ("$.store.book[::2].title", ["A", "C"]),
        ("$..title", ["A", "B", "C"]),
        ("$.store.book[?(@.price < $.limit)].title", ["A"]),
        ("$.store.book[?(@.isbn)].title", ["A", "C"]),
        ("$.store.book[?(!@.isbn)].title", ["B"]),
        ("$.store.book[?(@.price > 10 && @.isbn == '2')].title", ["C"]),
        ("$.store.book[?(@.title == 'A' || @.title == 'B')].price", [8.95, 12.99]),
        ("$.store.book[?(@.tags[0] == 'x')].title", ["C"]),
        ("$..nothing", []),
    ],
)
def test_a_path_finds_what_it_names(path: str, found: Any) -> None:
    assert parse_path(path).read(STORE) == found


@pytest.mark.parametrize("path", ["$.nothing", "$.store.book[9]", "$.limit.deeper", "$.limit[0]"])
def test_a_definite_path_to_nowhere_is_an_error(path: str) -> None:
    with pytest.raises(PathNotFound):
        parse_path(path).read(STORE)


@pytest.mark.parametrize(
    "path",
    ["", "a", "$.", "$[", "$['a]", "$.a b", "$[?(@.a)", "$[?(1)]", "$.a[::0]", "$" + ".a" * 2000],
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(PathSyntaxError):
        parse_path(path)


keys = st.text(min_size=1, max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


def _places(value: Any, path: str = "$") -> list[tuple[str, Any]]:
    found = [(path, value)]
    if isinstance(value, dict):
        for name, item in value.items():
            escaped = name.replace("\\", "\\\\").replace("'", "\\'")
            found += _places(item, f"{path}['{escaped}']")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += _places(item, f"{path}[{index}]")
    return found


@settings(max_examples=150, deadline=None)
@given(values)
def test_every_place_of_a_value_is_found_by_its_path(value: Any) -> None:
    for path, expected in _places(value):
        parsed = parse_path(path)
        assert parsed.definite
        assert parsed.reference
        assert parsed.read(value) == expected


@settings(max_examples=150, deadline=None)
@given(values, st.data())
def test_what_is_written_at_a_place_is_read_there_and_nothing_else_changes(
    value: Any, data: st.DataObject
) -> None:
    path, _ = data.draw(st.sampled_from(_places(value)))
    before = json.dumps(value)
    written = parse_path(path).write(value, "new")
    assert parse_path(path).read(written) == "new"
    assert json.dumps(value) == before
    for other, expected in _places(value):
        if not other.startswith(path) and not path.startswith(other):
            assert parse_path(other).read(written) == expected


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="$.[]'\"*?()@:,-09ab &|<=", max_size=20))
def test_no_text_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(PathSyntaxError):
        parse_path(text).find({"a": [1, {"b": "c"}]})


def run(text: str, value: Any = None) -> Any:
    return evaluate(parse_intrinsic(text), value, {"Execution": {"Name": "run-1"}})


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("States.Format('Hello, {}. You are {}.', $.name, $.age)", "Hello, ada. You are 36."),
        ("States.Format('{}', $$.Execution.Name)", "run-1"),
        (r"States.Format('it\'s \{\} and {}', 'x')", "it's {} and x"),
        ("States.StringToJson($.text)", {"a": [1]}),
        ("States.JsonToString($.list)", '[1,2,2,"x"]'),
        ("States.Array($.name, 1, true, null, States.Array())", ["ada", 1, True, None, []]),
        ("States.ArrayPartition(States.ArrayRange(1, 5, 1), 2)", [[1, 2], [3, 4], [5]]),
        ("States.ArrayContains($.list, 2)", True),
        ("States.ArrayContains($.list, '2')", False),
        ("States.ArrayContains(States.Array(1), true)", False),
        ("States.ArrayRange(10, 1, -4)", [10, 6, 2]),
        ("States.ArrayGetItem($.list, 3)", "x"),
        ("States.ArrayLength($.list)", 4),
        ("States.ArrayUnique($.list)", [1, 2, "x"]),
        ("States.Base64Encode('straße')", base64.b64encode("straße".encode()).decode()),
        ("States.Base64Decode('YWRh')", "ada"),
        ("States.Hash('ada', 'SHA-256')", hashlib.sha256(b"ada").hexdigest()),
        ("States.JsonMerge($.a, $.b, false)", {"x": 1, "y": 3, "z": 4}),
        ("States.MathAdd(111, -1)", 110),
        ("States.StringSplit('a.b+c.', '.+')", ["a", "b", "c"]),
        (r"States.StringSplit('a\\b', '\\')", ["a", "b"]),
        ("States.ArrayGetItem($.nested['a,b)'], 0)", "deep"),
    ],
)
def test_an_intrinsic_gives_what_the_documentation_says(text: str, result: Any) -> None:
    value = {
        "name": "ada",
        "age": 36,
        "text": '{"a": [1]}',
        "list": [1, 2, 2, "x"],
        "a": {"x": 1, "y": 2},
        "b": {"y": 3, "z": 4},
        "nested": {"a,b)": ["deep"]},
    }
    assert run(text, value) == result


def test_a_uuid_is_new_every_time() -> None:
    first, second = run("States.UUID()"), run("States.UUID()")
    assert first != second
    assert uuid.UUID(first).version == 4


def test_a_random_number_with_a_seed_is_the_same_every_time() -> None:
    assert run("States.MathRandom(1, 999, 7)") == run("States.MathRandom(1, 999, 7)")
    assert all(1 <= run("States.MathRandom(1, 4)") < 4 for _ in range(50))


@pytest.mark.parametrize(
    "text",
    [
        "States.Unknown()",
        "States.UUID(1)",
        "States.Format()",
        "States.MathAdd(1)",
        "States.Array(1,)",
        "States.Array(1 2)",
        "States.Array('open)",
        "States.Array($.[)",
        "States.UUID() and more",
        "States.Array(" * 11 + ")" * 11,
    ],
)
def test_what_is_no_intrinsic_is_refused_before_it_runs(text: str) -> None:
    with pytest.raises(IntrinsicSyntaxError):
        parse_intrinsic(text)


@pytest.mark.parametrize(
    "text",
    [
        "States.Format('{}')",
        "States.Format('{', 1)",
        "States.Format('', 1)",
        "States.StringToJson('{')",
        "States.ArrayGetItem(States.Array(1), 1)",
        "States.ArrayGetItem(States.Array(1), -1)",
        "States.ArrayPartition(States.Array(1), 0)",
        "States.ArrayRange(1, 5, 0)",
        "States.ArrayRange(1, 5000, 1)",
        "States.ArrayLength('text')",
        "States.Base64Decode('***')",
        "States.Hash('a', 'CRC-32')",
        "States.JsonMerge('a', 'b', false)",
        "States.MathAdd('1', 2)",
        "States.MathAdd(true, 2)",
    ],
)
def test_an_intrinsic_that_fails_is_an_intrinsic_failure(text: str) -> None:
    with pytest.raises(StateError) as raised:
        run(text)
    assert raised.value.error == "States.IntrinsicFailure"


@settings(max_examples=100, deadline=None)
@given(values)
def test_json_text_and_back_is_the_same_value(value: Any) -> None:
    assert run("States.StringToJson(States.JsonToString($))", value) == value


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_a_literal_says_what_was_put_between_its_quotes(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    assert run(f"States.Array('{escaped}')") == [text]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(), max_size=20), st.integers(1, 7))
def test_the_parts_of_an_array_joined_are_the_array(items: list[int], size: int) -> None:
    parts = run(f"States.ArrayPartition($, {size})", items)
    assert [item for part in parts for item in part] == items
    assert all(len(part) == size for part in parts[:-1])
