"""Definitions of state machines in CloudFormation, with values put in."""

from __future__ import annotations

import json

import pytest

from dharma.catalog.bridges.state_machine import SubstitutedDefinition
from dharma.model.expressions.nodes import ResourceRef, Template, Value

FUNCTION = ResourceRef("Work", ("Arn",))


def definition(**arguments: Value) -> Value:
    rest, _ = SubstitutedDefinition().claim(arguments)
    return rest.get("Definition")


def test_a_name_alone_becomes_its_value_and_one_in_a_text_a_part_of_it() -> None:
    found = definition(
        Definition={"States": {"Do": {"Resource": "${Work}", "Comment": "calls ${Work}"}}},
        DefinitionSubstitutions={"Work": FUNCTION},
    )
    assert found == {
        "States": {"Do": {"Resource": FUNCTION, "Comment": Template(("calls ", FUNCTION))}}
    }


def test_text_is_parsed_with_the_expressions_in_its_strings() -> None:
    text = Template(('{"StartAt": "', FUNCTION, '", "Comment": "${Said}"}'))
    found = definition(DefinitionString=text, DefinitionSubstitutions={"Said": "it works"})
    assert found == {"StartAt": FUNCTION, "Comment": "it works"}


def test_a_name_without_a_value_stays_as_it_is() -> None:
    assert definition(Definition={"A": "${Other}"}, DefinitionSubstitutions={}) == {"A": "${Other}"}


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        json.dumps(["a list"]),
        Template(('{"MaxConcurrency": ', FUNCTION, "}")),
        "[" * 5000,
        '{"a":' * 300 + "1" + "}" * 300,
        None,
    ],
)
def test_what_is_no_definition_stays_with_its_resource(text: Value) -> None:
    arguments: dict[str, Value] = {"DefinitionString": text, "RoleArn": "arn"}
    assert SubstitutedDefinition().claim(arguments) == (arguments, {})
