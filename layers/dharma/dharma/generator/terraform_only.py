"""Words of a blueprint that only Terraform has a place for, and what becomes of them elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from dharma.catalog.document import Note
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Blueprint, Resource

_TITLES = {
    "arm": "ARM",
    "cloudformation": "CloudFormation",
    "deployment-manager": "Deployment Manager",
    "pulumi": "Pulumi",
}
_RENAMED = {
    "cloudformation": "the logical id is made from the name: CloudFormation deletes the resource "
    "and creates another, unless native.cloudformation.LogicalId keeps the former id",
    "arm": "ARM knows resources by their names in Azure: it is renamed where that name says so",
    "deployment-manager": "Deployment Manager takes it for another resource, which is created, "
    "and deletes the former one",
}
_IMPORTED = {
    "cloudformation": "a template does not adopt: use an IMPORT change set, with this identifier",
    "arm": "ARM adopts what bears the name and is there, without being told",
    "deployment-manager": "adopted with `deployments update --create-policy acquire`",
}


def unsaid(bp: Blueprint, target: str, region: str | None) -> list[Note]:
    """What of these words the target does not say. Raises `NotExpressible` for a resource in
    another region: a stack has one, and it would be created in the wrong place."""
    return list(_notes(bp, target, region))


def _notes(bp: Blueprint, target: str, region: str | None) -> Iterator[Note]:
    title = _TITLES.get("pulumi" if target.startswith("pulumi") else target, target)
    for resource in bp.resources:
        where, origin = resource.address, resource.origin
        if target.startswith("pulumi"):
            # A program says where a resource lives, what it was called and what it adopts.
            yield from _pulumi(resource, title)
            continue
        if resource.region is not None and resource.region != region:
            raise NotExpressible(
                f"{where}.region: what {title} deploys together lies in one region; put resources "
                "of another region into a blueprint of their own, or write Terraform"
            )
        if resource.renamed_from:
            message = _RENAMED.get(target, f"{title} is not told that it was renamed")
            yield Note("no_counterpart", where, "renamed_from", message, origin)
        if resource.import_id is not None:
            message = _IMPORTED.get(target, f"{title} code does not adopt what is there already")
            yield Note("no_counterpart", where, "import", message, origin)
        if resource.module is not None:
            message = f"{title} code is written in one piece: there are no modules"
            yield Note("no_counterpart", where, "module", message, origin)
    for removed in bp.removed:
        if removed.destroy:
            continue
        message = f"{title} is not told to keep it: it is deleted with what deploys the rest"
        if target == "cloudformation":
            message = (
                "CloudFormation deletes what is gone from a template: deploy it with "
                "prevent_destroy once before (DeletionPolicy: Retain)"
            )
        elif target.startswith("pulumi"):
            message = "Pulumi deletes it: `pulumi state delete` forgets it before"
        elif target == "arm":
            message = "in the incremental mode ARM leaves alone what is gone from a template"
        yield Note("no_counterpart", removed.address, "removed", message, removed.origin)


def _pulumi(resource: Resource, title: str) -> Iterator[Note]:
    if resource.module is not None:
        message = f"{title} code is written in one piece: there are no modules"
        yield Note("no_counterpart", resource.address, "module", message, resource.origin)
