"""What a writer is asked for and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dharma.catalog.document import Note
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Value


@dataclass(frozen=True, slots=True)
class S3Backend:
    """Where Terraform keeps its state: an object of a bucket, locked by S3's own conditional
    writes (no lock table)."""

    bucket: str
    key: str
    region: str


@dataclass(frozen=True, slots=True)
class GcsBackend:
    """Where Terraform keeps its state: objects of a Cloud Storage bucket under a prefix. The bucket
    locks them itself."""

    bucket: str
    prefix: str


@dataclass(frozen=True, slots=True)
class AzureBackend:
    """Where Terraform keeps its state: a blob of a storage account, locked by its lease."""

    resource_group: str
    storage_account: str
    container: str
    key: str


ArmScope = Literal["group", "subscription"]
Backend = S3Backend | GcsBackend | AzureBackend


@dataclass(frozen=True, slots=True)
class GenerateOptions:
    """`variables`: values that are written in where the target needs them known (the count of a
    CloudFormation resource, a variable that is a map); the variables stay parameters. `region`:
    default of the provider's region. `backend`: Terraform state, local when None. `json`:
    CloudFormation as JSON. `modules`: Terraform resources without a module of their own are grouped
    into one by the catalog's category. `template_bytes` and `template_resources`: what one
    CloudFormation template may hold before it is split into nested stacks; 51,200 bytes where it is
    sent without a bucket. `scope`: what an ARM template is deployed to; where None, one resource
    group if that holds everything, else the subscription. `one_template`: CloudFormation is never
    split; a warning says what AWS refuses."""

    variables: Mapping[str, Value] = field(default_factory=dict)
    region: str | None = None
    backend: Backend | None = None
    json: bool = False
    modules: bool = False
    template_bytes: int = 1_000_000
    template_resources: int = 500
    scope: ArmScope | None = None
    one_template: bool = False


@dataclass(frozen=True, slots=True)
class GeneratedCode:
    """`files`: relative path to text, sorted by path. `warnings`: what was not carried over one to
    one; nothing is left out without one. `resources`: what the code is of, loops written out where
    the target has none."""

    target: str
    files: dict[str, str]
    warnings: list[Note] = field(default_factory=list)
    resources: tuple[Resource, ...] = field(default=(), repr=False, compare=False)
