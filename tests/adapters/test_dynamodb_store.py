"""What only the DynamoDB adapter has to bear: answers that get lost, other transactions, refusals.

botocore's stubber answers in place of the service where moto never would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.stub import ANY, Stubber

from dharma.adapters.aws import dynamodb_store
from dharma.adapters.aws.clients import Clients
from dharma.adapters.aws.dynamodb_store import DynamoStore
from dharma.core.clock import FixedClock, epoch_seconds
from dharma.core.errors import LimitExceeded, Misconfigured, Unavailable, VersionConflict
from dharma.core.store import Check, Delete, Item, Put

KEY = b"0123456789abcdef"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def store(aws: Clients, table: str, clock: FixedClock) -> DynamoStore:
    return DynamoStore(aws["dynamodb"], table, lambda: KEY, clock)


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[DynamoStore, Stubber]]:
    monkeypatch.setattr(dynamodb_store, "_PAUSES", (0.0, 0.0))
    client = botocore.session.get_session().create_client(
        "dynamodb",
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )
    with Stubber(client) as stubber:
        yield DynamoStore(client, "t", lambda: KEY, FixedClock()), stubber
        stubber.assert_no_pending_responses()


def cancelled(*codes: str) -> dict[str, Any]:
    return {
        "service_error_code": "TransactionCanceledException",
        "service_message": "Transaction cancelled",
        "modeled_fields": {
            "CancellationReasons": [{"Code": code, "Message": "why"} for code in codes]
        },
    }


# --- expired items that time to live has not removed yet


def test_what_has_expired_is_written_over_from_version_one(
    store: DynamoStore, clock: FixedClock
) -> None:
    soon = epoch_seconds(clock.now()) + 1
    for sk in ("a", "b", "c", "d"):
        store.put(Item("p", sk, {"old": True}, expires_at=soon))
        store.put(Item("p", sk, {"old": True}, expires_at=soon))
    clock.advance(timedelta(seconds=2))
    assert store.put(Item("p", "a", {})).version == 1
    store.transact([Put(Item("p", "b", {})), Put(Item("p", "c", {}), 0), Delete("p", "d", 0)])
    found = {i.sk: (i.version, i.data) for i in store.query("p").items}
    assert found == {"a": (1, {}), "b": (1, {}), "c": (1, {})}


def test_a_real_conflict_beside_an_expired_item_is_told(
    store: DynamoStore, clock: FixedClock
) -> None:
    store.put(Item("p", "old", {}, expires_at=epoch_seconds(clock.now()) + 1))
    store.put(Item("p", "there", {}))
    clock.advance(timedelta(seconds=2))
    with pytest.raises(VersionConflict, match="p there was expected not to exist"):
        store.transact([Put(Item("p", "old", {})), Check("p", "there", 0)])
    assert store.get("p", "old") is None


# --- pages of the service are not pages of the port


def test_a_query_reads_on_where_dynamodb_ended_a_page(store: DynamoStore) -> None:
    for n in range(6):
        # Three of these are more than the megabyte that DynamoDB reads for one answer.
        store.put(Item("p", str(n), {"t": "x" * 380_000 if n < 3 else ""}, expires_at=None))
    for n in range(3):
        store.put(Item("p", str(n), {"t": "x" * 380_000}, expires_at=1))
    assert [i.sk for i in store.query("p", limit=3).items] == ["3", "4", "5"]


# --- retries


def test_a_write_whose_answer_got_lost_is_repeated_under_the_same_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So DynamoDB recognises it, and it is no conflict with itself."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    client = Clients("eu-west-1")["dynamodb"]
    tokens: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        tokens.append(json.loads(request.body)["ClientRequestToken"])
        return AWSResponse(request.url, 500 if len(tokens) == 1 else 200, {}, _Empty())

    client.meta.events.register_first("before-send.dynamodb.TransactWriteItems", answer)
    store = DynamoStore(client, "t", lambda: KEY)
    store.put(Item("p", "a", {}), expect_version=0)
    store.delete("p", "a", expect_version=1)
    assert len(tokens) == 3
    assert tokens[0] == tokens[1] != tokens[2]


class _Empty:
    """The body `{}`."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield b"{}"


def test_a_transaction_that_met_another_is_tried_again(
    stubbed: tuple[DynamoStore, Stubber],
) -> None:
    store, stubber = stubbed
    stubber.add_client_error("transact_write_items", **cancelled("None", "TransactionConflict"))
    stubber.add_response("transact_write_items", {})
    store.transact([Put(Item("p", "a", {}), 0), Put(Item("p", "b", {}), 0)])


def test_it_gives_up_in_the_end(stubbed: tuple[DynamoStore, Stubber]) -> None:
    store, stubber = stubbed
    for _ in range(3):
        stubber.add_client_error("transact_write_items", **cancelled("TransactionConflict"))
    with pytest.raises(Unavailable, match="other transactions"):
        store.transact([Put(Item("p", "a", {}), 0)])


@pytest.mark.parametrize("method", ["update_item", "delete_item"])
def test_a_single_write_that_met_a_transaction_is_tried_again(
    stubbed: tuple[DynamoStore, Stubber], method: str
) -> None:
    store, stubber = stubbed
    stubber.add_client_error(method, "TransactionConflictException")
    if method == "delete_item":
        stubber.add_response(method, {}, {"TableName": "t", "Key": ANY})
        store.delete("p", "a")
    else:
        stubber.add_response(method, {"Attributes": {"version": {"N": "7"}}})
        assert store.put(Item("p", "a", {})).version == 7


# --- refusals


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ProvisionedThroughputExceededException", Unavailable),
        ("ThrottlingException", Unavailable),
        ("InternalServerError", Unavailable),
        ("AccessDeniedException", Misconfigured),
        ("UnrecognizedClientException", Misconfigured),
        ("ResourceNotFoundException", Misconfigured),
    ],
)
def test_refusals_become_errors_of_the_port(
    stubbed: tuple[DynamoStore, Stubber], code: str, error: type[Exception]
) -> None:
    store, stubber = stubbed
    status = 500 if code == "InternalServerError" else 400
    for method, call in (
        ("get_item", lambda: store.get("p", "a")),
        ("query", lambda: store.query("p")),
        ("transact_write_items", lambda: store.transact([Check("p", "a")])),
    ):
        stubber.add_client_error(method, code, http_status_code=status)
        with pytest.raises(error):
            call()


def test_a_transaction_that_the_service_finds_too_large_exceeds_a_limit(
    stubbed: tuple[DynamoStore, Stubber],
) -> None:
    store, stubber = stubbed
    stubber.add_client_error("transact_write_items", **cancelled("ValidationError"))
    with pytest.raises(LimitExceeded, match="why"):
        store.transact([Put(Item("p", "a", {}), 0)])


def test_a_missing_table_is_named(aws: Clients) -> None:
    store = DynamoStore(aws["dynamodb"], "absent", lambda: KEY)
    with pytest.raises(Misconfigured, match="DHARMA_TABLE"):
        store.get("p", "a")


def test_a_service_that_is_not_there_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    # Nothing listens on the port of the discard service.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    store = DynamoStore(Clients("eu-west-1")["dynamodb"], "t", lambda: KEY)
    with pytest.raises(Unavailable, match="does not answer"):
        store.get("p", "a")


def test_without_a_region_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(Misconfigured, match="AWS_REGION"):
        _ = Clients()["dynamodb"]
