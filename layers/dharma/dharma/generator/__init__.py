"""Blueprints to code: one entry for all targets."""

from __future__ import annotations

from dataclasses import replace

from dharma.catalog import Catalog, write
from dharma.catalog.document import Note
from dharma.catalog.vpc_gateways import with_gateway_dependencies
from dharma.core.errors import NotExpressible, NotFound
from dharma.core.garbage import seldom_collected
from dharma.generator.arm.check import reread
from dharma.generator.cloudformation.nested_stacks import Limits
from dharma.generator.cloudformation.parameters import parameter_names, stack_parameters
from dharma.generator.code import (
    AzureBackend,
    Backend,
    GcsBackend,
    GeneratedCode,
    GenerateOptions,
    S3Backend,
)
from dharma.generator.decided import decided, place_of, written_in
from dharma.generator.for_each import counted
from dharma.generator.loops import frozen_variables, without_loops
from dharma.generator.native_only import left_out
from dharma.generator.outputs import native_outputs
from dharma.generator.pulumi.functions import Language
from dharma.generator.splats import without_splats
from dharma.generator.targets.arm import write_arm
from dharma.generator.targets.cloudformation import write_cloudformation
from dharma.generator.targets.deployment_manager import write_deployment_manager
from dharma.generator.targets.pulumi import write_pulumi
from dharma.generator.targets.terraform import warnings, write_terraform
from dharma.generator.terraform_only import unsaid
from dharma.model.blueprint import Blueprint
from dharma.model.targets import TARGETS

__all__ = [
    "TARGETS",
    "AzureBackend",
    "Backend",
    "GcsBackend",
    "GenerateOptions",
    "GeneratedCode",
    "S3Backend",
    "generate",
    "stack_parameters",
]


@seldom_collected()
def generate(
    bp: Blueprint, target: str, catalog: Catalog, options: GenerateOptions | None = None
) -> GeneratedCode:
    """The code of a blueprint in one target's format.

    Raises `NotFound` for a target that there is not, `NotExpressible` for one that cannot say it:
    the message names the path.
    """
    options = options or GenerateOptions()
    if target == "terraform":
        code = _terraform(bp, catalog, options)
    elif target == "cloudformation":
        code = _cloudformation(bp, catalog, options)
    elif target == "arm":
        code = _arm(bp, catalog, options)
    elif target == "deployment-manager":
        code = _deployment_manager(bp, catalog, options)
    elif target == "pulumi-typescript":
        code = _pulumi(bp, catalog, options, "typescript")
    elif target == "pulumi-python":
        code = _pulumi(bp, catalog, options, "python")
    else:
        raise NotFound(f"there is no target {target}; there are {', '.join(TARGETS)}")
    code = replace(code, warnings=[*code.warnings, *left_out(bp, target)])
    if target != "terraform":
        code = replace(code, warnings=[*code.warnings, *unsaid(bp, target, options.region)])
    for path, text in code.files.items():
        _check_text(path, text)
    return code


def _grouped(bp: Blueprint, catalog: Catalog) -> Blueprint:
    """Every resource that the catalog knows in a module, its own or that of its category."""
    kinds = {r.address: catalog.kind(r.type) for r in bp.resources}
    return replace(
        bp,
        resources=tuple(
            replace(r, module=kind.category.replace("-", "_"))
            if r.module is None and (kind := kinds[r.address]) is not None
            else r
            for r in bp.resources
        ),
    )


def _terraform(bp: Blueprint, catalog: Catalog, options: GenerateOptions) -> GeneratedCode:
    if options.modules:
        bp = _grouped(bp, catalog)
    resources = with_gateway_dependencies(bp.resources)
    document, notes = write(resources, "terraform", catalog)
    outputs = native_outputs(bp.outputs, resources, document, catalog)
    files = write_terraform(bp, document, outputs, options)
    return GeneratedCode("terraform", files, [*notes, *warnings(bp, document)], tuple(resources))


def _pulumi(
    bp: Blueprint, catalog: Catalog, options: GenerateOptions, language: Language
) -> GeneratedCode:
    resources = with_gateway_dependencies(bp.resources)
    document, notes = write(resources, "terraform", catalog)
    outputs = native_outputs(bp.outputs, resources, document, catalog)
    files, warned = write_pulumi(bp, document, outputs, options, language)
    return GeneratedCode(f"pulumi-{language}", files, [*notes, *warned])


def _cloudformation(bp: Blueprint, catalog: Catalog, options: GenerateOptions) -> GeneratedCode:
    if bp.provider != "aws":
        raise NotExpressible(
            f"CloudFormation is AWS's own: it cannot describe resources of {bp.provider}"
        )
    frozen = frozen_variables(bp, frozenset(parameter_names(bp)))
    values = {n: v for n, v in options.variables.items() if n in frozen}
    resources, outputs = without_loops(bp, values)
    resources = with_gateway_dependencies(resources)
    document, notes = write(resources, "cloudformation", catalog)
    native = native_outputs(outputs, resources, document, catalog)
    left = replace(bp, variables=tuple(v for v in bp.variables if v.name not in values))
    files, warned = write_cloudformation(
        left,
        document,
        native,
        json=options.json,
        limits=None
        if options.one_template
        else Limits(options.template_resources, options.template_bytes),
    )
    written_in = [
        Note("approximated", "variables", name, "its value is written in; it is no parameter")
        for name in sorted(values)
    ]
    warned = [*notes, *_ignored_changes(bp), *written_in, *warned]
    return GeneratedCode("cloudformation", files, warned, tuple(resources))


def _arm(bp: Blueprint, catalog: Catalog, options: GenerateOptions) -> GeneratedCode:
    if bp.provider != "azure":
        raise NotExpressible(
            f"ARM templates are Azure's own: they cannot describe resources of {bp.provider}"
        )
    resources, loops = counted(bp.resources, bp.outputs, bp.variables)
    outputs = bp.outputs
    if any(r.for_each is not None for r in resources):
        left = replace(bp, resources=resources)
        resources, outputs = without_loops(left, options.variables, counts_stay=True)
    # What reading the template gives: loops over variables are loops again.
    before = {r.address: r for r in bp.resources if r.address in loops}
    meant = tuple(before.get(r.address, r) for r in resources)
    resources, outputs = without_splats(resources, outputs)
    document, notes = write(resources, "arm", catalog)
    native = native_outputs(outputs, resources, document, catalog)
    files, warned = write_arm(bp, document, native, catalog, scope=options.scope, loops=loops)
    doubts = [n for name, text in files.items() for n in reread(text, name, meant, catalog)]
    return GeneratedCode("arm", files, [*notes, *warned, *doubts], meant)


def _deployment_manager(bp: Blueprint, catalog: Catalog, options: GenerateOptions) -> GeneratedCode:
    if bp.provider != "gcp":
        raise NotExpressible(
            f"Deployment Manager is Google's own: it cannot describe resources of {bp.provider}"
        )
    values = written_in(bp, options)
    resources, outputs = without_loops(bp, values)
    resources = tuple(decided(r) for r in resources if r.condition is not False)
    document, notes = write(resources, "deployment_manager", catalog)
    native = native_outputs(outputs, resources, document, catalog)
    files, warned = write_deployment_manager(document, native, place_of(bp, options, values))
    told = [
        Note("approximated", "variables", name, "its value is written in; there are no parameters")
        for name in sorted(values)
    ]
    return GeneratedCode("deployment-manager", files, [*notes, *told, *warned], tuple(resources))


def _ignored_changes(bp: Blueprint) -> list[Note]:
    """CloudFormation compares templates, never the resource: changes from outside are ignored
    anyway, changes of the template never."""
    return [
        Note(
            "approximated",
            resource.address,
            "lifecycle.ignore_changes",
            "CloudFormation ignores changes made outside of it, and no others",
            resource.origin,
        )
        for resource in bp.resources
        if resource.lifecycle.ignore_changes
    ]


def _check_text(path: str, text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise NotExpressible(f"{path}:{line}: half a character cannot be written") from error
