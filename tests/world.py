"""In which of the two worlds the tests of handlers and of the state machine run.

`local` (the usual one): the store and the documents in memory. `DHARMA_TEST_WORLD=aws`: the
adapters of AWS on an account in memory (moto), with the table of infra/template.yaml. The tests are
the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from dharma.adapters.local.artifacts import MemoryArtifacts
from dharma.adapters.local.keys import FileKeys
from dharma.adapters.local.memory_store import MemoryStore
from dharma.core.clock import FixedClock
from dharma.core.encryption import Cipher
from dharma.core.errors import NotFound
from dharma.core.workflows import Execution, Workflows

TEMPLATE = Path(__file__).resolve().parents[1] / "infra" / "template.yaml"
REGION = "eu-west-1"
# What the resources of the template are called here: by their logical ids.
TABLE, ARTIFACTS, ANCHORS = "dharma-table", "dharma-artifacts", "dharma-anchors"
MACHINES = f"arn:aws:states:{REGION}:123456789012:stateMachine:dharma-"


@contextmanager
def parts_of_the_world(folder: Path, clock: FixedClock) -> Iterator[dict[str, Any]]:
    """Parts of `Application` by name."""
    if os.environ.get("DHARMA_TEST_WORLD", "local") == "aws":
        with _aws(clock) as parts:
            yield parts
    else:
        yield {
            "store": MemoryStore(clock),
            "artifacts": MemoryArtifacts(),
            "cipher": Cipher(FileKeys(folder / "keys.json")),
        }


def with_answers_sent(workflows: Workflows) -> Workflows:
    """The workflows of a test; on AWS what is answered to a state machine goes to Step Functions
    as well, where nothing waits for it."""
    if os.environ.get("DHARMA_TEST_WORLD", "local") == "aws":
        return _AnswersSent(workflows)
    return workflows


@contextmanager
def _aws(clock: FixedClock) -> Iterator[dict[str, Any]]:
    from moto import mock_aws

    from dharma.adapters.aws.dynamodb_store import DynamoStore
    from dharma.adapters.aws.kms_keys import KmsKeys
    from dharma.adapters.aws.s3_artifacts import S3Artifacts
    from dharma.adapters.aws.shared_key import shared_key

    with _environment(), mock_aws(), _one_write_at_a_time():
        clients = _clients()
        clients["dynamodb"].create_table(TableName=TABLE, **_table_of_template())
        place = {"LocationConstraint": REGION}
        for bucket in (ARTIFACTS, ANCHORS):
            clients["s3"].create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        key = clients["kms"].create_key()["KeyMetadata"]["Arn"]
        cipher = Cipher(KmsKeys(clients["kms"], key))
        parts: dict[str, Any] = {"cipher": cipher}
        parts["store"] = DynamoStore(
            clients["dynamodb"],
            TABLE,
            lambda: shared_key(parts["store"], cipher, "cursors"),
            clock,
        )
        parts["artifacts"] = S3Artifacts(clients["s3"], ARTIFACTS, key)
        parts["anchors"] = S3Artifacts(clients["s3"], ANCHORS, key, "DHARMA_ANCHORS_BUCKET")
        yield parts


@lru_cache(maxsize=1)
def _clients() -> Any:
    """Made once: reading what a service can do takes longer than a test."""
    from dharma.adapters.aws.clients import Clients

    with _environment():
        clients = Clients(REGION)
        for service in ("dynamodb", "s3", "kms", "stepfunctions"):
            assert clients[service]
    return clients


@contextmanager
def _environment() -> Iterator[None]:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    before = dict(os.environ)
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    os.environ.update(keys)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _one_write_at_a_time() -> Iterator[None]:
    """moto's threads step on each other."""
    from moto.dynamodb.responses import DynamoHandler

    lock, call = threading.Lock(), DynamoHandler.call_action

    def locked(self: DynamoHandler) -> Any:
        with lock:
            return call(self)

    DynamoHandler.call_action = locked
    try:
        yield
    finally:
        DynamoHandler.call_action = call


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as None: nothing here depends on them."""


_Loader.add_multi_constructor("!", lambda *_: None)


@lru_cache(maxsize=1)
def _table_of_template() -> dict[str, Any]:
    template = yaml.load(TEMPLATE.read_text(), Loader=_Loader)
    properties = template["Resources"]["Table"]["Properties"]
    names = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    return {name: properties[name] for name in names}


class _AnswersSent:
    def __init__(self, workflows: Workflows) -> None:
        from dharma.adapters.aws.step_functions import StepFunctions

        self._workflows = workflows
        self._sent = StepFunctions(_clients()["stepfunctions"], MACHINES)

    def succeed(self, token: str, output: Any) -> None:
        with contextlib.suppress(NotFound):
            self._sent.succeed(token, json.loads(json.dumps(output)))
        self._workflows.succeed(token, output)

    def fail(self, token: str, error: str, cause: str) -> None:
        with contextlib.suppress(NotFound):
            self._sent.fail(token, error, cause)
        self._workflows.fail(token, error, cause)

    def describe(self, execution: str) -> Execution:
        return self._workflows.describe(execution)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._workflows, name)
