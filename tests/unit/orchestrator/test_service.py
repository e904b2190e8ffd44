"""Asking for deployments: who may, how often, and what is told. In memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from dharma.adapters.local.artifacts import MemoryArtifacts
from dharma.adapters.local.memory_store import MemoryStore
from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.core.clock import FixedClock
from dharma.core.errors import (
    Conflict,
    EnvironmentLocked,
    Forbidden,
    InvalidBlueprint,
    InvalidInput,
    InvalidVariables,
    NotFound,
)
from dharma.core.principal import Principal
from dharma.core.workflows import MemoryWorkflows
from dharma.orchestrator.locks import EnvironmentLocks
from dharma.orchestrator.memory_cloud import MemoryCloud
from dharma.orchestrator.models import DeploymentRequest
from dharma.orchestrator.ports import Ports
from dharma.orchestrator.repository import Appended, Deployments
from dharma.orchestrator.service import Orchestrator, may_approve, stack_name
from dharma.orchestrator.showing import SENSITIVE

ADA = Principal("ada", "acme", frozenset({"admin"}))
EVE = Principal("eve", "acme", frozenset({"editor"}))
VIC = Principal("vic", "acme", frozenset({"viewer"}))
STRANGER = Principal("ada", "other", frozenset({"admin"}))
BLUEPRINT = load_blueprint(
    """
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.0.0
provider: aws
variables:
  - {name: team, type: string, default: web}
  - {name: word, type: string, sensitive: true, default: ""}
resources:
  - {name: jobs, type: aws_sqs_queue, properties: {tags: {team: "${var.team}"}}}
"""
)


@dataclass
class Place:
    """An environment as the orchestrator sees one."""

    name: str = "prod"
    account: str = "123456789012"
    region: str = "eu-west-1"
    credentials: str = "sandbox"
    policy_mode: str = "blocking"
    approvers: tuple[str, ...] = ()
    variables: dict[str, Any] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()
    webhook_url: str | None = None
    webhook_secret: str | None = None


class Places:
    def __init__(self, *places: Place) -> None:
        self.known = {("acme", place.name): place for place in places}

    def read(self, tenant: str, name: str) -> Place:
        if (tenant, name) not in self.known:
            raise NotFound(f"there is no environment {name}")
        return self.known[tenant, name]


class OpenSealer:
    """Marks what was sealed, and refuses to open it under another context."""

    def seal(self, plain: bytes, context: str) -> str:
        return f"sealed|{context}|{plain.hex()}"

    def open(self, sealed: str, context: str) -> bytes:
        _, bound, text = sealed.split("|")
        assert bound == context
        return bytes.fromhex(text)


class Nowhere:
    def target(self, _environment: object) -> MemoryCloud:
        return MemoryCloud()

    def post(self, _url: str, _body: bytes, _headers: object) -> int:
        return 204


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def ports(clock: FixedClock, place: Place) -> Ports:
    return Ports(
        store=MemoryStore(clock),
        artifacts=MemoryArtifacts(),
        workflows=MemoryWorkflows(),
        clock=clock,
        catalog=load_catalog(),
        environments=Places(place, replace(place, name="dev")),
        sealer=OpenSealer(),
        targets=Nowhere(),
        webhooks=Nowhere(),
    )


@pytest.fixture
def orchestrator(ports: Ports) -> Orchestrator:
    return Orchestrator(ports)


def request(**changes: Any) -> DeploymentRequest:
    return DeploymentRequest(**{"environment": "prod", "blueprint": BLUEPRINT, **changes})


def test_a_request_is_stored_with_its_lock_and_the_event_that_starts_it(
    orchestrator: Orchestrator, ports: Ports
) -> None:
    asked = orchestrator.deploy(request(), ADA)
    assert (asked.status, asked.fencing_token, asked.stack) == ("pending", 1, "dharma-prod-jobs")
    store = ports.store
    assert isinstance(store, MemoryStore)
    (event,) = store.pending()
    assert (event.type, event.subject) == ("DeploymentRequested", asked.id)
    assert event.data["deploymentId"] == asked.id
    assert event.data["tenant"] == "acme"
    assert orchestrator.read(asked.id, ADA) == asked


def test_the_same_key_and_request_give_the_same_deployment(orchestrator: Orchestrator) -> None:
    first = orchestrator.deploy(request(variables={"team": "a"}), ADA, "key-1")
    again = orchestrator.deploy(request(variables={"team": "a"}), ADA, "key-1")
    assert again.id == first.id


@pytest.mark.parametrize(
    "changed",
    [
        {"environment": "dev"},
        {"variables": {"team": "b"}},
        {"variables": {"word": "other"}},
        {"auto_approve": True},
        {"blueprint": replace(BLUEPRINT, version="1.0.1")},
    ],
)
def test_the_same_key_with_another_request_is_refused(
    orchestrator: Orchestrator, changed: dict[str, Any]
) -> None:
    orchestrator.deploy(request(), ADA, "key-1")
    with pytest.raises(Conflict, match="key-1 was used for another request"):
        orchestrator.deploy(request(**changed), ADA, "key-1")


def test_a_key_is_forgotten_after_a_day(orchestrator: Orchestrator, clock: FixedClock) -> None:
    first = orchestrator.deploy(request(), ADA, "key-1")
    clock.advance(timedelta(days=1, minutes=1))
    assert orchestrator.deploy(request(), ADA, "key-1").id != first.id


def test_keys_belong_to_a_tenant_and_are_visible_text(orchestrator: Orchestrator) -> None:
    with pytest.raises(InvalidInput, match="visible ASCII"):
        orchestrator.deploy(request(), ADA, "with space")


def test_a_held_environment_names_its_holder_and_stores_nothing(
    orchestrator: Orchestrator, ports: Ports
) -> None:
    first = orchestrator.deploy(request(), ADA)
    kept = ports.artifacts.list()
    with pytest.raises(EnvironmentLocked, match=f"deployment {first.id} of ada"):
        orchestrator.deploy(request(), EVE)
    assert ports.artifacts.list() == kept
    found, _ = orchestrator.list(ADA)
    assert [d.id for d in found] == [first.id]
    assert orchestrator.deploy(request(environment="dev"), EVE).environment == "dev"


def test_other_tenants_see_nothing(orchestrator: Orchestrator) -> None:
    asked = orchestrator.deploy(request(), ADA)
    with pytest.raises(NotFound):
        orchestrator.read(asked.id, STRANGER)
    with pytest.raises(NotFound):
        orchestrator.cancel(asked.id, STRANGER)
    assert orchestrator.list(STRANGER)[0] == []


def test_roles_decide_who_deploys_and_who_approves_himself(orchestrator: Orchestrator) -> None:
    with pytest.raises(Forbidden, match="needs the role editor"):
        orchestrator.deploy(request(), VIC)
    with pytest.raises(Forbidden, match="may not approve"):
        orchestrator.deploy(request(auto_approve=True), EVE)
    assert orchestrator.deploy(request(auto_approve=True), ADA).auto_approve


@pytest.mark.parametrize(
    ("approvers", "principal", "may"),
    [
        ((), ADA, True),
        ((), EVE, False),
        (("eve",), EVE, True),
        (("eve",), ADA, False),
        (("role:editor",), EVE, True),
        (("role:approver",), EVE, False),
    ],
)
def test_approvers_are_people_or_roles(
    approvers: tuple[str, ...], principal: Principal, may: bool
) -> None:
    assert may_approve(approvers, principal) is may


def test_variables_come_from_the_environment_then_from_the_caller(
    orchestrator: Orchestrator, place: Place
) -> None:
    place.variables = {"team": "of the environment", "unrelated": 1}
    assert orchestrator.deploy(request(), ADA).variables == {"team": "of the environment"}
    place.variables = {}


def test_sensitive_values_are_sealed_whoever_calls_them_so(
    orchestrator: Orchestrator, ports: Ports, place: Place
) -> None:
    place.variables, place.sensitive = {"team": "hush-team"}, frozenset({"team"})
    asked = orchestrator.deploy(request(variables={"word": "hush-word"}), ADA)
    assert asked.variables == {}
    assert asked.sealed_variables.startswith(f"sealed|deployment:{asked.id}")
    shown = str(asked.to_dict()) + str(orchestrator.events(asked.id, ADA))
    assert "hush" not in shown
    assert "sealed" not in shown
    assert not any(b"hush" in ports.artifacts.get(key) for key in ports.artifacts.list())


def test_the_newest_deployment_comes_first_page_by_page(
    orchestrator: Orchestrator, clock: FixedClock
) -> None:
    made = []
    for environment in ("prod", "dev"):
        clock.advance(timedelta(seconds=1))
        made.append(orchestrator.deploy(request(environment=environment), ADA).id)
    first, page = orchestrator.list(ADA, limit=1)
    second, _ = orchestrator.list(ADA, limit=1, cursor=page.next_cursor)
    assert [d.id for d in (*first, *second)] == made[::-1]
    of_prod, _ = orchestrator.list(ADA, environment="prod")
    assert [d.id for d in of_prod] == made[:1]


def test_cancelling_is_asked_once_and_nothing_awaits_approval(orchestrator: Orchestrator) -> None:
    asked = orchestrator.deploy(request(), ADA)
    assert orchestrator.cancel(asked.id, ADA).cancel_requested_by == "ada"
    assert orchestrator.cancel(asked.id, EVE).cancel_requested_by == "ada"
    with pytest.raises(Conflict, match="awaits no approval"):
        orchestrator.approve(asked.id, ADA)


def test_a_decision_that_is_said_again_is_no_error_however_late(
    orchestrator: Orchestrator, ports: Ports
) -> None:
    deployments = Deployments(ports.store, ports.clock)

    def happened(key: str, kind: str, data: dict[str, Any]) -> None:
        deployments.append("acme", key, lambda _: Appended([(kind, data)]))

    asked = orchestrator.deploy(request(), ADA)
    happened(asked.id, "ApprovalRequested", {"token": "t-1"})
    with pytest.raises(Conflict, match="no longer awaits approval"):
        orchestrator.approve(asked.id, ADA)  # the patience ran out a moment ago
    for _ in range(2):
        assert orchestrator.approve(asked.id, ADA).approved_by == "ada"
        with pytest.raises(Conflict, match="already approved"):
            orchestrator.reject(asked.id, ADA)
        happened(asked.id, "StepStarted", {"step": "Execute"})


@pytest.mark.parametrize(
    ("environment", "blueprint"),
    [("prod", "three_tier.web"), ("p" * 32, "b" * 128), ("prod", "ünïcode"), ("prod", "a b")],
)
def test_stack_names_are_valid_and_differ_where_blueprints_do(
    environment: str, blueprint: str
) -> None:
    name = stack_name(environment, blueprint)
    assert len(name) <= 128
    assert name.replace("-", "").isalnum()
    assert name.isascii()
    assert name != stack_name(environment, blueprint + "x")


def test_a_plan_stores_nothing_and_takes_no_lock(
    orchestrator: Orchestrator, ports: Ports, place: Place
) -> None:
    place.variables = {"team": "shop", "other": "x"}
    made = orchestrator.plan(request(), EVE)
    assert made.summary["create"] == 1
    assert made.changes[0].after == {"tags": {"team": "shop"}}
    assert orchestrator.list(EVE)[0] == []
    assert list(ports.artifacts.list("")) == []
    assert EnvironmentLocks(ports.store, ports.clock).read("acme", "prod").token == 0
    assert orchestrator.deploy(request(), EVE).status == "pending"


def test_a_plan_shows_no_secret_of_the_environment(
    orchestrator: Orchestrator, place: Place
) -> None:
    place.variables, place.sensitive = {"team": "swordfish"}, frozenset({"team"})
    text = json.dumps(orchestrator.plan(request(), EVE).to_dict())
    assert "swordfish" not in text
    assert SENSITIVE in text


def test_who_may_not_deploy_gets_no_plan(orchestrator: Orchestrator) -> None:
    with pytest.raises(Forbidden):
        orchestrator.plan(request(), VIC)


def test_a_plan_has_the_faults_of_its_deployment(orchestrator: Orchestrator) -> None:
    with pytest.raises(InvalidVariables, match="no such variable"):
        orchestrator.plan(request(variables={"tem": "web"}), EVE)
    resource = replace(BLUEPRINT.resources[0], properties={"tagss": {}})
    broken = replace(BLUEPRINT, resources=(resource,))
    with pytest.raises(InvalidBlueprint, match="1 fault"):
        orchestrator.plan(request(blueprint=broken), EVE)
    with pytest.raises(NotFound, match="no environment"):
        orchestrator.plan(request(environment="nowhere"), EVE)
