"""`stop status health info` where no stack runs; with one they are tested in tests/e2e."""

from __future__ import annotations

from typing import Any

import pytest

from dharma.catalog import load_catalog
from dharma.guardrails.library import load_policies

JSON = ("--format", "json")


@pytest.mark.parametrize("command", ["status", "health"])
def test_a_stack_that_does_not_run_is_code_1_and_says_how_to_start(
    dharma: Any, command: str, tmp_path: Any
) -> None:
    said = dharma(command)
    assert said.code == 1
    where = tmp_path / "state"
    assert said.out == f"Not running with the state in {where}. Start it with: iac-dharma start\n"


def test_the_same_in_json(dharma: Any) -> None:
    assert dharma("status", *JSON).json == {
        "schemaVersion": "1",
        "command": "status",
        "ready": False,
        "processes": [],
    }
    assert dharma("health", *JSON).json["ok"] is False


def test_stopping_what_does_not_run_is_fine(dharma: Any) -> None:
    said = dharma("stop")
    assert (said.code, said.out) == (0, "Was not running.\n")
    assert dharma("stop", *JSON).json["wasRunning"] is False


def test_info_counts_what_there_is(dharma: Any, tmp_path: Any) -> None:
    found = dharma("info", *JSON).json
    assert found["kinds"] == len(list(load_catalog().kinds()))
    assert found["policies"] == len(load_policies().policies)
    assert found["prices"] > 0
    assert found["stateDirectory"] == str(tmp_path / "state")
    assert found["projectFile"] == ""
    dharma("init")
    assert dharma("info", *JSON).json["projectFile"].endswith(".iac-dharma.json")
    assert "templates: " in dharma("info").out


def test_a_wrong_setting_is_named(dharma: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DHARMA_PORT", "http")
    for command in ("start", "stop", "status"):
        error = dharma(command, *JSON).error
        assert error["code"] == "Misconfigured"
        assert "DHARMA_PORT" in error["message"]
