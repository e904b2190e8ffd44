"""The reference of the document is true: its example, its functions, its limits."""

from __future__ import annotations

import re
from pathlib import Path

from dharma.blueprint import resolution, source_fields, validation, yaml_source
from dharma.blueprint.resolution import resolve
from dharma.blueprint.source import load_blueprint
from dharma.blueprint.validation import review
from dharma.catalog import load_catalog
from dharma.model.expressions import parser, regex_syntax, regexes, scope, tokens
from dharma.model.expressions.functions import FUNCTIONS, LAZY, registry

TEXT = (Path(__file__).parents[2] / "docs" / "blueprint-format.md").read_text(encoding="utf-8")
EXAMPLE, HISTORY, FUNCTION_LIST = re.findall(r"```\w+\n(.*?)```", TEXT, re.DOTALL)


def test_the_example_is_valid_and_resolves() -> None:
    blueprint = load_blueprint(EXAMPLE, "example.yaml")
    result = review(blueprint, load_catalog())
    assert (result.faults, result.warnings) == ([], [])
    assert [r.address for r in resolve(blueprint).resources] == [
        "aws_vpc.main",
        'aws_subnet.zone["a"]',
        'aws_subnet.zone["b"]',
    ]


def test_the_example_of_past_and_place_is_valid() -> None:
    blueprint = load_blueprint(f"{EXAMPLE.split('variables:')[0]}{HISTORY}", "example.yaml")
    assert review(blueprint, load_catalog()).faults == []
    assert blueprint.resources[0].renamed_from == ("aws_sqs_queue.q", "work")


def test_every_function_is_listed() -> None:
    assert FUNCTION_LIST.split() == sorted(set(FUNCTIONS) | LAZY)


def test_the_limits_are_those_of_the_code() -> None:
    limits = [
        yaml_source.MAX_DEPTH, yaml_source.MAX_NODES, tokens.MAX_LENGTH, tokens.MAX_DEPTH,
        parser.MAX_HEIGHT, scope.MAX_STEPS, registry.MAX_TEXT, registry.MAX_ITEMS,
        resolution.MAX_LOOP, resolution.MAX_INSTANCES, regex_syntax.MAX_PATTERN, regexes.MAX_WORK,
        validation.MAX_FAULTS,
    ]  # fmt: skip
    table = TEXT[TEXT.index("## Limits") :]
    assert [int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", table)] == [10, *limits]
    assert yaml_source.MAX_BYTES == 10 * 1024 * 1024
    assert source_fields.MAX_FAULTS == validation.MAX_FAULTS
