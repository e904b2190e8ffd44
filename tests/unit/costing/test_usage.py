"""Expected usage: which figure holds for which resource, and what is told of the others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dharma.core.errors import InvalidInput
from dharma.costing.usage import UnusedUsage, UsageTable

KEY = "monthly_requests"


@pytest.mark.parametrize(
    "address",
    [
        'module.web[0].aws_sqs_queue.jobs["a.b"]',
        "module.web[0].aws_sqs_queue.jobs[*]",
        "module.web[*].aws_sqs_queue.jobs[*]",
        "module.web.aws_sqs_queue.jobs",
    ],
)
def test_an_address_holds_for_what_it_names_and_for_all_instances_without_its_keys(
    address: str,
) -> None:
    table = UsageTable({address: {KEY: 5}})
    assert table.of('module.web[0].aws_sqs_queue.jobs["a.b"]').get(KEY) == 5
    assert table.of("aws_sqs_queue.jobs").get(KEY) is None


def test_the_more_exact_address_counts() -> None:
    table = UsageTable(
        {
            "aws_sqs_queue.jobs[1]": {KEY: 3},
            "aws_sqs_queue.jobs": {KEY: 1, "other": 1},
            "aws_sqs_queue.jobs[*]": {KEY: 2},
        }
    )
    assert table.of("aws_sqs_queue.jobs[0]").get(KEY) == 2
    assert table.of("aws_sqs_queue.jobs[1]").get(KEY) == 3
    assert table.of("aws_sqs_queue.jobs[1]").get("other") == 1


def test_figures_may_be_nested_or_texts_and_nothing_is_no_figure() -> None:
    usage = UsageTable({"a.b": {"standard": {"storage_gb": "1.5"}, "none": None}}).of("a.b")
    assert usage.get("standard.storage_gb") == Decimal("1.5")
    assert usage.get("none") is None


@pytest.mark.parametrize("wrong", ["lots", -1, True, [1], "NaN", "Infinity", ""])
def test_what_is_no_figure_is_refused_with_its_place(wrong: Any) -> None:
    usage = UsageTable({"aws_sqs_queue.jobs[*]": {KEY: wrong}}, "usage.yaml").of(
        "aws_sqs_queue.jobs[0]"
    )
    with pytest.raises(InvalidInput, match="is no figure of at least 0") as raised:
        usage.get(KEY)
    (fault,) = raised.value.faults
    assert (fault.file, fault.path) == ("usage.yaml", f"aws_sqs_queue.jobs[*].{KEY}")


def test_a_figure_where_a_word_is_meant_is_refused() -> None:
    usage = UsageTable({"aws_instance.web": {"operating_system": 7}}).of("aws_instance.web")
    with pytest.raises(InvalidInput, match=r"aws_instance\.web\.operating_system is no text: 7"):
        usage.text("operating_system")


def test_what_nobody_asked_for_is_told_with_what_was_probably_meant() -> None:
    table = UsageTable(
        {
            "aws_sqs_queue.jobs": {KEY: 1, "monthly_reqests": 1, "empty": None},
            "aws_sqs_queue.job": {KEY: 1},
        }
    )
    table.of("aws_sqs_queue.jobs").get(KEY)
    assert list(table.unused()) == [
        UnusedUsage(
            "aws_sqs_queue.jobs",
            "monthly_reqests",
            "no price of it asks for this (did you mean monthly_requests?)",
        ),
        UnusedUsage(
            "aws_sqs_queue.job",
            None,
            "there is no such resource (did you mean aws_sqs_queue.jobs?)",
        ),
    ]
