"""A resolved blueprint with the addresses by which its author knows the resources.

The model has no modules and no expanded loops: `module.web.aws_sqs_queue.jobs["a"]` of Terraform
code is `aws_sqs_queue.web_jobs_a` there. A verdict and a price are read beside the code, so they
speak of it in its own terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dharma.blueprint.readers.result import SourceFormat
from dharma.model.addresses import instance_address, referred_address
from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance
from dharma.model.expressions.nodes import ResourceRef, Value, transform

# In the other formats a resource has a place in the document, and no address.
_ADDRESSED: frozenset[SourceFormat] = frozenset({"terraform", "terraform-plan", "terraform-state"})


def in_source_terms(resolved: ResolvedBlueprint, source: SourceFormat) -> ResolvedBlueprint:
    """The same resources under the addresses of the source, references too; the blueprint itself
    where the source has none, or the same."""
    if source not in _ADDRESSED:
        return resolved
    return renamed(resolved, {i.address: _source_address(i) for i in resolved.resources})


def in_model_terms(resolved: ResolvedBlueprint) -> tuple[ResolvedBlueprint, Mapping[str, str]]:
    """The way back, and the source's address by the model's where they differ."""
    names = {_model_address(i): i.address for i in resolved.resources}
    differing = {model: source for model, source in names.items() if model != source}
    return renamed(resolved, {source: model for model, source in differing.items()}), differing


def renamed(resolved: ResolvedBlueprint, names: Mapping[str, str]) -> ResolvedBlueprint:
    """With other addresses of instances, wherever they stand; `names` gives the new by the old."""
    names = {old: new for old, new in names.items() if old != new}
    if not names:
        return resolved

    def told(value: Value) -> Value:
        return referring_to(value, names)

    return replace(
        resolved,
        resources=tuple(
            replace(
                instance,
                address=names.get(instance.address, instance.address),
                properties={n: told(v) for n, v in instance.properties.items()},
                native={
                    target: {n: told(v) for n, v in extra.items()}
                    for target, extra in instance.native.items()
                },
                depends_on=tuple(names.get(a, a) for a in instance.depends_on),
            )
            for instance in resolved.resources
        ),
        outputs={name: told(value) for name, value in resolved.outputs.items()},
    )


def referring_to(value: Value, names: Mapping[str, str]) -> Value:
    """A value whose references name other addresses; `names` gives the new by the old."""

    def told(node: Value) -> Value:
        if isinstance(node, ResourceRef) and (new := names.get(referred_address(node))):
            return ResourceRef(new, node.path)
        return node

    return transform(value, told)


def _model_address(instance: ResourceInstance) -> str:
    return instance_address(f"{instance.type}.{instance.name}", instance.key)


def _source_address(instance: ResourceInstance) -> str:
    """A loop that was not expanded has one origin and many instances."""
    written = instance.origin.address
    return instance.address if written is None else instance_address(written, instance.key)
