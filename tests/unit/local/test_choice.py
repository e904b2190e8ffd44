"""The comparisons of Choice states."""

from __future__ import annotations

from typing import Any

import pytest

from dharma_local.engine.choice import holds
from dharma_local.engine.errors import StateError

VALUE = {
    "n": 5,
    "m": 5,
    "s": "beta",
    "yes": True,
    "none": None,
    "at": "2026-01-01T12:00:00Z",
    "later": "2026-01-01T12:00:00.5Z",
    "same": "2026-01-01T13:00:00+01:00",
    "file": "log*2026.txt",
}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"Variable": "$.n", "NumericEquals": 5}, True),
        ({"Variable": "$.n", "NumericEquals": 5.0}, True),
        ({"Variable": "$.n", "NumericLessThan": 5}, False),
        ({"Variable": "$.n", "NumericLessThanEquals": 5}, True),
        ({"Variable": "$.n", "NumericGreaterThanEqualsPath": "$.m"}, True),
        ({"Variable": "$.s", "NumericEquals": 5}, False),
        ({"Variable": "$.yes", "NumericEquals": 1}, False),
        ({"Variable": "$.s", "StringEquals": "beta"}, True),
        ({"Variable": "$.s", "StringGreaterThan": "alpha"}, True),
        ({"Variable": "$.n", "StringEquals": "5"}, False),
        ({"Variable": "$.s", "StringMatches": "b*a"}, True),
        ({"Variable": "$.s", "StringMatches": "b*x"}, False),
        ({"Variable": "$.file", "StringMatches": "log\\**.txt"}, True),
        ({"Variable": "$.s", "StringMatches": "bet."}, False),
        ({"Variable": "$.yes", "BooleanEquals": True}, True),
        ({"Variable": "$.n", "BooleanEquals": True}, False),
        ({"Variable": "$.at", "TimestampEquals": "2026-01-01T12:00:00.000Z"}, True),
        ({"Variable": "$.at", "TimestampEqualsPath": "$.same"}, True),
        ({"Variable": "$.later", "TimestampGreaterThanPath": "$.at"}, True),
        ({"Variable": "$.s", "TimestampEquals": "2026-01-01T12:00:00Z"}, False),
        ({"Variable": "$.none", "IsNull": True}, True),
        ({"Variable": "$.n", "IsNull": False}, True),
        ({"Variable": "$.missing", "IsPresent": False}, True),
        ({"Variable": "$.none", "IsPresent": True}, True),
        ({"Variable": "$$.Execution.Name", "IsPresent": True}, True),
        ({"Variable": "$.yes", "IsNumeric": True}, False),
        ({"Variable": "$.n", "IsNumeric": True}, True),
        ({"Variable": "$.yes", "IsBoolean": True}, True),
        ({"Variable": "$.s", "IsString": True}, True),
        ({"Variable": "$.at", "IsTimestamp": True}, True),
        ({"Variable": "$.s", "IsTimestamp": True}, False),
        ({"Not": {"Variable": "$.n", "NumericEquals": 5}}, False),
        (
            {
                "And": [
                    {"Variable": "$.missing", "IsPresent": True},
                    {"Variable": "$.missing", "NumericEquals": 1},
                ]
            },
            False,
        ),
        (
            {
                "Or": [
                    {"Variable": "$.n", "NumericEquals": 1},
                    {"Variable": "$.s", "IsString": True},
                ]
            },
            True,
        ),
    ],
)
def test_a_rule_holds_or_not(rule: dict[str, Any], expected: bool) -> None:
    assert holds(rule, VALUE, {"Execution": {"Name": "run"}}) is expected


def test_a_variable_that_leads_nowhere_is_an_error() -> None:
    with pytest.raises(StateError, match=r"\$\.missing"):
        holds({"Variable": "$.missing", "NumericEquals": 1}, VALUE, {})
