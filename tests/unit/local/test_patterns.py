"""Event patterns, with the examples of EventBridge's documentation."""

from __future__ import annotations

from typing import Any

import pytest

from dharma_local.engine.patterns import InvalidPattern, check_pattern, matches

EVENT = {
    "source": "dharma.orchestrator",
    "detail-type": "DeploymentRequested",
    "resources": ["arn:a", "arn:b"],
    "detail": {
        "environment": "staging",
        "cost": 12.5,
        "size": 3,
        "approved": True,
        "by": None,
        "tags": ["web", "prod"],
        "nested": {"deep": "x"},
    },
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["dharma.orchestrator"]}, True),
        (
            {"source": ["other", "dharma.orchestrator"], "detail-type": ["DeploymentRequested"]},
            True,
        ),
        ({"source": ["other"]}, False),
        ({"resources": ["arn:b"]}, True),
        ({"detail": {"nested": {"deep": ["x"]}}}, True),
        ({"detail": {"nested": {"deeper": {"still": ["x"]}}}}, False),
        ({"detail": {"environment": [{"prefix": "stag"}]}}, True),
        ({"detail": {"environment": [{"prefix": {"equals-ignore-case": "STAG"}}]}}, True),
        ({"detail": {"environment": [{"suffix": "ing"}]}}, True),
        ({"detail": {"environment": [{"equals-ignore-case": "Staging"}]}}, True),
        ({"detail": {"environment": [{"wildcard": "s*g*g"}]}}, True),
        ({"detail": {"environment": [{"anything-but": ["production"]}]}}, True),
        ({"detail": {"environment": [{"anything-but": "staging"}]}}, False),
        ({"detail": {"environment": [{"anything-but": {"prefix": "prod"}}]}}, True),
        ({"detail": {"missing": [{"anything-but": "x"}]}}, False),
        ({"detail": {"tags": [{"anything-but": "prod"}]}}, False),
        ({"detail": {"missing": [{"exists": False}]}}, True),
        ({"detail": {"cost": [{"exists": True}]}}, True),
        ({"detail": {"cost": [{"numeric": [">", 10, "<=", 12.5]}]}}, True),
        ({"detail": {"cost": [{"numeric": ["=", 12]}]}}, False),
        ({"detail": {"approved": [{"numeric": ["=", 1]}]}}, False),
        ({"detail": {"approved": [True]}}, True),
        ({"detail": {"size": [True]}}, False),
        ({"detail": {"by": [None]}}, True),
        ({"$or": [{"source": ["x"]}, {"detail": {"size": [3]}}]}, True),
        ({"$or": [{"source": ["x"]}, {"detail": {"size": [4]}}]}, False),
        ({}, True),
    ],
)
def test_a_pattern_matches_or_not(pattern: dict[str, Any], expected: bool) -> None:
    check_pattern(pattern)
    assert matches(pattern, EVENT) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        [],
        {"source": "text"},
        {"source": []},
        {"source": [["nested"]]},
        {"source": [{"cidr": "10.0.0.0/8"}]},
        {"source": [{"prefix": 1}]},
        {"source": [{"prefix": "a", "suffix": "b"}]},
        {"detail": {"n": [{"numeric": [">"]}]}},
        {"detail": {"n": [{"numeric": ["~", 1]}]}},
        {"detail": {"n": [{"exists": "yes"}]}},
        {"$or": [{"source": ["a"]}]},
    ],
)
def test_a_pattern_that_cannot_be_judged_is_refused(pattern: Any) -> None:
    with pytest.raises(InvalidPattern):
        check_pattern(pattern)
