"""Routes of environments."""

from __future__ import annotations

from typing import Any

import pytest

BODY = {
    "name": "prod",
    "account": "210987654321",
    "region": "eu-central-1",
    "credentials": "profile:prod",
    "policyMode": "warning",
    "approvers": ["carol"],
    "variables": {
        "size": {"value": 3},
        "password": {"value": "hunter2", "sensitive": True},
    },
    "webhook": {"url": "https://hooks.example.com/x", "secret": "s3cret"},
}


def test_an_environment_is_made_read_changed_and_removed(api: Any) -> None:
    made = api.call("POST", "/environments", BODY)
    assert (made.status, made.headers["location"]) == (201, "/environments/prod")
    read = api.call("GET", "/environments/prod")
    assert read.body == made.body
    assert read.body["_links"]["self"]["href"] == "/environments/prod"
    changed = api.call("PUT", "/environments/prod", {"region": "us-west-2"})
    assert (changed.body["region"], changed.body["policyMode"]) == ("us-west-2", "warning")
    assert api.call("DELETE", "/environments/prod").status == 204
    gone = api.call("GET", "/environments/prod")
    assert (gone.status, gone.code) == (404, "NotFound")


def test_no_answer_shows_a_secret(api: Any, application: Any) -> None:
    texts = [
        api.call("POST", "/environments", BODY).text,
        api.call("GET", "/environments/prod").text,
        api.call("GET", "/environments").text,
        api.call("PUT", "/environments/prod", {"region": "us-west-2"}).text,
    ]
    assert not any("hunter2" in text or "s3cret" in text for text in texts)
    assert application.environments.read("acme", "prod").variables["password"] == "hunter2"


def test_what_was_read_can_be_sent_back_changed(api: Any, application: Any) -> None:
    seen = api.call("POST", "/environments", BODY).body
    seen["region"] = "us-west-2"
    seen["variables"]["size"]["value"] = 5
    assert api.call("PUT", "/environments/prod", seen).status == 200
    stored = application.environments.read("acme", "prod")
    assert stored.variables == {"size": 5, "password": "hunter2"}
    assert (stored.region, stored.webhook_secret) == ("us-west-2", "s3cret")


def test_a_stale_copy_is_a_conflict(api: Any) -> None:
    seen = api.call("POST", "/environments", BODY)
    api.call("PUT", "/environments/prod", {"region": "us-west-2"})
    stale = api.call("PUT", "/environments/prod", seen.body)
    assert (stale.status, stale.code) == (409, "VersionConflict")
    etag = {"If-Match": seen.headers["etag"]}
    assert api.call("PUT", "/environments/prod", {}, headers=etag).status == 409
    assert api.call("DELETE", "/environments/prod", headers=etag).status == 409
    fresh = api.call("GET", "/environments/prod").headers["etag"]
    assert api.call("DELETE", "/environments/prod", headers={"If-Match": fresh}).status == 204


def test_if_match_that_is_no_etag_is_refused(api: Any) -> None:
    api.call("POST", "/environments", BODY)
    reply = api.call("PUT", "/environments/prod", {}, headers={"If-Match": '"abc"'})
    assert (reply.status, reply.code) == (400, "InvalidInput")


def test_a_webhook_is_taken_away_by_null(api: Any) -> None:
    api.call("POST", "/environments", BODY)
    assert api.call("PUT", "/environments/prod", {"webhook": None}).body["webhook"] is None


def test_names_are_taken_once_per_tenant(api: Any) -> None:
    api.call("POST", "/environments", BODY)
    again = api.call("POST", "/environments", BODY)
    assert (again.status, again.code) == (409, "Conflict")
    assert api.call("POST", "/environments", BODY, tenant="other").status == 201


def test_faults_are_listed_by_field(api: Any) -> None:
    reply = api.call("POST", "/environments", {**BODY, "region": "eu west", "policyMode": "x"})
    assert reply.status == 400
    assert {d["field"] for d in reply.body["details"]} == {"region", "policyMode"}


def test_other_tenants_see_nothing(api: Any) -> None:
    api.call("POST", "/environments", BODY)
    for method, path, body in [
        ("GET", "/environments/prod", None),
        ("PUT", "/environments/prod", {}),
        ("DELETE", "/environments/prod", None),
    ]:
        assert api.call(method, path, body, tenant="other").status == 404
    assert api.call("GET", "/environments", tenant="other").body["items"] == []


def test_a_list_leads_on_by_its_links(api: Any) -> None:
    for number in range(5):
        api.call("POST", "/environments", {"name": f"e{number}"})
    names, path = [], "/environments?limit=2"
    while path:
        page = api.call("GET", path).body
        names += [e["name"] for e in page["items"]]
        path = page["_links"].get("next", {}).get("href")
    assert names == [f"e{number}" for number in range(5)]
    assert [e["name"] for e in api.call("GET", "/environments?offset=3").body["items"]] == [
        "e3",
        "e4",
    ]


@pytest.mark.parametrize("name", ["a%20b", "..", "%00", "x" * 500, "ä"])
def test_a_name_that_none_has_is_not_found(api: Any, name: str) -> None:
    assert api.call("GET", f"/environments/{name}").status == 404
