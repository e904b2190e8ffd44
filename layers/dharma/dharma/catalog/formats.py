"""The formats that the catalog maps kinds to, and whose formats they are.

Terraform speaks to every cloud; the other formats are a cloud's own, and only the kinds of that
cloud have them. Here stands what the engine must know of a format beyond its tables.
"""

from __future__ import annotations

from typing import Literal

Format = Literal["terraform", "cloudformation", "arm", "deployment_manager"]

FORMATS: tuple[Format, ...] = ("terraform", "cloudformation", "arm", "deployment_manager")
FORMATS_OF: dict[str, tuple[Format, ...]] = {
    "aws": ("terraform", "cloudformation"),
    "azure": ("terraform", "arm"),
    "gcp": ("terraform", "deployment_manager"),
}
TITLES: dict[Format, str] = {
    "terraform": "Terraform",
    "cloudformation": "CloudFormation",
    "arm": "ARM",
    "deployment_manager": "Deployment Manager",
}

# Formats that can repeat a resource: Terraform's `count` and `for_each`, ARM's `copy`.
LOOPING: frozenset[Format] = frozenset({"terraform", "arm"})

# Formats whose documents name their parts as the model does (`azurerm_subnet.app`), because the
# text knows them by what they are (ARM: type and name), not by an identifier of the author's.
ADDRESSED: frozenset[Format] = frozenset({"terraform", "arm"})


def native_format(resource_type: str) -> Format:
    """The format that a type of resource belongs to by its spelling: `aws_s3_bucket`,
    `AWS::S3::Bucket`, `Microsoft.Storage/storageAccounts`, `storage.v1.bucket` or
    `gcp-types/storage-v1:buckets`."""
    if "::" in resource_type:
        return "cloudformation"
    if "." in resource_type or ":" in resource_type:
        return "arm" if "/" in resource_type and ":" not in resource_type else "deployment_manager"
    return "terraform"
