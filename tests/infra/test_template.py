"""The template that both worlds read: judged by cfn-lint, and complete. A few seconds."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dharma.sso.roles import EVERYTHING_ELSE, PUBLIC, ROUTES
from dharma_local.template_reading import load_template

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra" / "template.yaml"


class _Loader(yaml.SafeLoader):
    """CloudFormation's short tags as their long forms."""


def _tag(loader: Any, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    return {suffix: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tag)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader=_Loader)
    return loaded


def functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def routes(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        _key(event["Properties"]): event["Properties"]
        for function in functions(template).values()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "HttpApi"
    }


def _key(event: dict[str, Any]) -> str:
    """API Gateway's name of a route; SAM makes `$default` where neither is stated."""
    return f"{event['Method']} {event['Path']}" if "Path" in event else EVERYTHING_ELSE


def test_cfn_lint_has_nothing_to_say() -> None:
    found = subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), str(TEMPLATE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, "")


def test_every_route_has_a_permission_and_every_permission_a_route(
    template: dict[str, Any],
) -> None:
    assert set(routes(template)) == set(ROUTES) | PUBLIC | {EVERYTHING_ELSE}


def test_only_the_public_routes_need_no_token(template: dict[str, Any]) -> None:
    open_routes = {
        route
        for route, properties in routes(template).items()
        if properties.get("Auth", {}).get("Authorizer") == "NONE"
    }
    assert open_routes == PUBLIC | {EVERYTHING_ELSE}
    api = template["Resources"]["Api"]["Properties"]
    assert api["Auth"]["DefaultAuthorizer"] in api["Auth"]["Authorizers"]
    assert all(p["ApiId"] == {"Ref": "Api"} for p in routes(template).values())


def test_every_handler_exists(template: dict[str, Any]) -> None:
    for name, function in functions(template).items():
        module, _, attribute = function["Properties"]["Handler"].rpartition(".")
        spec = importlib.util.find_spec(module)
        assert spec is not None, f"{name}: {module}"
        assert spec.origin is not None
        assert f"{attribute} =" in (text := Path(spec.origin).read_text()) or (
            f"def {attribute}(" in text
        ), name


def test_every_placeholder_of_a_state_machine_is_filled_in(template: dict[str, Any]) -> None:
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            definition = (TEMPLATE.parent / resource["Properties"]["DefinitionUri"]).read_text()
            used = set(re.findall(r"\$\{(\w+)\}", definition))
            assert used == set(resource["Properties"]["DefinitionSubstitutions"]), name


def test_no_function_waits_longer_than_api_gateway(template: dict[str, Any]) -> None:
    usual = template["Globals"]["Function"]["Timeout"]
    for name, function in functions(template).items():
        if function["Properties"].get("Events"):
            assert function["Properties"].get("Timeout", usual) <= 30, name


def test_on_one_machine_only_reads_are_answered_without_a_worker() -> None:
    template = load_template(TEMPLATE)
    for name, function in template.functions.items():
        own = {route.key for route in template.routes if route.function == name}
        assert own.issuperset(function.here), name
        assert all(key.startswith("GET ") for key in function.here), name
    waiting = [r for r in template.routes if not template.functions[r.function].runs_apart(r.key)]
    assert {route.method for route in waiting} <= {"GET", "ANY"}


def test_what_holds_data_is_kept_when_the_stack_goes(template: dict[str, Any]) -> None:
    for name in ("Table", "Artifacts", "DataKey"):
        resource = template["Resources"][name]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    table = template["Resources"]["Table"]["Properties"]
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_what_the_cache_needs_exists_with_the_cache_alone(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    only_with_it = {name for name, r in resources.items() if r.get("Condition") == "HasCache"}
    assert only_with_it == {
        "Cache",
        "CacheAway",
        "CacheMissed",
        "CacheSecurityGroup",
        "FunctionsSecurityGroup",
        "FunctionsToCache",
    }
    url = template["Globals"]["Function"]["Environment"]["Variables"]["DHARMA_CACHE_URL"]
    condition, address, otherwise = url["If"]
    assert (condition, otherwise) == ("HasCache", {"Ref": "AWS::NoValue"})
    assert address["Sub"].startswith("rediss://${Cache.Endpoint.Address}")


def test_every_function_that_uses_the_cache_reaches_it(template: dict[str, Any]) -> None:
    for name, function in functions(template).items():
        behind_the_api = any(
            event["Type"] == "HttpApi"
            for event in function["Properties"].get("Events", {}).values()
        )
        calls_out = name == "OrchestratorTasksFunction"
        network = function["Properties"].get("VpcConfig")
        assert bool(network) == (behind_the_api or calls_out), name
        if network:
            assert network["If"][0] == "HasCache"


def test_api_gateway_throttles_where_there_is_no_cache(template: dict[str, Any]) -> None:
    settings = template["Resources"]["Api"]["Properties"]["DefaultRouteSettings"]
    assert set(settings) == {"ThrottlingBurstLimit", "ThrottlingRateLimit"}


def test_every_alarm_tells_the_topic_and_fits_cloudwatch(template: dict[str, Any]) -> None:
    alarms = {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "Alarms"}], name
        assert alarm["TreatMissingData"] == "notBreaching", name
        # At most ten metrics an alarm.
        assert len(alarm.get("Metrics", ())) <= 11, name
    assert alarms["ApiLatency"]["ExtendedStatistic"] == "p95"
    assert (alarms["ApiLatency"]["Threshold"], alarms["ApiErrorRate"]["Threshold"]) == (500, 5)


def test_every_function_is_watched_for_throttling(template: dict[str, Any]) -> None:
    watched = re.findall(
        r"'MetricName': 'Throttles', 'Dimensions': \[\{'Name': 'FunctionName', "
        r"'Value': \{'Ref': '(\w+)'",
        str(template["Resources"]),
    )
    assert sorted(watched) == sorted(functions(template))


def test_functions_and_what_has_tags_carry_product_and_stage(template: dict[str, Any]) -> None:
    stage = {"Ref": "Stage"}
    assert template["Globals"]["Function"]["Tags"] == {"product": "iac-dharma", "stage": stage}
    pairs = [{"Key": "product", "Value": "iac-dharma"}, {"Key": "stage", "Value": stage}]
    for name in ("Table", "Artifacts", "Anchors", "DataKey", "UndeliveredEvents", "Alarms"):
        assert template["Resources"][name]["Properties"]["Tags"] == pairs, name


def test_heads_of_the_audit_trail_cannot_be_removed(template: dict[str, Any]) -> None:
    anchors = template["Resources"]["Anchors"]["Properties"]
    assert anchors["ObjectLockEnabled"] is True
    assert anchors["VersioningConfiguration"] == {"Status": "Enabled"}
    retention = anchors["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": {"Ref": "AnchorLockMode"}, "Days": {"Ref": "AnchorRetentionDays"}}
