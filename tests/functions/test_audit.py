"""Whatever changes something leaves a record, also when it is refused; reads leave none."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from dharma import bootstrap
from dharma.bootstrap import Application
from dharma.core.audit.verification import Anchored, Verified, verify
from dharma.core.clock import FixedClock
from dharma.core.errors import InvalidInput, Unavailable
from dharma.orchestrator.memory_cloud import MemoryCloud
from dharma.sso.roles import ROUTES
from functions.audited import ACTIONS, CHANGING_NOTHING

TEXT = """\
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.0.0
provider: aws
variables:
  - {name: word, type: string, sensitive: true, default: ""}
resources:
  - {name: jobs, type: aws_sqs_queue, properties: {name: "jobs-${var.word}"}}
"""


class OneCloud:
    def target(self, _environment: Any) -> MemoryCloud:
        return MemoryCloud()


@pytest.fixture
def application(make_application: Callable[..., Application]) -> Iterator[Application]:
    made = make_application(targets=OneCloud())
    before = bootstrap.use(made)
    yield made
    bootstrap.use(before)


def records(api: Any, query: str = "order=oldest&limit=1000") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.call("GET", f"/audit?{query}", roles="admin").body["items"]
    return found


def told(api: Any) -> list[tuple[str, str, str, str | None]]:
    return [(r["action"], r["subject"], r["outcome"], r["code"]) for r in records(api)]


def verified(api: Any, clock: FixedClock) -> Verified:
    return verify(
        lambda: api.call("GET", "/audit/days").body["items"],
        lambda day: records(api, f"day={day}&order=oldest&limit=1000"),
        clock.now(),
    )


def test_every_route_that_changes_something_is_audited() -> None:
    changing = {route for route in ROUTES if not route.startswith("GET ")}
    assert set(ACTIONS) | CHANGING_NOTHING == changing
    assert not set(ACTIONS) & CHANGING_NOTHING


def test_a_record_says_who_when_from_where_what_and_how_it_went(api: Any) -> None:
    headers = {"X-Correlation-Id": "mine-1"}
    body = {"name": "dev", "region": "eu-west-1", "variables": {"stage": {"value": "x"}}}
    api.call("POST", "/environments", body, headers=headers)
    [record] = records(api)
    for name in ("hash", "previous", "previousDay"):
        del record[name]
    assert record == {
        "tenant": "acme",
        "day": "2026-01-01",
        "sequence": 1,
        "time": "2026-01-01T00:00:00.000Z",
        "actor": "ada",
        "roles": ["admin"],
        "sourceIp": "192.0.2.1",
        "userAgent": "tests",
        "action": "environment.create",
        "subject": "environment/dev",
        "outcome": "succeeded",
        "code": None,
        "correlationId": "mine-1",
        "details": {"changed": ["region", "variables.stage"]},
    }


def test_the_life_of_blueprints_and_environments_is_on_record(api: Any, clock: FixedClock) -> None:
    key = api.call("POST", "/blueprints", {"content": TEXT}).body["id"]
    api.call("PUT", "/blueprints/jobs", {"content": TEXT.replace("1.0.0", "1.1.0")})
    api.call("POST", "/blueprints/jobs/versions", {})
    imported = {"content": TEXT.replace("name: jobs\nv", "name: others\nv")}
    other = api.call("POST", "/blueprints/import", imported).body["blueprint"]["id"]
    api.call("DELETE", f"/blueprints/{other}")
    api.call("POST", "/environments", {"name": "dev"})
    api.call("PUT", "/environments/dev", {"approvers": ["carol"]})
    api.call("DELETE", "/environments/dev")
    assert told(api) == [
        ("blueprint.create", f"blueprint/{key}", "succeeded", None),
        ("blueprint.update", f"blueprint/{key}", "succeeded", None),
        ("blueprint.publish", f"blueprint/{key}", "succeeded", None),
        ("blueprint.import", f"blueprint/{other}", "succeeded", None),
        ("blueprint.delete", f"blueprint/{other}", "succeeded", None),
        ("environment.create", "environment/dev", "succeeded", None),
        ("environment.update", "environment/dev", "succeeded", None),
        ("environment.delete", "environment/dev", "succeeded", None),
    ]
    assert records(api)[6]["details"] == {"changed": ["approvers"]}
    assert records(api)[2]["details"]["version"] == "1.1.0"
    assert verified(api, clock) == Verified(1, 8)


def test_decisions_about_deployments_are_on_record(api: Any, clock: FixedClock) -> None:
    api.call("POST", "/environments", {"name": "dev", "approvers": ["carol"]})
    asked = {"environment": "dev", "content": TEXT}
    key = {"Idempotency-Key": "k-1"}
    made = api.call("POST", "/deployments", asked, headers=key).body["id"]
    api.call("POST", "/deployments", asked, headers=key)
    api.call("POST", "/deployments", asked)
    api.call("POST", f"/deployments/{made}/approve", {}, subject="eve")
    api.call("POST", f"/deployments/{made}/reject", {}, roles="viewer")
    api.call("POST", f"/deployments/{made}/rollback", {})
    api.call("POST", f"/deployments/{made}/destroy", {})
    api.call("POST", f"/deployments/{made}/cancel", {})
    one = f"deployment/{made}"
    assert told(api)[1:] == [
        ("deployment.deploy", one, "succeeded", None),
        ("deployment.deploy", one, "succeeded", None),
        ("deployment.deploy", "deployment", "refused", "EnvironmentLocked"),
        ("deployment.approve", one, "refused", "Forbidden"),
        ("deployment.reject", one, "refused", "Forbidden"),
        ("deployment.rollback", one, "refused", "Conflict"),
        ("deployment.destroy", one, "refused", "Conflict"),
        ("deployment.cancel", one, "succeeded", None),
    ]
    first, again = records(api)[1:3]
    assert first["details"] == {
        "environment": "dev",
        "stack": "dharma-dev-jobs",
        "blueprint": "jobs 1.0.0",
        "autoApprove": False,
    }
    assert again["details"]["repeated"] is True
    assert verified(api, clock).finding is None


def test_what_is_refused_is_on_record_and_what_is_read_is_not(api: Any) -> None:
    api.call("GET", "/environments")
    api.call("POST", "/iac/generate", {"content": TEXT, "format": "terraform"})
    api.call("POST", "/environments", {"name": "dev"}, roles="viewer")
    api.call("POST", "/environments", {"name": 7})
    api.call("PUT", "/environments/none", {})
    api.call("POST", "/environments", {"name": "dev"}, anonymous=True)
    assert told(api) == [
        ("environment.create", "environment", "refused", "Forbidden"),
        ("environment.create", "environment", "refused", "InvalidInput"),
        ("environment.update", "environment/none", "refused", "NotFound"),
    ]


def test_no_secret_is_on_record(api: Any) -> None:
    secret = {"value": "hunter2-hunter2", "sensitive": True}
    webhook = {"url": "http://127.0.0.1/x", "secret": "hunter2-too"}
    body = {"name": "dev", "variables": {"word": secret}, "webhook": webhook}
    api.call("POST", "/environments", body)
    asked = {"environment": "dev", "content": TEXT, "variables": {"word": "hunter2-three"}}
    api.call("POST", "/deployments", {**asked, "comment": "hunter2-four"})
    api.call("POST", "/deployments", {**asked, "variables": {"hunter2": "hunter2"}})
    assert len(records(api)) == 3
    assert "hunter2" not in str(records(api))


def test_the_trail_is_for_administrators_and_of_their_tenant(api: Any) -> None:
    api.call("POST", "/environments", {"name": "dev"})
    for path in ("/audit", "/audit/days"):
        assert api.call("GET", path, roles="viewer editor approver").code == "Forbidden"
        assert api.call("GET", path, tenant="other").body["items"] == []


def test_records_are_listed_by_day_and_page(api: Any, clock: FixedClock) -> None:
    assert api.call("GET", "/audit").body["day"] is None
    for number in range(5):
        api.call("POST", "/environments", {"name": f"e{number}"})
    clock.advance(timedelta(days=2))
    api.call("POST", "/environments", {"name": "late"})
    newest = api.call("GET", "/audit").body
    assert (newest["day"], [r["subject"] for r in newest["items"]]) == (
        "2026-01-03",
        ["environment/late"],
    )
    page = api.call("GET", "/audit?day=2026-01-01&limit=3").body
    assert [r["sequence"] for r in page["items"]] == [5, 4, 3]
    rest = api.call("GET", page["_links"]["next"]["href"]).body
    assert [r["sequence"] for r in rest["items"]] == [2, 1]
    assert api.call("GET", "/audit?day=yesterday").status == 400


def test_a_closed_day_is_anchored_by_its_event(
    api: Any, application: Application, clock: FixedClock
) -> None:
    api.call("POST", "/environments", {"name": "dev"})
    clock.advance(timedelta(days=1))
    api.call("POST", "/environments", {"name": "late"})
    [event] = [e for e in application.store.pending() if e.type == "AuditDayClosed"]  # type: ignore[attr-defined]  # the fake is an outbox as well
    handler = importlib.import_module("functions.monitoring.events").handler
    for _ in range(2):
        handler(event.to_dict(), None)
    closed, present = api.call("GET", "/audit/days").body["items"]
    assert closed["anchor"] == {
        "tenant": "acme",
        "day": "2026-01-01",
        "sequence": 1,
        "hash": closed["head"]["hash"],
    }
    assert (closed["head"]["closed"], present["anchor"]) == (True, None)
    clock.advance(timedelta(hours=2))
    said = verified(api, clock)
    assert (said.days, said.records, said.finding) == (2, 2, None)


def test_the_schedule_keeps_the_running_head_of_every_tenant(api: Any, clock: FixedClock) -> None:
    for tenant in ("acme", "other"):
        api.call("POST", "/environments", {"name": "dev"}, tenant=tenant)
    handler = importlib.import_module("functions.monitoring.events").handler
    # As EventBridge sends it, and the local engine.
    tick = {"id": "t", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}
    for _ in range(2):
        handler(tick, None)
    for tenant in ("acme", "other"):
        [day] = api.call("GET", "/audit/days", tenant=tenant).body["items"]
        assert day["running"] == [{"sequence": 1, "hash": day["head"]["hash"]}]
    assert verified(api, clock).anchored == Anchored("2026-01-01", 1, "2026-01-01T00:00:00.000Z")


def test_an_event_that_nobody_asked_for_is_refused(application: Application) -> None:
    handler = importlib.import_module("functions.monitoring.events").handler
    with pytest.raises(InvalidInput, match="'Another'"):
        handler({"id": "t", "detail-type": "Another", "detail": {}}, None)


def test_without_its_record_nothing_is_changed(
    api: Any, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise Unavailable("the trail cannot be written")

    monkeypatch.setattr(application.audit, "append", broken)
    reply = api.call("POST", "/environments", {"name": "dev"})
    assert (reply.status, reply.code) == (503, "Unavailable")
    monkeypatch.undo()
    assert api.call("GET", "/environments").body["items"] == []
