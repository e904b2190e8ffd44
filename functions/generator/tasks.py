"""The native template of a deployment."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from dharma.bootstrap import application
from dharma.catalog.document import Note
from dharma.core.errors import NotExpressible
from dharma.generator import GenerateOptions, generate
from dharma.generator.cloudformation.nested_stacks import BYTES_MAX, RESOURCES_MAX
from dharma.generator.cloudformation.parameters import (
    output_names,
    parameter_names,
    parameter_value,
)
from dharma.generator.verification import reread
from dharma.orchestrator.steps.step_run import StepRun
from functions.steps import step_handler

MANY_BYTES = 1_000_000_000
MANY_RESOURCES = 1_000_000


def write_template(step: StepRun) -> dict[str, Any]:
    """Writes `template.json`: the body, the values of its parameters (secret ones by the variable
    that holds them) and which output of the blueprint each native output is."""
    # CloudFormation has no secret outputs: those stay where they are, in the cloud.
    shown = tuple(output for output in step.blueprint.outputs if not output.sensitive)
    blueprint = replace(step.blueprint, outputs=shown)
    secret = {variable.name for variable in blueprint.variables if variable.sensitive}
    open_values = {name: value for name, value in step.values.items() if name not in secret}
    code = generate(
        blueprint,
        "cloudformation",
        application().catalog,
        GenerateOptions(
            variables=open_values,
            region=step.environment.region,
            json=True,
            # A deployment is one stack: nothing is split, what is too large is refused.
            template_bytes=MANY_BYTES,
            template_resources=MANY_RESOURCES,
        ),
    )
    (body,) = code.files.values()
    _refuse_too_large(body)
    check = reread(blueprint, code, application().catalog)
    names = parameter_names(blueprint)
    step.write(
        "template.json",
        {
            "body": body,
            "parameters": {
                names[variable]: parameter_value(value)
                for variable, value in open_values.items()
                if variable in names
            },
            "secrets": {names[variable]: variable for variable in secret if variable in names},
            "outputs": {native: name for name, native in output_names(shown).items()},
        },
    )
    notes = [
        {"kind": note.kind, "address": note.address, "path": note.path, "message": note.message}
        for note in [
            *code.warnings,
            *(Note("approximated", "template", "re-read", said) for said in check.findings),
        ]
    ]
    step.write("generation-notes.json", notes)
    return {"bytes": len(body.encode()), "warnings": len(notes), "reRead": check.outcome}


def _refuse_too_large(body: str) -> None:
    """Told here, before anybody is asked to approve. Templates are sent without their layout."""
    template = json.loads(body)
    resources = len(template.get("Resources", {}))
    size = len(json.dumps(template, separators=(",", ":"), ensure_ascii=False).encode())
    if resources > RESOURCES_MAX or size > BYTES_MAX:
        raise NotExpressible(
            f"one stack cannot hold this blueprint: {resources:,} resources in {size:,} bytes, "
            f"where CloudFormation takes {RESOURCES_MAX:,} and {BYTES_MAX:,}. Divide it, or write "
            "it with generate -f cloudformation and deploy its nested stacks with "
            "`aws cloudformation package` and `deploy`"
        )


handler = step_handler({"generate": write_template}, "generator")
