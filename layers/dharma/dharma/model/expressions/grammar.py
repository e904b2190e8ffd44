"""What the parser reads and the printer writes: the spelling of names, operators and keywords."""

from __future__ import annotations

import re

from dharma.model.expressions.nodes import Value

AMBIENT_SPELLING: dict[tuple[str, ...], str] = {
    ("data", "aws_region", "current", "name"): "region",
    ("data", "aws_region", "current", "region"): "region",
    ("data", "aws_caller_identity", "current", "account_id"): "account_id",
    ("data", "aws_partition", "current", "partition"): "partition",
    ("data", "aws_partition", "current", "dns_suffix"): "url_suffix",
    ("data", "aws_availability_zones", "available", "names"): "availability_zones",
    ("data", "google_client_config", "current", "region"): "region",
    ("data", "google_client_config", "current", "project"): "project",
    ("data", "azurerm_client_config", "current", "subscription_id"): "subscription_id",
    ("data", "azurerm_client_config", "current", "tenant_id"): "tenant_id",
    ("data", "azurerm_client_config", "current", "object_id"): "principal_id",
    ("deployment", "name"): "deployment_name",
    ("deployment", "id"): "deployment_id",
}

BINDING_POWER = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}

KEYWORDS: dict[str, Value] = {"true": True, "false": False, "null": None}

_TYPE_NAME = re.compile(r"[^\W\d][\w-]*(?:::[^\W\d][\w-]*)*\Z")
_IDENTIFIER = re.compile(r"[^\W\d][\w-]*\Z")


def is_identifier(text: str) -> bool:
    return _IDENTIFIER.match(text) is not None


def is_type_name(text: str) -> bool:
    """Whether a text can be the type of a resource: `aws_s3_bucket`, `AWS::S3::Bucket`."""
    return _TYPE_NAME.match(text) is not None
