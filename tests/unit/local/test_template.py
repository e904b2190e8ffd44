"""What the local runtime reads out of the SAM template."""

from __future__ import annotations

from pathlib import Path

import pytest

from dharma.core.errors import InvalidTemplate
from dharma_local.engine.definition import load_definition
from dharma_local.engine.patterns import check_pattern
from dharma_local.template_reading import load_template

TESTS = Path(__file__).parents[2]
SAMPLE = TESTS / "sample_project" / "infra" / "template.yaml"
PRODUCT = TESTS.parent / "infra" / "template.yaml"


def test_functions_routes_machines_and_rules_come_from_the_template() -> None:
    template = load_template(SAMPLE)
    assert set(template.functions) == {
        "AuthorizerFunction",
        "ApiFunction",
        "SlowFunction",
        "StepFunction",
    }
    api = template.functions["ApiFunction"]
    assert (api.handler, api.timeout, api.memory_mb) == ("sample_functions.api.handler", 1.0, 256)
    assert api.environment == {"SAMPLE_OWN": "api"}
    assert template.environment == {"SAMPLE_TABLE": "Table", "SAMPLE_STAGE": "stage-local"}
    slow = template.functions["SlowFunction"]
    assert slow.runs_apart("POST /slow")
    assert not slow.runs_apart("GET /slow")
    routes = {route.key: route.authorizer for route in template.routes}
    assert routes == {
        "GET /open": None,
        "POST /open": None,
        "ANY /echo/{id}": "Token",
        "GET /files/{proxy+}": "Token",
        "POST /slow": None,
        "GET /slow": None,
    }
    token = template.authorizers["Token"]
    assert (token.function, token.identity, token.ttl) == (
        "AuthorizerFunction",
        ("authorization",),
        60.0,
    )
    [machine] = template.state_machines.values()
    assert machine.name == "journey"
    assert "function:StepFunction" in machine.definition
    for name in ("journey", "Journey", "dharma-journey", "arn:aws:states:x:1:stateMachine:Journey"):
        assert template.state_machine(name) is machine
    rules = {rule.name: rule for rule in template.rules}
    assert set(rules) == {"StepFunctionTold", "StepFunctionOften", "Requested"}
    assert rules["StepFunctionTold"].targets[0].max_attempts == 2
    assert rules["StepFunctionOften"].schedule == "rate(1 hour)"
    assert rules["Requested"].targets[0].input_path == "$.detail"


def test_a_condition_decides_what_exists() -> None:
    template = load_template(SAMPLE, {"Stage": "production"})
    assert "OnlyInProduction" in template.functions


def test_all_that_cannot_be_served_is_told(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(
        """
        Resources:
          A:
            Type: AWS::Serverless::Function
            Properties:
              Handler: a.b
              Events:
                One: {Type: HttpApi, Properties: {Path: /a, Auth: {Authorizer: Nobody}}}
                Two: {Type: Telepathy}
          M:
            Type: AWS::Serverless::StateMachine
            Properties: {DefinitionUri: nowhere.asl.json}
          R:
            Type: AWS::Events::Rule
            Properties: {EventPattern: {source: [a]}, Targets: [{Id: t, Arn: "arn:x:function:B"}]}
        """
    )
    with pytest.raises(InvalidTemplate) as raised:
        load_template(tmp_path / "template.yaml")
    said = [str(fault) for fault in raised.value.faults]
    assert len(said) == 4
    for words in ("no authorizer Nobody", "Telepathy", "nowhere.asl.json", "function:B"):
        assert any(words in fault for fault in said)


@pytest.mark.parametrize("text", ["a: [", "- 1", "Resources: 3"])
def test_what_is_no_template_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "template.yaml").write_text(text)
    with pytest.raises(InvalidTemplate):
        load_template(tmp_path / "template.yaml")


def test_the_products_own_template_runs_here() -> None:
    template = load_template(PRODUCT)
    arns = {function.arn for function in template.functions.values()}
    for machine in template.state_machines.values():
        load_definition(machine.definition, machine.file, arns.__contains__)
    for rule in template.rules:
        check_pattern(rule.pattern or {})
    assert template.routes
    assert template.state_machines
