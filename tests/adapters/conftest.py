"""An AWS account in memory (moto, no network), with the table of infra/template.yaml."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto import mock_aws
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import LimitedSizeDict
from moto.dynamodb.responses import DynamoHandler

from dharma.adapters.aws.clients import Clients

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "template.yaml"
REGION = "eu-west-1"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as None: nothing here depends on them."""


_Loader.add_multi_constructor("!", lambda *_: None)


@pytest.fixture(scope="session")
def table_of_template() -> dict[str, Any]:
    template = yaml.load(TEMPLATE.read_text(), Loader=_Loader)
    properties = template["Resources"]["Table"]["Properties"]
    names = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    stream = {"StreamEnabled": True, **properties["StreamSpecification"]}
    return {**{name: properties[name] for name in names}, "StreamSpecification": stream}


@pytest.fixture(scope="session")
def _clients() -> Iterator[Clients]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        clients = Clients(REGION)
        for service in ("dynamodb", "s3", "kms", "stepfunctions"):
            assert clients[service]
        yield clients


@pytest.fixture
def aws(_clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    """Clients of an empty account."""
    _mend(monkeypatch)
    with mock_aws():
        yield _clients


@pytest.fixture
def table(aws: Clients, table_of_template: dict[str, Any]) -> str:
    aws["dynamodb"].create_table(TableName="dharma-test", **table_of_template)
    return "dharma-test"


def _mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where moto is less than DynamoDB."""
    # Writes of one item come one after another; moto's threads step on each other.
    lock, call = threading.Lock(), DynamoHandler.call_action

    def locked(self: DynamoHandler) -> Any:
        with lock:
            return call(self)

    monkeypatch.setattr(DynamoHandler, "call_action", locked)

    # An update replaces an attribute; moto adds the sizes of old and new, and ends 5 KB early.
    def set_item(self: LimitedSizeDict, key: str, value: Any) -> None:
        others = sum(len(name) + part.size() for name, part in self.items() if name != key)
        if others + len(key) + value.size() > 409_600:
            raise ItemSizeTooLarge
        dict.__setitem__(self, key, value)

    monkeypatch.setattr(LimitedSizeDict, "__setitem__", set_item)
