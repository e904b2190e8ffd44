"""The difference of two blueprints, down to the property."""

from __future__ import annotations

from dataclasses import replace

from dharma.blueprint.diff import diff_blueprints
from dharma.model.blueprint import Blueprint, Lifecycle, Output, Resource, Variable
from dharma.model.expressions.nodes import VariableRef

BEFORE = Blueprint(
    "web",
    "1.0.0",
    "aws",
    variables=(Variable("a"), Variable("s", default="old", sensitive=True)),
    resources=(
        Resource("t", "same", {"p": 1}),
        Resource("t", "changed", {"p": 1, "q": {"r": [1, {"s": 2}]}, "gone": True}),
        Resource("t", "removed"),
    ),
    outputs=(Output("o", VariableRef("a")),),
)
AFTER = replace(
    BEFORE,
    version="1.1.0",
    metadata={"tags": ["web"]},
    variables=(Variable("a", allowed=("x",)), Variable("s", default="new", sensitive=True)),
    resources=(
        Resource("t", "added"),
        Resource(
            "t",
            "changed",
            {"p": VariableRef("a"), "q": {"r": [1, {"s": 3}]}, "new": [1]},
            lifecycle=Lifecycle(prevent_destroy=True),
            depends_on=("t.same",),
        ),
        Resource("t", "same", {"p": 1}),
    ),
    outputs=(Output("o", 1), Output("o2", 2)),
)


def test_every_change_has_its_path_and_both_values() -> None:
    document = diff_blueprints(BEFORE, AFTER).to_dict()
    assert document["header"] == [
        {"path": "version", "before": "1.0.0", "after": "1.1.0"},
        {"path": "metadata.tags", "before": None, "after": ["web"]},
    ]
    assert document["resources"] == {
        "added": ["t.added"],
        "removed": ["t.removed"],
        "changed": [
            {
                "name": "t.changed",
                "changes": [
                    {"path": "properties.p", "before": 1, "after": "${var.a}"},
                    {"path": "properties.q.r[1].s", "before": 2, "after": 3},
                    {"path": "properties.new", "before": None, "after": [1]},
                    {"path": "properties.gone", "before": True, "after": None},
                    {"path": "depends_on", "before": None, "after": ["t.same"]},
                    {
                        "path": "lifecycle",
                        "before": None,
                        "after": {
                            "prevent_destroy": True,
                            "create_before_destroy": False,
                            "ignore_changes": [],
                        },
                    },
                ],
            }
        ],
    }
    assert document["outputs"]["added"] == ["o2"]


def test_secret_defaults_are_not_shown() -> None:
    changes = diff_blueprints(BEFORE, AFTER).variables.changed
    assert [c.to_dict() for c in changes["s"]] == [
        {"path": "default", "before": "(sensitive value)", "after": "(sensitive value)"}
    ]
    assert [c.to_dict() for c in changes["a"]] == [
        {"path": "allowed", "before": None, "after": ["x"]}
    ]


def test_the_order_of_parts_does_not_count() -> None:
    turned = replace(BEFORE, resources=tuple(reversed(BEFORE.resources)))
    assert not diff_blueprints(BEFORE, turned).has_changes
    assert not diff_blueprints(BEFORE, replace(BEFORE, version="2.0.0")).has_changes


def test_true_is_not_one() -> None:
    one = replace(BEFORE, resources=(Resource("t", "a", {"p": 1}),))
    true = replace(BEFORE, resources=(Resource("t", "a", {"p": True}),))
    assert diff_blueprints(one, true).has_changes
