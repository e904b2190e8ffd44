"""The composition root: which adapter stands behind which port.

Production (AWS) is the default, `DHARMA_RUNTIME=local` the laptop; tests hand in their own parts:

    Application(settings, store=MemoryStore(), clock=FixedClock())

Every part is made when it is first asked for, and imported then: a function pays for what it uses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dharma.core.clock import Clock, SystemClock
from dharma.core.errors import Misconfigured
from dharma.core.settings import Settings

if TYPE_CHECKING:
    from dharma.adapters.aws.clients import Clients
    from dharma.adapters.aws.dynamodb_store import DynamoStore
    from dharma.adapters.local.keys import FileKeys
    from dharma.adapters.local.signing_keys import FileSigningKeys
    from dharma.blueprint.environments import Environments
    from dharma.blueprint.service import Blueprints
    from dharma.catalog.catalog import Catalog
    from dharma.core.artifacts import ArtifactStore
    from dharma.core.audit.trail import AuditTrail
    from dharma.core.breaker import CircuitBreaker
    from dharma.core.cache import Cache
    from dharma.core.circuit import Rule
    from dharma.core.encryption import Cipher
    from dharma.core.rate_limit import RateLimit
    from dharma.core.store import ItemStore
    from dharma.core.workflows import Workflows
    from dharma.costing.price_book import PriceBook
    from dharma.guardrails.engine import PolicyEngine
    from dharma.orchestrator.ports import Ports, Targets, Webhooks
    from dharma.orchestrator.projections import Projections
    from dharma.orchestrator.service import Orchestrator
    from dharma.sso.tokens import TokenIssuer, TokenVerifier


class Application:
    """All parts of one installation. `parts`: ready-made ones by name, for tests."""

    def __init__(self, settings: Settings, **parts: Any) -> None:
        unknown = [n for n in parts if not isinstance(vars(type(self)).get(n), cached_property)]
        if unknown:
            raise ValueError(f"no parts of the application: {unknown}")
        self.settings = settings
        vars(self).update(parts)

    @cached_property
    def clock(self) -> Clock:
        return SystemClock()

    # --- behind ports

    @cached_property
    def store(self) -> ItemStore:
        if self._on_aws:
            return self._dynamodb
        from dharma.adapters.local.sqlite_store import SqliteStore

        path = self.settings.state_dir / "store.sqlite3"
        return SqliteStore(path, self._file_keys.derive("cursors"), self.clock)

    @cached_property
    def artifacts(self) -> ArtifactStore:
        if self._on_aws:
            from dharma.adapters.aws.s3_artifacts import S3Artifacts

            bucket = _needed("DHARMA_ARTIFACTS_BUCKET", self.settings.artifacts_bucket)
            key = _needed("DHARMA_KMS_KEY", self.settings.kms_key)
            return S3Artifacts(self._aws["s3"], bucket, key)
        from dharma.adapters.local.artifacts import DirectoryArtifacts

        return DirectoryArtifacts(self.settings.state_dir / "artifacts")

    @cached_property
    def anchors(self) -> ArtifactStore:
        """Where the audit trail keeps its heads: on AWS a bucket that lets nobody remove them."""
        if not self._on_aws:
            return self.artifacts
        from dharma.adapters.aws.s3_artifacts import S3Artifacts

        variable = "DHARMA_ANCHORS_BUCKET"
        bucket = _needed(variable, self.settings.anchors_bucket)
        key = _needed("DHARMA_KMS_KEY", self.settings.kms_key)
        return S3Artifacts(self._aws["s3"], bucket, key, variable)

    @cached_property
    def workflows(self) -> Workflows:
        if self._on_aws:
            from dharma.adapters.aws.step_functions import StepFunctions

            machines = _needed("DHARMA_STATE_MACHINES", self.settings.state_machines)
            return StepFunctions(self._aws["stepfunctions"], machines)
        from dharma.adapters.local.workflows import FILE_NAME, LocalWorkflows

        return LocalWorkflows(self.settings.state_dir / FILE_NAME, self.clock)

    @cached_property
    def cipher(self) -> Cipher:
        from dharma.core.encryption import Cipher

        if self._on_aws:
            from dharma.adapters.aws.kms_keys import KmsKeys

            key = _needed("DHARMA_KMS_KEY", self.settings.kms_key)
            return Cipher(KmsKeys(self._aws["kms"], key))
        return Cipher(self._file_keys)

    @property
    def _on_aws(self) -> bool:
        return self.settings.runtime == "aws"

    @cached_property
    def _aws(self) -> Clients:
        from dharma.adapters.aws.clients import Clients

        return Clients()

    @cached_property
    def _dynamodb(self) -> DynamoStore:
        table = _needed("DHARMA_TABLE", self.settings.table_name)
        from dharma.adapters.aws.dynamodb_store import DynamoStore
        from dharma.adapters.aws.shared_key import shared_key

        def cursor_key() -> bytes:
            return shared_key(self.store, self.cipher, "cursors")

        return DynamoStore(self._aws["dynamodb"], table, cursor_key, self.clock)

    @cached_property
    def stream_events(self) -> Callable[[Sequence[Mapping[str, Any]]], list[dict[str, Any]]]:
        """Records of the table's stream to the envelopes of the events in them."""
        from dharma.adapters.aws.dynamodb_outbox import envelopes

        return envelopes

    @cached_property
    def _file_keys(self) -> FileKeys:
        from dharma.adapters.local.keys import FileKeys

        return FileKeys(self.settings.state_dir / "keys" / "data.json")

    @cached_property
    def cache(self) -> Cache | None:
        if self.settings.cache_url is None:
            return None
        from dharma.adapters.redis_cache import RedisCache

        return RedisCache(self.settings.cache_url, self.clock)

    def _breaker(self, sort: str, rule: Rule | None = None) -> CircuitBreaker:
        """Shared through the cache; where there is none, each process has circuits of its own."""
        from dharma.adapters.local.memory_cache import MemoryCache
        from dharma.core.breaker import CircuitBreaker

        return CircuitBreaker(self.cache or MemoryCache(self.clock), sort, rule)

    @cached_property
    def rate_limit(self) -> RateLimit | None:
        if self.cache is None:
            return None
        from dharma.core.rate_limit import RateLimit

        return RateLimit(self.cache, self.settings.rate_limit, self.clock)

    # --- who is asking

    @cached_property
    def token_verifier(self) -> TokenVerifier:
        from dharma.sso.tokens import TokenVerifier

        settings = self.settings
        return TokenVerifier(
            self._public_keys(), settings.token_issuer, settings.token_audience, self.clock
        )

    @cached_property
    def token_issuer(self) -> TokenIssuer:
        if self._on_aws:
            raise Misconfigured(
                "DHARMA_TOKEN_ISSUER: on AWS tokens come from the identity provider that it names"
            )
        from dharma.sso.tokens import TokenIssuer

        settings = self.settings
        return TokenIssuer(
            self._signing_keys.private_pem(),
            settings.token_issuer,
            settings.token_audience,
            self.clock,
        )

    @cached_property
    def _signing_keys(self) -> FileSigningKeys:
        from dharma.adapters.local.signing_keys import FileSigningKeys

        return FileSigningKeys(self.settings.state_dir / "keys")

    def _public_keys(self) -> dict[str, Any]:
        given = self.settings.token_jwks
        if given is None and not self._on_aws:
            return self._signing_keys.public_keys()
        try:
            jwks: dict[str, Any] = json.loads(_needed("DHARMA_TOKEN_JWKS", given))
        except ValueError as error:
            raise Misconfigured(f"DHARMA_TOKEN_JWKS: no JSON ({error})") from error
        return jwks

    # --- knowledge that is shipped

    @cached_property
    def catalog(self) -> Catalog:
        from dharma.catalog import load_catalog

        return load_catalog()

    @cached_property
    def policy_engine(self) -> PolicyEngine:
        """With the built-in policies; its process is started by the first evaluation."""
        from dharma.guardrails.engine import PolicyEngine
        from dharma.guardrails.library import load_policies

        return PolicyEngine(load_policies())

    @cached_property
    def price_book(self) -> PriceBook:
        from dharma.costing.price_book import PriceBook

        return PriceBook.open()

    # --- services

    @cached_property
    def audit(self) -> AuditTrail:
        from dharma.core.audit.trail import AuditTrail

        return AuditTrail(self.store, self.anchors, self.clock)

    @cached_property
    def audited_store(self) -> ItemStore:
        """The store for what people change through the API."""
        from dharma.core.audit.audited_store import AuditedStore

        return AuditedStore(self.store, self.audit)

    @cached_property
    def blueprints(self) -> Blueprints:
        from dharma.blueprint.service import Blueprints

        return Blueprints(self.audited_store, self.cipher, self.catalog, self.clock)

    @cached_property
    def environments(self) -> Environments:
        from dharma.blueprint.environments import Environments

        store = self.audited_store
        return Environments(store, self.cipher, self.clock, occupied=self._occupant)

    def _occupant(self, tenant: str, environment: str) -> str | None:
        """What keeps an environment from being removed."""
        from dharma.orchestrator.locks import EnvironmentLocks
        from dharma.orchestrator.states import States

        deployed = States(self.store).stacks(tenant, environment)
        if deployed:
            return f"the stack {deployed[0].stack}"
        lock = EnvironmentLocks(self.store, self.clock).read(tenant, environment)
        return f"the deployment {lock.held_by}" if lock.is_held(self.clock.now()) else None

    @cached_property
    def orchestrator(self) -> Orchestrator:
        from dharma.orchestrator.service import Orchestrator

        return Orchestrator(self.orchestrator_ports)

    @cached_property
    def projections(self) -> Projections:
        from dharma.orchestrator.projections import Projections

        return Projections(self.store, self.clock)

    @cached_property
    def orchestrator_ports(self) -> Ports:
        """What the service and the steps of a deployment stand on."""
        from dharma.orchestrator.ports import Ports

        return Ports(
            store=self.audited_store,
            artifacts=self.artifacts,
            workflows=self.workflows,
            clock=self.clock,
            catalog=self.catalog,
            environments=self.environments,
            sealer=self.cipher,
            targets=self.targets,
            webhooks=self.webhooks,
        )

    @cached_property
    def targets(self) -> Targets:
        from dharma.adapters.clouds.targets import CloudTargets
        from dharma.core.circuit import Rule

        # Their clients try again by themselves, so that one failure is several; and the sandbox
        # comes back within seconds.
        rule = Rule(least_calls=10, pause=10)
        return CloudTargets(
            self.clock, self.settings.sandbox_url, breaker=self._breaker("cloud", rule)
        )

    @cached_property
    def webhooks(self) -> Webhooks:
        from dharma.adapters.webhooks import HttpWebhooks

        return HttpWebhooks(self._breaker("webhook"))


def _needed(variable: str, value: str | None) -> str:
    if value is None:
        raise Misconfigured(f"{variable}: must be set where DHARMA_RUNTIME is aws")
    return value


_present: Application | None = None


def application() -> Application:
    """The application of this process, made from its environment at the first call."""
    global _present  # noqa: PLW0603 - the one composition root of a process
    if _present is None:
        _present = Application(Settings.from_environment())
    return _present


def use(replacement: Application | None) -> Application | None:
    """Replace the application of this process, for tests; return the one before."""
    global _present
    before, _present = _present, replacement
    return before
