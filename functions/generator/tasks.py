"""The native template of a deployment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dharma.bootstrap import application
from dharma.generator import GenerateOptions, generate
from dharma.generator.cfn_parameters import output_names, parameter_names, parameter_value
from dharma.orchestrator.steps.step_run import StepRun
from functions.steps import step_handler


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
        GenerateOptions(variables=open_values, region=step.environment.region, json=True),
    )
    (body,) = code.files.values()
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
        for note in code.warnings
    ]
    step.write("generation-notes.json", notes)
    return {"bytes": len(body.encode()), "warnings": len(notes)}


handler = step_handler({"generate": write_template}, "generator")
