"""Record the new state, free the environment and say that it succeeded: one transaction."""

from __future__ import annotations

from typing import Any

from dharma.core.errors import DeploymentFailed
from dharma.core.redaction import redacted
from dharma.core.store import Operation
from dharma.orchestrator.clouds import StackContent
from dharma.orchestrator.locks import overtaken
from dharma.orchestrator.models import Deployment
from dharma.orchestrator.repository import Appended
from dharma.orchestrator.showing import SENSITIVE
from dharma.orchestrator.states import StateVersion
from dharma.orchestrator.steps.step_run import StepRun


def run(step: StepRun) -> dict[str, Any]:
    """The release of the lock is conditional on holding it, so a deployment that was overtaken
    writes nothing."""
    if step.deployment.status == "succeeded":
        return {"version": step.deployment.state_version}
    content = _content(step)
    step.write(
        "resources.json",
        [
            {
                "logicalId": r.logical_id,
                "physicalId": r.physical_id,
                "type": r.type,
                "status": r.status,
            }
            for r in content.resources
        ],
    )
    outputs = _outputs(step, content)

    def decide(deployment: Deployment) -> Appended:
        state = _state(step, content, outputs)
        d = deployment
        release = step.locks.release(d.tenant, d.environment, d.id, d.fencing_token)
        if release is None:
            raise overtaken(step.locks.read(d.tenant, d.environment), d.id)
        operations: list[Operation] = [release, *step.states.record(state)]
        recorded = {
            "version": state.version,
            "resourceCount": state.resource_count,
            "outputs": outputs,
        }
        return Appended(
            entries=[("StateRecorded", recorded), ("DeploymentSucceeded", {})],
            operations=operations,
            emitted=[("DeploymentSucceeded", {"version": state.version})],
        )

    d = step.deployment
    step.deployment = step.deployments.append(d.tenant, d.id, decide)
    return {"version": step.deployment.state_version}


def _content(step: StepRun) -> StackContent:
    content = step.target.content(step.deployment.stack)
    if step.deployment.operation == "destroy":
        return StackContent(())
    if content is None:
        raise DeploymentFailed(f"the stack {step.deployment.stack} disappeared")
    return content


def _outputs(step: StepRun, content: StackContent) -> dict[str, Any]:
    """The blueprint's outputs under their own names; secret ones, and those that a secret shines
    through, are not stored."""
    if step.deployment.operation == "destroy":
        return {}
    names: dict[str, str] = step.read("template.json")["outputs"]
    secret = step.resolved.sensitive_outputs
    return {
        name: SENSITIVE if name in secret else redacted(content.outputs[native], step.secrets)
        for native, name in sorted(names.items())
        if native in content.outputs
    }


def _state(step: StepRun, content: StackContent, outputs: dict[str, Any]) -> StateVersion:
    d = step.deployment
    before = step.states.present(d.tenant, d.environment, d.stack)
    destroyed = d.operation == "destroy"
    names = ("blueprint", "resources") if destroyed else ("blueprint", "template", "resources")
    return StateVersion(
        tenant=d.tenant,
        environment=d.environment,
        stack=d.stack,
        version=1 if before is None else before.version + 1,
        deployment_id=d.id,
        fencing_token=d.fencing_token,
        recorded_at=step.ports.clock.now(),
        blueprint_name=d.blueprint_name,
        blueprint_version=d.blueprint_version,
        blueprint_id=d.blueprint_id,
        variables=d.variables,
        sealed_variables=d.sealed_variables,
        artifacts={name: step.key(f"{name}.json") for name in names},
        outputs=outputs,
        resource_count=len(content.resources),
        destroyed=destroyed,
    )
