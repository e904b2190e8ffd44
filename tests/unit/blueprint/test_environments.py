"""Environments as records: what is stored, shown, kept and refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dharma.adapters.local.keys import FileKeys
from dharma.adapters.local.memory_store import MemoryStore
from dharma.blueprint.environment_record import EnvironmentChange, VariableChange
from dharma.blueprint.environments import Environments
from dharma.core.clock import FixedClock
from dharma.core.encryption import Cipher
from dharma.core.errors import Conflict, InvalidInput, NotFound, VersionConflict
from dharma.core.principal import Principal
from dharma.core.store import Item

ADA = Principal("ada", "acme", frozenset({"admin"}))
BOB = Principal("bob", "acme", frozenset({"admin"}))
EVE = Principal("eve", "other", frozenset({"admin"}))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def store(clock: FixedClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def environments(store: MemoryStore, clock: FixedClock, tmp_path: Path) -> Environments:
    return Environments(store, Cipher(FileKeys(tmp_path / "keys.json")), clock)


def full() -> EnvironmentChange:
    return EnvironmentChange(
        provider="aws",
        account="210987654321",
        region="eu-central-1",
        credentials="profile:prod",
        policy_mode="warning",
        approvers=["carol", "role:approver"],
        variables={
            "size": VariableChange({"min": 2, "max": [4]}),
            "db_password": VariableChange("hunter2-hunter2", sensitive=True),
        },
        webhook_url="https://hooks.example.com/x",
        webhook_secret="signing-secret",
    )


def test_an_environment_comes_back_whole_with_its_secrets_opened(
    environments: Environments,
) -> None:
    created = environments.create(ADA, "prod", full())
    read = environments.read("acme", "prod")
    assert read == created
    assert read.variables == {"size": {"min": 2, "max": [4]}, "db_password": "hunter2-hunter2"}
    assert read.sensitive == {"db_password"}
    assert read.webhook_secret == "signing-secret"
    assert (read.account, read.region, read.policy_mode) == (
        "210987654321",
        "eu-central-1",
        "warning",
    )
    assert read.approvers == ("carol", "role:approver")
    assert (read.created_by, read.created_at) == ("ada", "2026-01-01T00:00:00.000Z")


def test_a_new_environment_is_the_sandbox_and_blocks(environments: Environments) -> None:
    made = environments.create(ADA, "dev", EnvironmentChange())
    assert (made.provider, made.credentials, made.policy_mode) == ("aws", "sandbox", "blocking")


def test_no_secret_is_stored_or_shown_in_the_clear(
    environments: Environments, store: MemoryStore
) -> None:
    created = environments.create(ADA, "prod", full())
    item = store.get("T#acme#ENVIRONMENTS", "prod")
    assert item is not None
    for text in (str(item), str(created.to_dict())):
        assert "hunter2" not in text
        assert "signing-secret" not in text
    assert created.to_dict()["variables"] == {
        "db_password": {"sensitive": True},
        "size": {"value": {"min": 2, "max": [4]}, "sensitive": False},
    }
    assert created.to_dict()["webhook"] == {"url": "https://hooks.example.com/x", "signed": True}


def test_a_secret_that_is_copied_to_another_environment_does_not_open(
    environments: Environments, store: MemoryStore
) -> None:
    environments.create(ADA, "prod", full())
    item = store.get("T#acme#ENVIRONMENTS", "prod")
    assert item is not None
    store.put(Item("T#other#ENVIRONMENTS", "prod", item.data, type="environment"))
    with pytest.raises(InvalidInput, match="another record"):
        environments.read("other", "prod")


def test_what_is_not_stated_stays(environments: Environments, clock: FixedClock) -> None:
    environments.create(ADA, "prod", full())
    clock.advance(timedelta(hours=1))
    changed = environments.update(BOB, "prod", EnvironmentChange(region="eu-west-1"))
    assert changed.region == "eu-west-1"
    assert changed.variables["db_password"] == "hunter2-hunter2"
    assert changed.webhook_secret == "signing-secret"
    assert (changed.created_by, changed.updated_by) == ("ada", "bob")
    assert changed.updated_at == "2026-01-01T01:00:00.000Z"
    assert (changed.revision, environments.read("acme", "prod")) == (2, changed)


def test_a_sensitive_variable_without_a_value_keeps_it(environments: Environments) -> None:
    environments.create(ADA, "prod", full())
    kept = VariableChange(sensitive=True, stated=False)
    changed = environments.update(
        ADA, "prod", EnvironmentChange(variables={"db_password": kept, "new": VariableChange(1)})
    )
    assert changed.variables == {"db_password": "hunter2-hunter2", "new": 1}
    assert changed.sensitive == {"db_password"}


def test_a_secret_cannot_be_made_readable_by_renaming_its_flag(
    environments: Environments,
) -> None:
    environments.create(ADA, "prod", full())
    shown = VariableChange(sensitive=False, stated=False)
    with pytest.raises(InvalidInput, match=r"variables\.db_password\.value"):
        environments.update(ADA, "prod", EnvironmentChange(variables={"db_password": shown}))


def test_a_webhook_is_taken_away_with_its_secret(environments: Environments) -> None:
    environments.create(ADA, "prod", full())
    changed = environments.update(ADA, "prod", EnvironmentChange(webhook_url=""))
    assert (changed.webhook_url, changed.webhook_secret) == (None, None)


def test_somebody_who_wrote_in_between_is_not_overwritten(environments: Environments) -> None:
    seen = environments.create(ADA, "prod", full()).revision
    environments.update(BOB, "prod", EnvironmentChange(region="eu-west-1"), revision=seen)
    with pytest.raises(VersionConflict, match="revision 2"):
        environments.update(ADA, "prod", EnvironmentChange(region="us-west-2"), revision=seen)
    with pytest.raises(VersionConflict):
        environments.delete(ADA, "prod", revision=seen)
    assert environments.read("acme", "prod").region == "eu-west-1"


def test_a_name_is_taken_once_per_tenant(environments: Environments) -> None:
    environments.create(ADA, "prod", EnvironmentChange())
    with pytest.raises(Conflict, match="prod already"):
        environments.create(BOB, "prod", EnvironmentChange())
    environments.create(EVE, "prod", EnvironmentChange())


def test_tenants_do_not_see_one_another(environments: Environments) -> None:
    environments.create(ADA, "prod", full())
    with pytest.raises(NotFound):
        environments.read("other", "prod")
    with pytest.raises(NotFound):
        environments.update(EVE, "prod", EnvironmentChange(region="x"))
    with pytest.raises(NotFound):
        environments.delete(EVE, "prod")
    assert environments.list("other").items == []


def test_environments_are_listed_by_name(environments: Environments) -> None:
    for name in ("staging", "dev", "prod"):
        environments.create(ADA, name, EnvironmentChange())
    first = environments.list("acme", limit=2)
    assert [e.name for e in first.items] == ["dev", "prod"]
    rest = environments.list("acme", limit=2, cursor=first.next_cursor)
    assert [e.name for e in rest.items] == ["staging"]
    assert [e.name for e in environments.list("acme", offset=1).items] == ["prod", "staging"]


def test_an_environment_in_use_is_not_removed(
    store: MemoryStore, clock: FixedClock, tmp_path: Path
) -> None:
    living = {("acme", "prod"): "prod-web"}
    environments = Environments(
        store,
        Cipher(FileKeys(tmp_path / "keys.json")),
        clock,
        occupied=lambda tenant, name: living.get((tenant, name)),
    )
    environments.create(ADA, "prod", EnvironmentChange())
    with pytest.raises(Conflict, match="prod-web is in the environment prod"):
        environments.delete(ADA, "prod")
    living.clear()
    environments.delete(ADA, "prod")
    with pytest.raises(NotFound):
        environments.read("acme", "prod")


def test_an_environment_of_another_provider_is_in_a_region_of_it(
    environments: Environments,
) -> None:
    made = environments.create(ADA, "g", EnvironmentChange(provider="gcp"))
    assert made.region == "us-central1"
    with pytest.raises(InvalidInput, match="'eastus' is no region of gcp"):
        environments.update(ADA, "g", EnvironmentChange(region="eastus"))


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "name": ("Prod!", {}),
    "provider": ("prod", {"provider": "ibm"}),
    "region": ("prod", {"region": "eu west"}),
    "account": ("prod", {"account": "a b"}),
    "credentials": ("prod", {"credentials": "AKIAIOSFODNN7EXAMPLE"}),
    "policyMode": ("prod", {"policy_mode": "strict"}),
    "approvers.1": ("prod", {"approvers": ["carol", "a b"]}),
    "variables.2x": ("prod", {"variables": {"2x": VariableChange(1)}}),
    "variables.x.value": ("prod", {"variables": {"x": VariableChange(stated=False)}}),
    "webhook.url": ("prod", {"webhook_url": "file:///etc/passwd"}),
}


@pytest.mark.parametrize("path", FAULTS)
def test_a_fault_is_named_by_its_path_and_nothing_is_stored(
    environments: Environments, path: str
) -> None:
    name, fields = FAULTS[path]
    with pytest.raises(InvalidInput) as caught:
        environments.create(ADA, name, EnvironmentChange(**fields))
    assert [fault.path for fault in caught.value.faults] == [path]
    assert environments.list("acme").items == []


def test_all_faults_are_named_at_once(environments: Environments) -> None:
    change = EnvironmentChange(provider="x", policy_mode="y", webhook_url="http://")
    with pytest.raises(InvalidInput) as caught:
        environments.create(ADA, "Prod", change)
    assert [f.path for f in caught.value.faults] == [
        "name",
        "provider",
        "policyMode",
        "webhook.url",
    ]


@pytest.mark.parametrize("name", ["", "x" * 33, "../x", "a#b", "A", "a\n", "ä"])
def test_a_name_that_none_can_have_is_not_found(environments: Environments, name: str) -> None:
    with pytest.raises(NotFound):
        environments.read("acme", name)


@pytest.mark.parametrize("user", ["ada:secret@", "ada@", ":secret@", "@"])
def test_a_webhook_with_a_user_or_password_is_refused(
    environments: Environments, user: str
) -> None:
    change = EnvironmentChange(webhook_url=f"https://{user}hooks.example.com/x")
    with pytest.raises(InvalidInput, match="holds a user or a password") as caught:
        environments.create(ADA, "hooked", change)
    assert [fault.path for fault in caught.value.faults] == ["webhook.url"]
    assert "secret@" not in str(caught.value.faults)
