"""What each function may do in AWS is what its code was seen doing, no less and no more.

`tests/golden/aws-calls.json` holds the calls that the tests of handlers and of the state machine
make on the adapters of AWS (`tests/recording.py`). The policies of infra/template.yaml are compared
with it in both directions. Marked `stack`, since it takes minutes: the recording itself, made anew.

    DHARMA_RENEW=1 pytest tests/infra/test_permissions.py -k recorded      # renews the file
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra" / "template.yaml"
RECORDED = ROOT / "tests" / "golden" / "aws-calls.json"
# These make every call that the whole suites of handlers and of the state machine make; all of them
# take many minutes on moto.
SELECTION = [
    f"tests/{suite}.py{'::test_' if name else ''}{name}"
    for suite, names in {
        "statemachines/test_deploy": (
            "a_deployment_goes_its_ten_steps_and_frees_the_environment",
            "a_changed_blueprint_is_an_update",
            "destroying_removes_everything",
            "rolling_back_goes_to_the_version_before",
            "when_the_cloud_refuses_halfway_the_update_is_undone",
        ),
        "functions/test_analyses": (
            "an_environment_gives_its_variables_and_region",
            "secrets_of_an_environment_are_in_no_analysis",
        ),
        "functions/test_audit": (
            "a_closed_day_is_anchored_by_its_event",
            "records_are_listed_by_day_and_page",
            "the_schedule_keeps_the_running_head_of_every_tenant",
        ),
        "functions/test_blueprints": (
            "a_blueprint_is_made_read_changed_and_removed",
            "lists_are_filtered_and_paged",
            "versions_are_published_once",
        ),
        "functions/test_deployments": (
            "a_decision_is_answered_to_the_waiting_state_machine",
            "a_document_is_read_and_an_absent_one_is_not_there",
            "a_second_deployment_to_an_environment_is_told_who_holds_it",
            "deployments_are_listed_newest_first_and_by_environment",
            "the_same_key_starts_nothing_twice",
        ),
        "functions/test_environments": (
            "a_list_leads_on_by_its_links",
            "an_environment_is_made_read_changed_and_removed",
        ),
        "functions/test_statistics": ("",),
    }.items()
    for name in names
]
Grant = tuple[str, str]
TABLE, INDEX = "Table", "Table/index/gsi1"
# The key behind cursors is made by whoever needs it first: a second page of a query.
_CURSORS: set[Grant] = {
    ("dynamodb:GetItem", TABLE),
    ("dynamodb:PutItem", TABLE),
    ("kms:Encrypt", "DataKey"),
    ("kms:Decrypt", "DataKey"),
}
_DEPLOY_ROLES: Grant = ("sts:AssumeRole", "role/dharma-deploy-*")
# What the tests cannot reach, and why it is needed all the same.
UNREACHED: dict[str, dict[str, set[Grant]]] = {
    "MonitoringEventsFunction": {"more than 200 tenants are walked in pages": _CURSORS},
    "OrchestratorTasksFunction": {
        "histories of more than 200 entries are read in pages": _CURSORS,
        "the cloud that is deployed into is in memory in these tests": {_DEPLOY_ROLES},
    },
    "OrchestratorFunction": {
        "the cloud that a plan looks at is in memory in these tests": {_DEPLOY_ROLES},
    },
}


class _Loader(yaml.SafeLoader):
    """CloudFormation's short tags as their long forms."""


def _tag(loader: Any, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    return {suffix: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tag)


def functions() -> dict[str, dict[str, Any]]:
    template = yaml.load(TEMPLATE.read_text(), Loader=_Loader)
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def granted(properties: dict[str, Any]) -> Iterator[Grant]:
    for policy in properties.get("Policies", []):
        assert set(policy) == {"Statement"}, "policies are written out, templates grant more"
        for statement in policy["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in _listed(statement["Action"]):
                assert "*" not in action
                for resource in _listed(statement["Resource"]):
                    yield action, _resource(resource)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _resource(value: Any) -> str:
    """`Table/index/gsi1` for `!Sub ${Table.Arn}/index/gsi1`."""
    [(function, said)] = value.items()
    if function == "GetAtt":
        return str(said).removesuffix(".Arn")
    assert function == "Sub"
    text = str(said)
    if found := re.search(r":(stateMachine|role)[:/](.*)\Z", text):
        return f"{found[1]}/{found[2]}".replace("${Stage}", "stage")
    return re.sub(r"\$\{(\w+)\.Arn\}", r"\1", text)


def needed(service: str, operation: str, on: str) -> set[Grant]:
    """Actions that a call needs. Source: the Service Authorization Reference of each service; for a
    transaction "IAM policies for DynamoDB transactions"; for KMS under S3 "Protecting data with
    SSE-KMS"; and GetObject tells that an object is absent only to who may list the bucket."""
    name = on.removeprefix("dharma-").capitalize()
    if service == "dynamodb":
        table, _, rest = name.partition("/")
        place = f"{table}/{rest}" if rest else table
        verb = operation.partition("/")[2] or operation
        verb = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}.get(verb, verb)
        return {(f"dynamodb:{verb.replace('ConditionCheck', 'ConditionCheckItem')}", place)}
    if service == "s3":
        lists = ("s3:ListBucket", name)
        return {
            "DeleteObject": {("s3:DeleteObject", f"{name}/*")},
            "GetObject": {("s3:GetObject", f"{name}/*"), lists, ("kms:Decrypt", "DataKey")},
            "ListObjectsV2": {lists},
            "PutObject": {("s3:PutObject", f"{name}/*"), ("kms:GenerateDataKey", "DataKey")},
        }[operation]
    if service == "kms":
        return {(f"kms:{operation}", "DataKey")}
    if service == "stepfunctions":
        return {(f"states:{operation}", "stateMachine/dharma-stage-deploy")}
    raise AssertionError(f"nobody said what {service} {operation} needs")


def recorded() -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = json.loads(RECORDED.read_text())
    return found


def wanted(name: str) -> set[Grant]:
    calls = recorded()[name]
    seen = set().union(*(needed(*call) for call in calls)) if calls else set()
    return seen.union(*UNREACHED.get(name, {}).values())


def test_the_recording_knows_every_function() -> None:
    assert set(recorded()) == set(functions())


@pytest.mark.parametrize("name", sorted(functions()))
def test_a_function_may_do_what_it_does_and_nothing_else(name: str) -> None:
    has, wants = set(granted(functions()[name])), wanted(name)
    assert sorted(wants - has) == [], "is done and not granted"
    assert sorted(has - wants) == [], "is granted and never done"


def test_what_the_tests_cannot_reach_is_not_reached() -> None:
    for name, reasons in UNREACHED.items():
        calls = recorded()[name]
        seen = set().union(*(needed(*call) for call in calls))
        for reason, grants in reasons.items():
            assert grants - seen, f"{name}: {reason}: the recording has it all"


@pytest.mark.stack
def test_the_calls_are_as_recorded(tmp_path: Path) -> None:
    calls = tmp_path / "calls.json"
    environment = {
        **os.environ,
        "DHARMA_TEST_WORLD": "aws",
        "DHARMA_TEST_RECORD": str(calls),
    }
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.recording", *SELECTION],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]
    found = {
        name: sorted({tuple(call[:3]) for call in made})
        for name, made in json.loads(calls.read_text()).items()
    }
    if os.environ.get("DHARMA_RENEW"):
        lines = [
            f'  "{name}": [{",".join(f"{chr(10)}    {json.dumps(list(c))}" for c in made)}]'
            for name, made in sorted(found.items())
        ]
        RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    assert found == {name: [tuple(c) for c in made] for name, made in recorded().items()}
