"""What a request and a deployment ask of AWS, counted: calls, request units, objects, transitions.

The functions run as in the tests, on AWS's own adapters over an account in memory (moto); nothing
is timed. Units of DynamoDB follow from the sizes of the items: "Read and write operations" in the
DynamoDB developer guide. docs/aws-cost.md is computed from these figures.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from figures import Row

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ["DHARMA_TEST_WORLD"] = "aws"
EXAMPLE = ROOT / "examples" / "aws-three-tier-web.yaml"
_KB = 1024


def measure() -> Iterator[Row]:
    from dharma import bootstrap
    from dharma.core.clock import FixedClock
    from tests.functions.conftest import Api
    from tests.statemachines.conftest import Stage
    from tests.world import parts_of_the_world

    text = EXAMPLE.read_text()
    with tempfile.TemporaryDirectory() as folder:
        clock = FixedClock()
        with parts_of_the_world(Path(folder), clock) as world:
            stage = Stage(Path(folder), clock, world)
            before = bootstrap.use(stage.application)
            api = Api(stage.application, clock)
            api.call("POST", "/blueprints", {"content": text})
            api.call("GET", "/environments/prod")
            for title, asked in (
                ("read one", ("GET", "/environments/prod")),
                ("read a blueprint", ("GET", "/blueprints/three-tier-web")),
                ("list deployments", ("GET", "/deployments")),
                ("change", ("PUT", "/environments/prod", {"policyMode": "warning"})),
            ):
                with counting() as counts:
                    reply = api.call(*asked)
                assert reply.status < 400, f"{asked}: {reply.text}"
                yield from rows(f"request, {title}", counts)
            with counting() as counts, transitions(counts):
                deployed = stage.deploy(text, variables={"database_password": "not-a-secret-1"})
                counts["invocations of steps"] = len(stage.steps)
            assert deployed.status == "succeeded", deployed.failure
            yield from rows("deployment", counts)
            bootstrap.use(before)


def rows(title: str, counts: Counter[str]) -> Iterator[Row]:
    for name, value in sorted(counts.items()):
        yield Row(f"{title}: {name}", float(value), "")


@contextmanager
def counting() -> Iterator[Counter[str]]:
    from botocore.client import BaseClient

    counts: Counter[str] = Counter()
    call = BaseClient._make_api_call

    def counted(self: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        answer = call(self, operation, parameters)
        service = self.meta.service_model.service_name
        counts[f"{service} {operation}"] += 1
        if service == "dynamodb":
            counts["write request units"] += written(operation, parameters)
            counts["read request units"] += read(operation, parameters, answer)
            counts["events"] += emitted(operation, parameters)
        return answer

    BaseClient._make_api_call = counted
    try:
        yield counts
    finally:
        BaseClient._make_api_call = call


@contextmanager
def transitions(counts: Counter[str]) -> Iterator[None]:
    from dharma_local.engine.journal import Journal

    enter = Journal._enter

    def entered(self: Journal, *arguments: Any) -> Any:
        counts["state transitions"] += 1
        return enter(self, *arguments)

    Journal._enter = entered  # type: ignore[method-assign]  # the one place where states begin
    try:
        yield
    finally:
        Journal._enter = enter  # type: ignore[method-assign]  # as above


def written(operation: str, parameters: Mapping[str, Any]) -> int:
    """Two units for a KB of each item of a transaction, one for one written by itself; and one for
    its copy in the index."""
    if operation == "TransactWriteItems":
        return sum(_units(part) for part in parameters["TransactItems"])
    if operation in ("PutItem", "UpdateItem", "DeleteItem"):
        return _kilobytes(parameters, 1)
    return 0


def _units(part: Mapping[str, Any]) -> int:
    [said] = part.values()
    indexed = 1 if "gsi1pk" in str(said) else 0
    return _kilobytes(said, 1) * (2 + indexed)


def read(operation: str, parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """One unit for 4 KB that are read consistently, half of one from the index."""
    if operation == "GetItem":
        return _kilobytes(answer.get("Item", {}), 4)
    if operation == "Query":
        whole = _kilobytes(answer["Items"], 4)
        return whole / 2 if "IndexName" in parameters else whole
    return 0


def emitted(operation: str, parameters: Mapping[str, Any]) -> int:
    if operation != "TransactWriteItems":
        return 0
    return sum("OUTBOX#" in str(part) for part in parameters["TransactItems"])


def _kilobytes(value: Any, each: int) -> int:
    return max(1, math.ceil(_size(value) / (each * _KB)))


def _size(value: Any) -> int:
    """Names and values as DynamoDB counts them; the spelling of types and expressions aside."""
    if isinstance(value, Mapping):
        values = value.get("ExpressionAttributeValues")
        if values is not None:
            return _size(values) + _size(value.get("Key", value.get("Item", {})))
        return sum(
            _size(part) + (len(name) if len(name) > 2 else 0) for name, part in value.items()
        )
    if isinstance(value, list):
        return sum(_size(part) for part in value)
    return len(value) if isinstance(value, bytes) else len(str(value).encode())
