from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from dharma.core.observability import (
    JsonFormatter,
    accepted_correlation_id,
    bound,
    configure_logging,
    correlation_id,
)


def line(message: str = "said", **extra: Any) -> dict[str, Any]:
    record = logging.getLogger("x").makeRecord(
        "x", logging.INFO, "f", 1, message, (), None, extra=extra
    )
    parsed: dict[str, Any] = json.loads(JsonFormatter("blueprint").format(record))
    return parsed


def test_a_line_is_json_with_service_and_fields() -> None:
    said = line("two\nlines ü", deployment_id="d1", count=3)
    assert said["message"] == "two\nlines ü"
    assert (said["service"], said["level"], said["logger"]) == ("blueprint", "INFO", "x")
    assert (said["deployment_id"], said["count"]) == ("d1", 3)
    assert said["time"].endswith("Z")


def test_bound_fields_are_on_every_line_inside_and_none_outside() -> None:
    with bound(correlation_id="c1"):
        with bound(tenant="t"):
            assert line()["tenant"] == "t"
            assert line()["correlation_id"] == "c1"
        assert "tenant" not in line()
        assert correlation_id() == "c1"
    assert correlation_id() == ""
    assert "correlation_id" not in line()


@pytest.mark.parametrize(
    "name", ["password", "db_passwd", "clientSecret", "Authorization", "task_token", "private_key"]
)
def test_secrets_are_masked(name: str) -> None:
    assert line(**{name: "hunter2"})[name] == "***"
    assert line(request={"inner": {name: "hunter2"}})["request"]["inner"][name] == "***"


def test_an_exception_is_part_of_the_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
        record = logging.getLogger("x").makeRecord("x", 40, "f", 1, "m", (), info)
    assert "ValueError: broken" in json.loads(JsonFormatter("s").format(record))["exception"]


def test_everything_goes_to_stderr_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure_logging("gateway", "WARNING")
        logging.getLogger("some.library").info("not this")
        logging.getLogger("some.library").warning("this")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    out = capsys.readouterr()
    assert out.out == ""
    assert [json.loads(text)["message"] for text in out.err.splitlines()] == ["this"]


@pytest.mark.parametrize(
    "offered", ["abc-1", "Root=1-67891233-abcdef", "01ARYZ6S41TSV4RRFFQ69G5FAV"]
)
def test_a_callers_correlation_id_is_kept(offered: str) -> None:
    assert accepted_correlation_id(offered) == offered


@pytest.mark.parametrize(
    "offered", [None, "", "a b", "x" * 129, "a\nb", '{"a":1}', "-x", "ü", "a\n"]
)
def test_a_harmful_correlation_id_is_not(offered: str | None) -> None:
    assert accepted_correlation_id(offered) is None
