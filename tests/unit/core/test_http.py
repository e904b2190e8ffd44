from __future__ import annotations

import pytest

from dharma.core import errors
from dharma.core.http import listing, problem


def test_a_failure_is_a_problem_with_code_and_every_fault() -> None:
    error = errors.InvalidBlueprint(
        "two faults",
        [
            errors.Fault("unknown kind", path="resources.a.type", line=3, column=5, hint="aws_x"),
            errors.Fault("required", path="name"),
        ],
    )
    status, body, headers = problem(
        error, instance="/blueprints", request_id="r1", correlation_id="c1"
    )
    assert (status, headers) == (422, {})
    assert body == {
        "type": "urn:dharma:problem:InvalidBlueprint",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "two faults",
        "instance": "/blueprints",
        "code": "InvalidBlueprint",
        "requestId": "r1",
        "correlationId": "c1",
        "details": [
            {
                "field": "resources.a.type",
                "message": "unknown kind",
                "line": 3,
                "column": 5,
                "hint": "aws_x",
            },
            {"field": "name", "message": "required"},
        ],
    }


def test_very_many_faults_are_counted_not_listed() -> None:
    error = errors.InvalidInput("many", [errors.Fault(str(n)) for n in range(250)])
    body = problem(error, instance="/", request_id="r", correlation_id="c")[1]
    assert len(body["details"]) == 201
    assert body["details"][-1]["message"] == "and 50 more"


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (errors.Unavailable("x"), 503, True),
        (errors.TooManyRequests("x"), 429, True),
        (errors.EnvironmentLocked("x"), 409, False),
        (errors.VersionConflict("x"), 409, False),
        (errors.Unauthenticated("x"), 401, False),
        (errors.LimitExceeded("x"), 413, False),
        (errors.CompensationFailed("x"), 502, False),
        (errors.DharmaError("x"), 500, False),
    ],
)
def test_each_class_has_its_status(error: errors.DharmaError, status: int, retry: bool) -> None:
    found, body, headers = problem(error, instance="/", request_id="r", correlation_id="c")
    assert (found, body["status"], "Retry-After" in headers) == (status, status, retry)


def test_every_error_class_has_a_status() -> None:
    classes = [errors.DharmaError]
    for known in classes:
        classes += known.__subclasses__()
    assert len(classes) > 20
    assert all(400 <= errors.http_status(known) < 600 for known in classes)


def test_a_list_links_to_its_neighbours_with_the_same_filters() -> None:
    page = listing(
        "/blueprints",
        [{"id": 1}],
        query={"provider": "aws", "tag": None, "limit": 2, "cursor": "here", "offset": 0},
        next_cursor="n+/=",
        previous_cursor=None,
    )
    assert page["_links"] == {
        "self": {"href": "/blueprints?provider=aws&limit=2&cursor=here"},
        "next": {"href": "/blueprints?provider=aws&limit=2&cursor=n%2B%2F%3D"},
    }
    assert (page["nextCursor"], page["previousCursor"]) == ("n+/=", None)
