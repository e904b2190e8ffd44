"""The shapes of what routes answer, for the description of the API.

Kept apart from the functions, so that none of them pays for it; the tests compare every answer they
get with what is said here. Fields that are not listed may come with later versions.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from dharma.model.targets import Target


class Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow")


class Link(Answer):
    href: str


class Linked(Answer):
    links: dict[str, Link] = Field(alias="_links", description="Where to go from here.")


class Page(Linked):
    next_cursor: str | None
    previous_cursor: str | None = None


class Note(Answer):
    """Something that was not carried over one to one."""

    kind: Literal["not_understood", "passed_through", "no_counterpart", "approximated"]
    address: str
    path: str
    message: str
    file: str | None
    line: int | None


class Metadata(Answer):
    created_by: str
    created_at: str
    updated_by: str
    updated_at: str


class BlueprintMetadata(Metadata):
    tags: list[str]


class BlueprintSummary(Linked):
    """A blueprint without its contents."""

    id: str
    name: str
    version: str = Field(description="The semantic version that the draft states.")
    provider: Literal["aws", "azure", "gcp"]
    description: str | None
    resource_count: int
    revision: int = Field(description="How often it was written; the ETag.")
    metadata: BlueprintMetadata


class Blueprint(BlueprintSummary):
    """A blueprint of the library."""

    variables: list[dict[str, Any]]
    resources: list[dict[str, Any]]
    outputs: list[dict[str, Any]]


class BlueprintPage(Page):
    items: list[BlueprintSummary]


class ImportedBlueprint(Answer):
    blueprint: Blueprint
    notes: list[Note]


class BlueprintVersion(Linked):
    """A published version, which never changes."""

    blueprint_id: str
    version: str
    digest: str = Field(description="SHA-256 of the document as JSON.")
    resource_count: int
    published_by: str
    published_at: str


class BlueprintVersionContents(BlueprintVersion):
    resources: list[dict[str, Any]]


class BlueprintVersionPage(Page):
    items: list[BlueprintVersion]


class VersionReason(Answer):
    """A change and its weight. Without a subject it is the blueprint's own."""

    step: Literal["major", "minor", "patch"]
    subject: str = Field(description="A resource's address, `var.NAME` or `output.NAME`.")
    path: str
    message: str


class VersionProposal(Linked):
    """What the draft should be called, from what changed since the highest release."""

    version: str
    previous: str | None = Field(description="The release before; null before the first one.")
    step: Literal["major", "minor", "patch"] | None = Field(
        description="How much changed; null when nothing did, or before the first release."
    )
    stated: str = Field(description="The version that the draft states.")
    sufficient: bool = Field(description="Whether the stated version may be published.")
    reasons: list[VersionReason]


class Fault(Answer):
    field: str
    message: str
    line: int | None
    column: int | None
    hint: str | None


class Validation(Answer):
    valid: bool
    faults: list[Fault]


class EnvironmentVariable(Answer):
    """A sensitive one has no `value` here."""

    sensitive: bool
    value: Any = None


class Webhook(Answer):
    url: str
    signed: bool


class Environment(Linked):
    """A place that blueprints are deployed into."""

    name: str
    provider: Literal["aws", "azure", "gcp"]
    account: str
    region: str
    credentials: str
    policy_mode: Literal["blocking", "warning"]
    approvers: list[str]
    variables: dict[str, EnvironmentVariable]
    webhook: Webhook | None
    artifact_bucket: str | None = Field(
        description="Where templates lie that are too long for a request; null: a bucket is made."
    )
    revision: int
    metadata: Metadata


class EnvironmentPage(Page):
    items: list[Environment]


class CarriedPath(Answer):
    from_: str = Field(alias="from")
    to: str


class AlikePath(CarriedPath):
    why: str


class LooseEnd(Answer):
    path: str
    why: str


class NeededVariable(Answer):
    variable: str
    why: str


class ResourceReview(Answer):
    """What became of one resource on the way to another cloud."""

    address: str
    concept: str | None
    status: Literal["carried", "partial", "none"]
    counterparts: list[str]
    reason: str | None
    carried: list[CarriedPath]
    approximated: list[AlikePath]
    dropped: list[LooseEnd]
    added: list[LooseEnd]
    needed: list[NeededVariable]


class ReviewNote(Answer):
    subject: str
    message: str


class CrossCloudReview(Answer):
    """The report of a proposal for another cloud: a person has to read it."""

    from_: Literal["aws", "azure", "gcp"] = Field(alias="from")
    to: Literal["aws", "azure", "gcp"]
    region: str
    needs_review: bool
    counts: dict[str, int]
    resources: list[ResourceReview]
    notes: list[ReviewNote]


class ConvertedCode(Answer):
    format: Literal["blueprint", Target]
    files: dict[str, str] = Field(description="Text by relative path.")
    warnings: list[Note]
    notes: list[Note]
    review: CrossCloudReview | None = Field(description="With `to`: what a person has to look at.")


class GeneratedCode(Answer):
    format: Target
    files: dict[str, str] = Field(description="Text by relative path.")
    warnings: list[Note]
    notes: list[Note]


class Finding(Answer):
    policy: str
    title: str
    severity: Literal["critical", "high", "medium", "low"]
    category: str
    status: Literal["fail", "unknown", "error"]
    message: str
    address: str | None
    remediation: str | None
    file: str | None
    line: int | None
    blocking: bool


class Verdict(Answer):
    """What the policies say."""

    schema_version: str
    outcome: Literal["pass", "fail", "unknown", "error"]
    blocking: bool
    mode: Literal["blocking", "warning"]
    summary: dict[str, int]
    findings: list[Finding]
    policies: list[dict[str, Any]]
    notes: list[Note]


class CostLine(Answer):
    address: str
    resource_type: str
    component: str
    quantity: float | None
    unit: str
    unit_price: float
    monthly_cost: float | None
    service: str
    region: str
    sku: str
    source: str
    as_of: str


class CostEstimate(Answer):
    """The price per month in USD, on demand; what has no price is listed, never 0."""

    schema_version: str
    currency: Literal["USD"]
    region: str
    total_monthly_cost: float
    total_annual_cost: float
    breakdown: list[CostLine]
    usage_based: list[CostLine]
    unpriced: list[dict[str, Any]]
    optimization_savings: float
    confidence: int = Field(ge=0, le=100)
    notes: list[Note]


class PathChange(Answer):
    """One property or output that differs; what is sensitive is not shown."""

    path: str
    before: Any
    after: Any
    forces_replacement: bool
    sensitive: bool


class ResourceChange(Answer):
    address: str
    kind: str
    action: Literal["create", "update", "replace", "delete", "no-op"]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    paths: list[PathChange]
    reason: str


class Plan(Answer):
    """What a deployment would change."""

    format_version: int
    from_version: int = Field(description="The state version compared with; 0 for none.")
    summary: dict[str, int]
    changes: list[ResourceChange]
    outputs: list[PathChange]
    refused: list[str] = Field(description="What the lifecycle forbids: not carried out.")


class DeploymentFailure(Answer):
    code: str
    message: str
    step: str


class BlueprintReference(Answer):
    id: str | None
    name: str
    version: str


class Deployment(Linked):
    """A run of the deploy state machine."""

    id: str
    environment: str
    stack: str
    operation: Literal["deploy", "rollback", "destroy"]
    blueprint: BlueprintReference
    status: Literal[
        "pending",
        "running",
        "awaiting_approval",
        "undoing",
        "succeeded",
        "failed",
        "rejected",
        "cancelled",
        "undo_failed",
    ]
    step: str
    requested_by: str
    correlation_id: str | None = Field(
        description="Of the request that asked for it; the logs of its steps carry it too."
    )
    requested_at: str
    finished_at: str | None
    plan: dict[str, Any] | None
    cost: dict[str, Any] | None
    outputs: dict[str, Any]
    failure: DeploymentFailure | None


class DeploymentPage(Page):
    items: list[Deployment]


class Tally(Answer):
    count: int
    mean_seconds: float | None = Field(description="From the request to the end.")


class DeploymentCounts(Answer):
    total: int
    by_status: dict[str, Tally] = Field(description="Final statuses, and in_progress.")


class EnvironmentCounts(DeploymentCounts):
    environment: str


class DeploymentStatistics(Linked):
    """Kept up by events: a moment behind what has just happened."""

    items: list[EnvironmentCounts]
    total: DeploymentCounts


class Rebuilt(Answer):
    finished: bool
    deployments: int
    repaired: int


class DeploymentEvent(Answer):
    sequence: int
    type: str
    time: str
    data: dict[str, Any]


class DeploymentEvents(Linked):
    items: list[DeploymentEvent]
    next_cursor: str | None


class AuditRecord(Answer):
    """A record of the audit trail, as it was hashed."""

    tenant: str
    day: str
    sequence: int
    time: str
    actor: str
    roles: list[str]
    source_ip: str
    user_agent: str
    action: str
    subject: str
    outcome: Literal["succeeded", "refused", "failed"]
    code: str | None
    correlation_id: str
    details: dict[str, Any]
    previous: str
    hash: str = Field(description="SHA-256 over the canonical JSON of all other fields.")


class AuditPage(Page):
    items: list[AuditRecord]
    day: str | None = Field(description="Whose records these are; None before the first.")


class AuditDay(Answer):
    """A day's chain: its last record, what was kept of it when the day was closed, and while it
    went on."""

    day: str
    head: dict[str, Any] | None
    anchor: dict[str, Any] | None
    running: list[dict[str, Any]]


class AuditDays(Linked):
    items: list[AuditDay]


class Health(Answer):
    status: Literal["ok"]
    version: str
    time: str
    checks: dict[str, str]
