"""A definition with anything in it that does not run here is refused whole, at load."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dharma.core.errors import InvalidTemplate
from dharma_local.engine.definition import functions_used, load_definition

GOOD = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "arn:f", "Payload.$": "$"},
    "End": True,
}
PASS = {"Type": "Pass", "End": True}


def faults(document: Any) -> list[str]:
    with pytest.raises(InvalidTemplate) as raised:
        load_definition(json.dumps(document), "machine.asl.json", lambda name: name == "arn:f")
    assert all(fault.file == "machine.asl.json" for fault in raised.value.faults)
    return [f"{fault.path}: {fault.message}" for fault in raised.value.faults]


def only(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": state}}


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"Type": "Dream", "End": True}, "States.Only.Type: there is no state type 'Dream'"),
        ({**PASS, "Assign": {}}, "States.Only.Assign: there is no such field here"),
        ({**PASS, "QueryLanguage": "JSONata"}, "States.Only.QueryLanguage: only JSONPath"),
        ({"Type": "Pass"}, "States.Only: a state has either Next or End"),
        ({**PASS, "Next": "Only"}, "States.Only: a state has either Next or End"),
        ({"Type": "Pass", "Next": "Nowhere"}, "States.Only.Next: there is no state 'Nowhere'"),
        ({**PASS, "InputPath": "order"}, "States.Only.InputPath: 'order' does not begin with $"),
        ({**PASS, "ResultPath": "$.a[*]"}, "States.Only.ResultPath: '$.a[*]' is no reference path"),
        ({**PASS, "ResultPath": "$$.a"}, "States.Only.ResultPath: '$$.a' is no reference path"),
        (
            {**PASS, "Parameters": {"deep": [{"x.$": "States.Nope()"}]}},
            "States.Only.Parameters.deep.0.x.$: there is no intrinsic function States.Nope",
        ),
        ({**PASS, "Parameters": {"x.$": 1}}, "States.Only.Parameters.x.$: a path is a text"),
        ({**GOOD, "Resource": "arn:aws:states:::sqs:sendMessage"}, "States.Only.Resource: 'arn"),
        (
            {**GOOD, "Parameters": {"FunctionName": "arn:other"}},
            "States.Only.Parameters.FunctionName: there is no function arn:other",
        ),
        (
            {**GOOD, "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken"},
            "States.Only.Parameters: $$.Task.Token is handed to nobody",
        ),
        ({**GOOD, "TimeoutSeconds": 0}, "States.Only.TimeoutSeconds: a whole number of at least 1"),
        ({**GOOD, "Retry": [{"MaxAttempts": 1}]}, "States.Only.Retry.0.ErrorEquals: a list"),
        (
            {
                **GOOD,
                "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["KeyError"]}],
            },
            "States.Only.Retry.0.ErrorEquals: States.ALL stands alone and last",
        ),
        (
            {**GOOD, "Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]},
            "States.Only.Retry.0.BackoffRate: a number of at least 1",
        ),
        (
            {**GOOD, "Catch": [{"ErrorEquals": ["A"], "Next": "Nowhere"}]},
            "States.Only.Catch.0.Next: there is no state 'Nowhere'",
        ),
        ({"Type": "Choice", "Choices": []}, "States.Only.Choices: a Choice needs choices"),
        (
            {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsGreat": True, "Next": "Only"}]},
            "States.Only.Choices.0.IsGreat: there is no such field here",
        ),
        (
            {
                "Type": "Choice",
                "Choices": [{"Variable": "$", "NumericEquals": "1", "Next": "Only"}],
            },
            "States.Only.Choices.0.NumericEquals: '1' is of the wrong type",
        ),
        (
            {
                "Type": "Choice",
                "Choices": [{"Not": {"Variable": "a", "IsNull": True}, "Next": "Only"}],
            },
            "States.Only.Choices.0.Not.Variable: 'a' does not begin with $",
        ),
        ({"Type": "Wait", "End": True}, "States.Only: a Wait has one of"),
        ({"Type": "Wait", "Timestamp": "soon", "End": True}, "States.Only.Timestamp: a time as in"),
        ({"Type": "Fail", "Error": "a", "ErrorPath": "$.b"}, "States.Only: Error and ErrorPath"),
        ({"Type": "Parallel", "End": True}, "States.Only.Branches: a Parallel needs branches"),
        (
            {"Type": "Map", "End": True, "ItemProcessor": {**only(PASS), "StartAt": "Other"}},
            "States.Only.ItemProcessor.StartAt: there is no state 'Other'",
        ),
        (
            {
                "Type": "Map",
                "End": True,
                "ItemProcessor": {**only(PASS), "ProcessorConfig": {"Mode": "DISTRIBUTED"}},
            },
            "States.Only.ItemProcessor.ProcessorConfig: only the mode INLINE runs here",
        ),
        (
            {"Type": "Map", "End": True, "ItemReader": {}},
            "States.Only.ItemReader: there is no such",
        ),
    ],
)
def test_a_fault_is_named_with_its_file_and_place(state: dict[str, Any], said: str) -> None:
    assert any(fault.startswith(said) for fault in faults(only(state))), faults(only(state))


def test_all_faults_are_told_at_once() -> None:
    document = {
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Next": "B"}, "C": {"Type": "Dream"}},
        "Extra": 1,
    }
    said = faults(document)
    assert len(said) == 4
    assert any("C: no transition leads to this state" in fault for fault in said)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InvalidTemplate, match=r"machine\.asl\.json is no JSON"):
        load_definition("{", "machine.asl.json")


def test_a_good_definition_tells_the_functions_it_uses() -> None:
    inner = {"StartAt": "In", "States": {"In": GOOD}}
    document = {
        "StartAt": "Both",
        "States": {"Both": {"Type": "Parallel", "Branches": [inner, inner], "End": True}},
    }
    machine = load_definition(json.dumps(document), "machine.asl.json")
    assert set(functions_used(machine)) == {"arn:f"}
