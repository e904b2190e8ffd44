"""The template of a deployment: written, or refused before anybody is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from dharma.blueprint.environment_record import EnvironmentRecord
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Blueprint, Resource
from functions.generator.tasks import write_template


@dataclass
class Step:
    """What the task uses of a run's step."""

    blueprint: Blueprint
    values: dict[str, Any] = field(default_factory=dict)
    environment: EnvironmentRecord = field(default_factory=lambda: EnvironmentRecord("dev"))
    written: dict[str, Any] = field(default_factory=dict)

    def write(self, name: str, content: Any) -> None:
        self.written[name] = content


def queues(count: int) -> Blueprint:
    resources = tuple(Resource("aws_sqs_queue", f"q{n}") for n in range(count))
    return Blueprint("web", "1.0.0", "aws", resources=resources)


@pytest.mark.parametrize("count", [1, 500])
def test_a_deployment_is_one_stack(count: int) -> None:
    step = Step(queues(count))
    write_template(step)  # type: ignore[arg-type]
    body = json.loads(step.written["template.json"]["body"])
    assert len(body.get("Resources", {})) == count


def test_a_deployment_of_nothing_is_refused_as_cloudformation_would() -> None:
    step = Step(queues(0))
    with pytest.raises(NotExpressible, match="has at least one resource"):
        write_template(step)  # type: ignore[arg-type]
    assert step.written == {}


def test_what_one_stack_cannot_hold_is_refused_before_it_is_planned() -> None:
    step = Step(queues(501))
    with pytest.raises(NotExpressible, match=r"one stack cannot hold this .* 501 resources"):
        write_template(step)  # type: ignore[arg-type]
    assert step.written == {}
