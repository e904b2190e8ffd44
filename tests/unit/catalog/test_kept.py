"""What the catalog does not know of a format, cut out of what is read and put back."""

from __future__ import annotations

import pytest

from dharma.catalog.kept import cut_out, with_kept
from dharma.model.expressions.nodes import Conditional, Value, VariableRef

SWITCH, OTHER = VariableRef("on"), VariableRef("off")


@pytest.mark.parametrize(
    ("value", "path", "found"),
    [
        ({"a": 1, "b": 2}, "a", {"a": 1}),
        ({"a": {"b.c": 1, "d": 2}}, "a.b.c", {"a": {"b.c": 1}}),
        ({"pool": [{"size": 1, "disk": [{"type": "x"}]}]}, "pool[0].disk[0].type",
         {"pool": [{"disk": [{"type": "x"}]}]}),
        ({"pool": [Conditional(SWITCH, {"size": 1, "max": 2}, None)]}, "pool[0].max",
         {"pool": [Conditional(SWITCH, {"max": 2}, None)]}),
        ({"pool": Conditional(SWITCH, [{"max": 2}], [])}, "pool[0].max",
         {"pool": [Conditional(SWITCH, {"max": 2}, None)]}),
        ({"pools": [{"a": 1}, {"a": 2}]}, "pools[1].a", None),
        ({"a": 1}, "b", None),
    ],
)  # fmt: skip
def test_it_is_cut_out_with_what_it_lies_in(value: Value, path: str, found: Value) -> None:
    assert cut_out(value, path, blocks=True) == found


def test_a_list_of_one_is_no_block_where_the_format_has_none() -> None:
    assert cut_out({"rules": [{"a": 1}]}, "rules[0].a", blocks=False) is None


@pytest.mark.parametrize(
    ("own", "kept", "together"),
    [
        (None, [{"a": 1}], [{"a": 1}]),
        ({"pool": [{"size": 1}]}, {"pool": [{"max": 2}]}, {"pool": [{"size": 1, "max": 2}]}),
        # The same condition decides about both.
        ([Conditional(SWITCH, {"size": 1}, None)], [Conditional(SWITCH, {"max": 2}, None)],
         [Conditional(SWITCH, {"size": 1, "max": 2}, None)]),
        # The block is there anyway, what is kept of it is not.
        ([{"size": 1}], [Conditional(SWITCH, {"max": 2}, None)],
         [{"size": 1, "max": Conditional(SWITCH, 2, None)}]),
        # The block is there under a condition, and so is what is kept of it.
        ([Conditional(SWITCH, None, {"size": 1})], [{"max": 2}],
         [Conditional(SWITCH, None, {"size": 1, "max": 2})]),
        (1, 2, 2),
        ([1, 2], [3], [3]),
    ],
)  # fmt: skip
def test_it_is_put_back_where_it_was(own: Value, kept: Value, together: Value) -> None:
    assert with_kept(own, kept) == together
