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


_AZURE = "Azure::"


def kept_type(native: str) -> str:
    """A type of Azure that the catalog does not know, in the spelling that addresses in expressions
    allow: `Azure::Microsoft::Network::virtualWans`."""
    namespace, _, rest = native.partition("/")
    words = [*namespace.split("."), *rest.split("/")]
    return _AZURE + "::".join("".join(c for c in word if c.isalnum()) for word in words)


def azure_type(kept: str) -> str:
    """The same as Azure spells it: `Microsoft.Network/virtualWans`."""
    words = kept.removeprefix(_AZURE).split("::")
    if not kept.startswith(_AZURE) or len(words) < 3:
        return kept
    return "/".join([f"{words[0]}.{words[1]}", *words[2:]])


def native_format(resource_type: str) -> Format:
    """The format that a type of resource belongs to by its spelling: `aws_s3_bucket`,
    `AWS::S3::Bucket`, `Microsoft.Storage/storageAccounts`, `storage.v1.bucket` or
    `gcp-types/storage-v1:buckets`."""
    if resource_type.startswith(_AZURE):
        return "arm"
    if "::" in resource_type:
        return "cloudformation"
    if "." in resource_type or ":" in resource_type:
        return "arm" if "/" in resource_type and ":" not in resource_type else "deployment_manager"
    return "terraform"
