"""An environment as a record: what it is, and how it is asked to change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

PolicyMode = Literal["blocking", "warning"]
PROVIDERS = ("aws", "azure", "gcp")
POLICY_MODES: tuple[PolicyMode, ...] = ("blocking", "warning")
# The account of the emulated cloud.
SANDBOX_ACCOUNT = "123456789012"


@dataclass(frozen=True, slots=True)
class EnvironmentVariable:
    """`value` is plain JSON, opened when it is sensitive."""

    value: Any
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class EnvironmentRecord:
    """Everything about one environment, sensitive values opened: for what deploys.

    `credentials` is a reference, never a secret: `sandbox` (the emulated account), `default` (what
    the process finds in its environment), `profile:<name>`, `role:<arn>`. With `approvers` empty
    the roles decide; `role:<role>` names one. `artifact_bucket` is where templates lie that are too
    long for a request; without one, deployments make their own. `revision` counts the writes.
    """

    name: str
    provider: str = "aws"
    account: str = SANDBOX_ACCOUNT
    region: str = "us-east-1"
    credentials: str = "sandbox"
    policy_mode: PolicyMode = "blocking"
    approvers: tuple[str, ...] = ()
    entries: Mapping[str, EnvironmentVariable] = field(default_factory=dict)
    webhook_url: str | None = None
    webhook_secret: str | None = None
    artifact_bucket: str | None = None
    created_by: str = ""
    created_at: str = ""
    updated_by: str = ""
    updated_at: str = ""
    revision: int = 0

    @property
    def variables(self) -> dict[str, Any]:
        """Values by name."""
        return {name: entry.value for name, entry in self.entries.items()}

    @property
    def sensitive(self) -> frozenset[str]:
        return frozenset(name for name, entry in self.entries.items() if entry.sensitive)

    def to_dict(self) -> dict[str, Any]:
        """As the API shows it: without the values that are sensitive."""
        return {
            "name": self.name,
            "provider": self.provider,
            "account": self.account,
            "region": self.region,
            "credentials": self.credentials,
            "policyMode": self.policy_mode,
            "approvers": list(self.approvers),
            "variables": {
                name: {"sensitive": True}
                if entry.sensitive
                else {"value": entry.value, "sensitive": False}
                for name, entry in sorted(self.entries.items())
            },
            "webhook": None
            if self.webhook_url is None
            else {"url": self.webhook_url, "signed": self.webhook_secret is not None},
            "artifactBucket": self.artifact_bucket,
            "revision": self.revision,
            "metadata": {
                "createdBy": self.created_by,
                "createdAt": self.created_at,
                "updatedBy": self.updated_by,
                "updatedAt": self.updated_at,
            },
        }


@dataclass(frozen=True, slots=True)
class VariableChange:
    """A variable as a caller states it; a sensitive one without `value` keeps the one it has."""

    value: Any = None
    sensitive: bool = False
    stated: bool = True


@dataclass(frozen=True, slots=True)
class EnvironmentChange:
    """What a caller says about an environment; None leaves the default or what is there."""

    provider: str | None = None
    account: str | None = None
    region: str | None = None
    credentials: str | None = None
    policy_mode: str | None = None
    approvers: Sequence[str] | None = None
    variables: Mapping[str, VariableChange] | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    artifact_bucket: str | None = None
