"""Which cloud an environment lies in; AWS is moto's, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from moto import mock_aws

from dharma.adapters.clouds.aws_cloudformation import CloudFormationTarget
from dharma.adapters.clouds.sandbox_cloudformation import SandboxTarget
from dharma.adapters.clouds.targets import CloudTargets
from dharma.blueprint.environment_record import EnvironmentRecord
from dharma.core.clock import FixedClock
from dharma.core.errors import Forbidden, InvalidInput, Unavailable

ACCOUNT = "123456789012"
ROLE = f"role:arn:aws:iam::{ACCOUNT}:role/deployer"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield


def environment(credentials: str, account: str = ACCOUNT, **fields: str) -> EnvironmentRecord:
    return EnvironmentRecord("prod", credentials=credentials, account=account, **fields)  # type: ignore[arg-type]  # texts only


@pytest.fixture
def targets() -> CloudTargets:
    return CloudTargets(FixedClock(), NOWHERE)


def test_the_sandbox_is_the_emulator_and_nothing_is_asked_for_it(targets: CloudTargets) -> None:
    assert isinstance(targets.target(environment("sandbox", "any")), SandboxTarget)


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("credentials", ["default", ROLE])
def test_other_credentials_are_those_of_aws(targets: CloudTargets, credentials: str) -> None:
    assert isinstance(targets.target(environment(credentials)), CloudFormationTarget)


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("credentials", ["default", ROLE])
def test_credentials_of_another_account_deploy_nothing(
    targets: CloudTargets, credentials: str
) -> None:
    with pytest.raises(Forbidden, match=f"{ACCOUNT}; prod is in 210987654321"):
        targets.target(environment(credentials, "210987654321"))


def test_a_profile_that_is_not_there_is_told(
    targets: CloudTargets, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(Unavailable, match="absent"):
        targets.target(environment("profile:absent"))


def test_another_cloud_is_refused_by_name(targets: CloudTargets) -> None:
    with pytest.raises(InvalidInput, match="azure"):
        targets.target(environment("sandbox", provider="azure"))


@pytest.mark.usefixtures("aws")
def test_a_target_is_kept_for_a_while_and_then_made_anew() -> None:
    clock = FixedClock()
    targets = CloudTargets(clock, NOWHERE)
    first = targets.target(environment(ROLE))
    clock.advance(timedelta(minutes=14))
    assert targets.target(environment(ROLE)) is first
    assert targets.target(environment(ROLE, region="eu-west-1")) is not first
    clock.advance(timedelta(minutes=2))
    assert targets.target(environment(ROLE)) is not first
