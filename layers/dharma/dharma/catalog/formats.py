"""The formats that the catalog maps kinds to, and whose formats they are.

Terraform speaks to every cloud; the other formats are a cloud's own, and only the kinds of that
cloud have them. Here stands what the engine must know of a format beyond its tables.
"""

from __future__ import annotations

import re
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

# What a user calls a format that he wants written, where that is not the key of its tables.
_CALLED: dict[Format, str] = {"deployment_manager": "deployment-manager"}


def target_of(format: Format) -> str:
    """The name of the target that is written in this format."""
    return _CALLED.get(format, format)


def format_of(target: str) -> Format | None:
    """The format that a target is written in; None for Pulumi's programs, which are no format of
    the catalog's."""
    return next((format for format in FORMATS if target_of(format) == target), None)


# Formats that can repeat a resource: Terraform's `count` and `for_each`, ARM's `copy`.
LOOPING: frozenset[Format] = frozenset({"terraform", "arm"})

# Formats whose documents name their parts as the model does (`azurerm_subnet.app`), because the
# text knows them by what they are (ARM: type and name), not by an identifier of the author's.
ADDRESSED: frozenset[Format] = frozenset({"terraform", "arm"})

# Formats whose property names are the same in small and capital letters.
CASELESS: frozenset[Format] = frozenset({"arm"})

# Formats whose lists have elements with names (`name`), each once.
NAMED: frozenset[Format] = frozenset({"arm"})

# Arguments that a format's document has for where a resource stands, and its text says otherwise:
# of ARM those that type, name and `scope` give.
PLACES = frozenset({"name", "names", "parent", "resourceGroup", "scope"})

# Children of Azure's resources for which there is no request of their own: they stand among the
# properties of their parent, in the list that the last word of their type names.
WITHIN_PARENT = frozenset(
    f"Microsoft.Network/loadBalancers/{name}"
    for name in ("inboundNatPools", "loadBalancingRules", "outboundRules", "probes")
)
# Those that may stand there, and have to where their parent refers to them.
PERHAPS_WITHIN_PARENT = frozenset(
    {
        "Microsoft.Network/loadBalancers/backendAddressPools",
        "Microsoft.Network/loadBalancers/inboundNatRules",
        "Microsoft.Network/virtualNetworks/subnets",
    }
)


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


_GOOGLE = "Google::"
_BASE_TYPE = re.compile(r"([a-z]+)\.(v\d\w*|alpha|beta)\.([A-Za-z.]+)\Z")
_TYPE_PROVIDER = re.compile(r"gcp-types/([a-z]+)-(v\d\w*|alpha|beta):([A-Za-z.]+)\Z")


def kept_google_type(native: str) -> str:
    """A type of Deployment Manager that the catalog does not know, in the spelling that addresses
    in expressions allow: `Google::compute::v1::targetPool`, and for a type provider's
    `Google::Types::logging::v2::projects::metrics`. Templates stay as they are called."""
    for pattern, prefix in ((_BASE_TYPE, _GOOGLE), (_TYPE_PROVIDER, f"{_GOOGLE}Types::")):
        if found := pattern.match(native):
            return prefix + "::".join([found[1], found[2], *found[3].split(".")])
    return native


def google_type(kept: str) -> str:
    """The same as Deployment Manager spells it: `compute.v1.targetPool`."""
    words = kept.removeprefix(_GOOGLE).split("::")
    if not kept.startswith(_GOOGLE) or len(words) < 3:
        return kept
    if words[0] == "Types" and len(words) > 3:
        return f"gcp-types/{words[1]}-{words[2]}:{'.'.join(words[3:])}"
    return ".".join(words)


def native_format(resource_type: str) -> Format:
    """The format that a type of resource belongs to by its spelling: `aws_s3_bucket`,
    `AWS::S3::Bucket`, `Microsoft.Storage/storageAccounts`, `storage.v1.bucket` or
    `gcp-types/storage-v1:buckets`."""
    if resource_type.startswith(_AZURE):
        return "arm"
    if resource_type.startswith(_GOOGLE):
        return "deployment_manager"
    if "::" in resource_type:
        return "cloudformation"
    if "." in resource_type or ":" in resource_type:
        return "arm" if "/" in resource_type and ":" not in resource_type else "deployment_manager"
    return "terraform"
