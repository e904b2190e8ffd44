"""The proposed version of a draft, and what may be published."""

from __future__ import annotations

from typing import Any

import pytest

TEXT = """\
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.0.0
provider: aws
resources:
  - name: jobs
    type: aws_sqs_queue
    properties: {name: jobs, delay_seconds: 5}
"""
PATCH = ("delay_seconds: 5", "delay_seconds: 6")
MAJOR = ("name: jobs, ", "name: work, ")


@pytest.fixture
def place(api: Any) -> str:
    """A blueprint with 1.0.0 published."""
    found = f"/blueprints/{api.call('POST', '/blueprints', {'content': TEXT}).body['id']}"
    assert api.call("POST", f"{found}/versions", {}).status == 201
    return found


def change(api: Any, place: str, *changes: tuple[str, str]) -> None:
    text = TEXT
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    assert api.call("PUT", place, {"content": text}).status == 200


def test_a_first_version_is_the_one_that_is_stated(api: Any) -> None:
    key = api.call("POST", "/blueprints", {"content": TEXT}).body["id"]
    body = api.call("GET", f"/blueprints/{key}/versions/next").body
    assert (body["version"], body["previous"], body["sufficient"]) == ("1.0.0", None, True)
    published = api.call("POST", f"/blueprints/{key}/versions", {"version": "next"})
    assert (published.status, published.body["version"]) == (201, "1.0.0")


def test_the_proposal_says_why(api: Any, place: str) -> None:
    change(api, place, PATCH, MAJOR)
    body = api.call("GET", f"{place}/versions/next").body
    links = body.pop("_links")
    assert links["blueprint"]["href"] == place
    assert body == {
        "version": "2.0.0",
        "previous": "1.0.0",
        "step": "major",
        "stated": "1.0.0",
        "sufficient": False,
        "reasons": [
            {
                "step": "major",
                "subject": "aws_sqs_queue.jobs",
                "path": "name",
                "message": "forces replacement",
            },
            {
                "step": "patch",
                "subject": "aws_sqs_queue.jobs",
                "path": "delay_seconds",
                "message": "changed",
            },
        ],
    }
    assert api.call("GET", "/blueprints/jobs/versions/next").body["version"] == "2.0.0"


def test_next_publishes_what_is_proposed(api: Any, place: str) -> None:
    for changes, version in (((PATCH,), "1.0.1"), ((PATCH, MAJOR), "2.0.0"), ((), "3.0.0")):
        change(api, place, *changes)
        reply = api.call("POST", f"{place}/versions", {"version": "next"})
        assert (reply.status, reply.body["version"]) == (201, version)
        assert reply.headers["location"] == f"{place}/versions/{version}"
        assert api.call("GET", f"{place}/versions/{version}").body["version"] == version


def test_there_is_no_next_version_without_a_change(api: Any, place: str) -> None:
    change(api, place, ("version: 1.0.0", "version: 1.5.0"))
    reply = api.call("POST", f"{place}/versions", {"version": "next"})
    assert (reply.status, reply.code) == (409, "AlreadyPublished")
    assert reply.body["detail"] == "nothing has changed since 1.0.0"
    # Who says the number himself may have it.
    assert api.call("POST", f"{place}/versions", {}).body["version"] == "1.5.0"


def test_a_version_that_promises_too_much_is_refused_with_the_reasons(api: Any, place: str) -> None:
    change(api, place, PATCH, MAJOR)
    for version in ("1.0.1", "1.1.0", "1.1.0-rc.1"):
        reply = api.call("POST", f"{place}/versions", {"version": version})
        assert (reply.status, reply.code) == (409, "VersionTooLow")
        assert "publish it as 2.0.0" in reply.body["detail"]
        assert reply.body["details"] == [
            {"field": "aws_sqs_queue.jobs.name", "message": "forces replacement"}
        ]
    assert [v["version"] for v in api.call("GET", f"{place}/versions").body["items"]] == ["1.0.0"]
    for version in ("2.0.0-rc.1", "2.0.0"):
        assert api.call("POST", f"{place}/versions", {"version": version}).status == 201


def test_a_lower_version_can_be_insisted_on(api: Any, place: str) -> None:
    change(api, place, MAJOR)
    body = {"version": "1.0.1", "allowLower": True}
    assert api.call("POST", f"{place}/versions", body).status == 201


def test_a_published_version_is_refused_as_such_whatever_has_changed(api: Any, place: str) -> None:
    change(api, place, PATCH)
    api.call("POST", f"{place}/versions", {"version": "1.0.1"})
    change(api, place, MAJOR)
    reply = api.call("POST", f"{place}/versions", {"version": "1.0.1"})
    assert (reply.status, reply.code) == (409, "AlreadyPublished")


def test_a_fix_of_an_old_release_is_measured_by_that_release(api: Any, place: str) -> None:
    change(api, place, MAJOR)
    api.call("POST", f"{place}/versions", {"version": "2.0.0"})
    change(api, place, PATCH)
    assert api.call("POST", f"{place}/versions", {"version": "1.0.1"}).status == 201
    # The proposal is for what comes after the highest.
    assert api.call("GET", f"{place}/versions/next").body["version"] == "3.0.0"


def test_pre_releases_do_not_move_what_is_measured_by(api: Any, place: str) -> None:
    change(api, place, MAJOR)
    api.call("POST", f"{place}/versions", {"version": "2.0.0-rc.1"})
    change(api, place, MAJOR, PATCH)
    body = api.call("GET", f"{place}/versions/next").body
    assert (body["version"], body["previous"]) == ("2.0.0", "1.0.0")


def test_a_proposal_is_for_those_who_may_read(api: Any, place: str) -> None:
    assert api.call("GET", f"{place}/versions/next", roles="viewer").status == 200
    assert api.call("GET", f"{place}/versions/next", tenant="other").status == 404
