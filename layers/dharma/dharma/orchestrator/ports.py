"""What the orchestrator asks of others, each as small as its use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dharma.catalog.catalog import Catalog
from dharma.core.artifacts import ArtifactStore
from dharma.core.clock import Clock
from dharma.core.store import ItemStore
from dharma.core.workflows import Workflows
from dharma.orchestrator.clouds import DeploymentTarget


class Environment(Protocol):
    """A place to deploy into. `credentials` refers to some, `policy_mode` is `blocking` or
    `warning`. With `approvers` empty the roles decide. `sensitive` names variables that are not
    shown. `webhook_secret` signs what is sent to `webhook_url`."""

    @property
    def name(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def credentials(self) -> str: ...
    @property
    def sensitive(self) -> frozenset[str]: ...
    @property
    def variables(self) -> Mapping[str, Any]: ...
    @property
    def policy_mode(self) -> str: ...
    @property
    def approvers(self) -> Sequence[str]: ...
    @property
    def webhook_url(self) -> str | None: ...
    @property
    def webhook_secret(self) -> str | None: ...


class Environments(Protocol):
    def read(self, tenant: str, name: str) -> Environment:
        """Raises `NotFound`."""
        ...


class Sealer(Protocol):
    """Encryption at rest. The context is bound to the text: it opens under the same one only."""

    def seal(self, plain: bytes, context: str) -> str: ...
    def open(self, sealed: str, context: str) -> bytes: ...


class Targets(Protocol):
    def target(self, environment: Environment) -> DeploymentTarget:
        """The cloud that an environment lies in."""
        ...


class Webhooks(Protocol):
    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status code of the answer; `Unavailable` when there is none in time."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the service and the steps stand on; put together in `dharma.bootstrap`."""

    store: ItemStore
    artifacts: ArtifactStore
    workflows: Workflows
    clock: Clock
    catalog: Catalog
    environments: Environments
    sealer: Sealer
    targets: Targets
    webhooks: Webhooks
