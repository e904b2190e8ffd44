"""A template over CloudFormation's limits: split, wired, joined again, and stable when it grows."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from typing import Any

import pytest

from dharma.catalog import load_catalog
from dharma.core.errors import NotExpressible
from dharma.generator import GenerateOptions, generate
from dharma.generator.cloudformation.nested_stacks import STACK, Limits, split
from dharma.model.blueprint import Blueprint, Output, Resource, Variable
from dharma.model.expressions.nodes import (
    Ambient,
    Call,
    ResourceRef,
    Template,
    Value,
    VariableRef,
)
from dharma.model.expressions.parser import parse_expression

HEAD: dict[str, Any] = {"AWSTemplateFormatVersion": "2010-09-09"}


def blueprint(count: int, *more: Resource) -> Blueprint:
    """`count` queues that name a topic, a key and each other; every fifth under a condition."""
    resources = [
        Resource("aws_kms_key", "all", {"enable_key_rotation": True}),
        Resource("aws_sns_topic", "alerts", {"tags": {"list": VariableRef("names_text")}}),
    ]
    for number in range(count):
        tags: dict[str, Value] = {
            "topic": ResourceRef("aws_sns_topic.alerts", ("arn",)),
            "stack": Ambient("deployment_name"),
            "text": Template(("a-", VariableRef("environment"), "-$")),
        }
        if number >= 10:
            # What exists under a condition is named by what exists under the same one.
            before = number - 10 if number % 5 in (0, 2) else number - 7
            tags["before"] = ResourceRef(f"aws_sqs_queue.q{before}", ("arn",))
        resources.append(
            Resource(
                "aws_sqs_queue",
                f"q{number}",
                {"kms_master_key_id": ResourceRef("aws_kms_key.all", ("arn",)), "tags": tags},
                condition=parse_expression('var.environment != "dev"') if number % 5 == 0 else None,
                depends_on=("aws_sqs_queue.q3",) if number % 50 == 49 else (),
            )
        )
    return Blueprint(
        "large",
        "1.0.0",
        "aws",
        variables=(
            Variable("environment", default="dev", allowed=("dev", "production")),
            Variable("names_text", sensitive=True, required=True),
        ),
        resources=(*resources, *more),
        outputs=(
            Output("first", ResourceRef("aws_sqs_queue.q1", ("arn",))),
            Output("maybe", ResourceRef("aws_sqs_queue.q5", ("url",))),
        ),
    )


def written(bp: Blueprint, **options: Any) -> dict[str, Any]:
    chosen = GenerateOptions(json=True, **options)
    files = generate(bp, "cloudformation", load_catalog(), chosen).files
    return {path: json.loads(text) for path, text in files.items()}


def in_one_piece(bp: Blueprint) -> dict[str, Any]:
    (template,) = written(bp, one_template=True).values()
    return dict(template)


def joined(files: Mapping[str, Any]) -> dict[str, Any]:
    """The template that a root and its nested templates stand for: what CloudFormation makes of
    it, resource by resource."""
    root = files["template.json"]
    calls = root["Resources"]
    nested = {name: files[call["Properties"]["TemplateURL"]] for name, call in calls.items()}

    def handed(value: Any) -> Any:
        """A value of the root with the outputs of stacks in place."""
        match value:
            case {"Fn::GetAtt": [stack, path]} if stack in nested:
                _, output = path.split(".")
                found = nested[stack]["Outputs"][output]["Value"]
                return found["Fn::Join"][1] if "Fn::Join" in found else found
            case {"Fn::If": [_, {"Fn::GetAtt": [stack, _]} as inner, ""]} if stack in nested:
                return handed(inner)
            case {"Fn::Join": [",", {"Ref": name}]}:
                return {"Ref": name}
            case {"Fn::Split": [",", inner]}:
                return handed(inner)
        return value

    def back(value: Any, given: Mapping[str, Any]) -> Any:
        match value:
            case {"Ref": name} if name in given:
                return handed(given[name])
            case {"Fn::Sub": text}:
                own = text[1] if isinstance(text, list) else {}

                def named(match: re.Match[str]) -> str:
                    if match[1] in own or match[1] not in given:
                        return match[0]
                    found = handed(given[match[1]])
                    return "${" + (found.get("Ref") or ".".join(found["Fn::GetAtt"])) + "}"

                plain = text[0] if isinstance(text, list) else text
                plain = re.sub(r"\$\{([^!}]+)\}", named, plain)
                return {"Fn::Sub": [plain, back(own, given)] if own else plain}
            case dict():
                return {k: back(v, given) for k, v in value.items()}
            case list():
                return [back(v, given) for v in value]
        return value

    resources: dict[str, Any] = {}
    conditions = dict(root.get("Conditions", {}))
    mappings = dict(root.get("Mappings", {}))
    for name, template in nested.items():
        given = calls[name]["Properties"].get("Parameters", {})
        assert set(given) == set(template.get("Parameters", {})), name
        resources |= back(template["Resources"], given)
        conditions |= back(template.get("Conditions", {}), given)
        mappings |= template.get("Mappings", {})
    outputs = {}
    for name, output in root.get("Outputs", {}).items():
        outputs[name] = {**output, "Value": handed(output["Value"])}
    return {"Resources": resources, "Conditions": conditions, "Mappings": mappings,
            "Outputs": outputs}  # fmt: skip


def without_waits(template: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {k: v for k, v in body.items() if k != "DependsOn"}
        for name, body in template["Resources"].items()
    }


def test_what_fits_stays_one_template() -> None:
    assert set(written(blueprint(400))) == {"template.json"}


@pytest.mark.parametrize("count", [499, 1200])
def test_the_stacks_together_are_the_template(count: int) -> None:
    bp = blueprint(count)
    whole, files = in_one_piece(bp), written(bp)
    found = joined(files)
    assert len(files) > 2
    assert without_waits(found) == without_waits(whole)
    assert found["Conditions"] == whole["Conditions"]
    assert found["Outputs"] == whole["Outputs"]
    assert files["template.json"]["Parameters"] == whole["Parameters"]


def test_no_stack_is_over_a_limit_and_no_two_wait_for_each_other() -> None:
    files = written(blueprint(1500))
    root = files["template.json"]
    for path, template in files.items():
        assert len(template["Resources"]) <= 500, path
        assert len(template.get("Parameters", {})) <= 200, path
        assert len(template.get("Outputs", {})) <= 200, path
    done: set[str] = set()
    for name, call in root["Resources"].items():
        assert call["Type"] == STACK
        text = json.dumps(call["Properties"].get("Parameters", {}))
        needed = set(re.findall(r'"(\w+)", "Outputs\.', text)) | set(call.get("DependsOn", []))
        assert needed <= done, name
        done.add(name)


def test_what_waits_for_a_resource_of_another_stack_waits_for_the_stack() -> None:
    bp = blueprint(900)
    whole, files = in_one_piece(bp), written(bp)
    where = {
        name: stack
        for stack, call in files["template.json"]["Resources"].items()
        for name in files[call["Properties"]["TemplateURL"]]["Resources"]
    }
    for name, body in whole["Resources"].items():
        for awaited in body.get("DependsOn", []):
            stack = files["template.json"]["Resources"][where[name]]
            path = stack["Properties"]["TemplateURL"]
            if where[awaited] == where[name]:
                assert awaited in files[path]["Resources"][name]["DependsOn"]
            else:
                assert where[awaited] in stack.get("DependsOn", []) or (
                    f'["{where[awaited]}", "Outputs.' in json.dumps(stack["Properties"])
                )


def stacks(files: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: path for path, template in files.items() if path != "template.json"
        for name in template["Resources"]
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_a_resource_that_is_added_moves_no_other(seed: int) -> None:
    bp = blueprint(1200)
    place = random.Random(seed).randrange(20, 1200)
    new = Resource("aws_sns_topic", f"new{seed}")
    grown = Blueprint(
        bp.name, bp.version, bp.provider, variables=bp.variables, outputs=bp.outputs,
        resources=(*bp.resources[:place], new, *bp.resources[place:]),
    )  # fmt: skip
    before, after = stacks(written(bp)), stacks(written(grown))
    moved = [name for name, path in before.items() if after[name] != path]
    assert len(moved) == 0


def test_lists_cross_as_text_and_the_name_of_the_stack_is_the_roots() -> None:
    zone = Resource("aws_route53_zone", "z", {"name": "example.org"})
    user = Resource(
        "aws_sqs_queue",
        "zz",
        {
            "tags": {
                "servers": Call(
                    "join", ("-", ResourceRef("aws_route53_zone.z", ("name_servers",)))
                ),
                "name": Template(("x-", Ambient("deployment_name"))),
            }
        },
    )
    bp = blueprint(700)
    resources = (zone, *bp.resources, user)
    whole = Blueprint("large", "1.0.0", "aws", variables=bp.variables, resources=resources)
    files = written(whole)
    assert without_waits(joined(files)) == without_waits(in_one_piece(whole))
    path = stacks(files)["ZzQueue"]
    assert files[path]["Parameters"]["ZHostedZoneNameServers"] == {"Type": "CommaDelimitedList"}
    assert files[path]["Parameters"]["RootStackName"] == {"Type": "String"}


def test_cfn_lint_finds_no_error_in_any_of_them() -> None:
    from cfnlint.api import lint

    options = GenerateOptions(template_resources=12)
    files = generate(blueprint(30), "cloudformation", load_catalog(), options).files
    assert len(files) == 4
    for path, text in files.items():
        found = lint(text, None, ["eu-west-1"])
        assert [f"{path}: {m.message}" for m in found if m.rule.id.startswith("E")] == []


def test_a_small_limit_of_bytes_splits_too() -> None:
    bp = blueprint(200)
    options = GenerateOptions(template_bytes=51_200)
    files = generate(bp, "cloudformation", load_catalog(), options).files
    assert len(files) > 2
    assert all(len(text.encode()) <= 51_200 for text in files.values())
    assert all(path == "template.yaml" or path.startswith("stacks/") for path in files)


def test_one_template_is_never_split_and_says_what_aws_refuses() -> None:
    for count, said in ((498, []), (499, ["501 resources in"])):
        options = GenerateOptions(one_template=True)
        code = generate(blueprint(count), "cloudformation", load_catalog(), options)
        assert list(code.files) == ["template.yaml"]
        told = [n.message for n in code.warnings if n.address == "template"]
        assert [m[: len(s)] for m, s in zip(told, said, strict=True)] == said
        assert all("it refuses this one" in m for m in told)


def test_more_parameters_than_a_template_takes_are_refused() -> None:
    template = HEAD | {
        "Parameters": {f"P{n}": {"Type": "String"} for n in range(201)},
        "Resources": {"A": {"Type": "AWS::SQS::Queue"}},
    }
    with pytest.raises(NotExpressible, match="201 parameters; CloudFormation takes 200"):
        split(template, json.dumps, ".json", Limits())


def test_a_resource_that_is_too_large_alone_is_refused() -> None:
    body = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "x" * 2000}}
    with pytest.raises(NotExpressible, match=r"no nested stacks .* bytes, 1000 are allowed"):
        split(HEAD | {"Resources": {"A": body}}, json.dumps, ".json", Limits(bytes=1000))
