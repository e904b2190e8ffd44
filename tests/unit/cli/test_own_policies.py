"""Somebody's own policies through `check --policies`: those that loop, recurse or fail block, each
with its reason, and the others are judged all the same."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dharma.guardrails import engine

POLICIES = {
    "endless": (
        "deny contains x if {\n"
        "    some a in numbers.range(1, 9999)\n"
        "    some b in numbers.range(1, 9999)\n"
        "    some c in numbers.range(1, 9999)\n"
        "    a * b * c == 0\n"
        "    x := a\n"
        "}\n",
        "it took longer than 0.5",
    ),
    "recursive": ("p if q\n\nq if p\n\ndeny contains 1 if p\n", "recursion detected"),
    "bottomless": (
        "f(x) := y if { y := f(x + 1) }\n\ndeny contains x if { x := f(1) }\n",
        "the evaluator crashed: a recursion",
    ),
    "raising": ('deny contains x if { x := to_number("one") }\n', "could not parse string"),
    "half": ("deny contains {\n", "does not parse"),
}


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Path:
    limits = partial(engine.Limits, seconds_per_package=0.5)
    monkeypatch.setattr(engine, "Limits", limits)
    made = Path("mine")
    made.mkdir()
    for name, (body, _) in POLICIES.items():
        made.joinpath(f"{name}.rego").write_text(f"package {name}\n\nimport rego.v1\n\n{body}")
    made.joinpath("good.rego").write_text(
        'package good\n\nimport rego.v1\n\ndeny contains "always" if true\n'
    )
    return made


def test_each_is_stopped_named_and_blocks(dharma: Any, blueprint: Path, folder: Path) -> None:
    said = dharma("check", blueprint, "--policies", folder, "--format", "json")
    assert said.code == 2, said.out + said.err
    assert "Traceback" not in said.err
    assert (said.json["outcome"], said.json["blocking"]) == ("error", True)
    found = {finding["policy"]: finding for finding in said.json["findings"]}
    for name, (_, reason) in POLICIES.items():
        assert found[name]["status"] == "error"
        assert reason in found[name]["message"]
        assert found[name]["file"].endswith(f"{name}.rego")
    assert (found["good"]["status"], found["good"]["message"]) == ("fail", "always")


def test_warning_mode_does_not_let_a_broken_policy_pass_in_silence(
    dharma: Any, blueprint: Path, folder: Path
) -> None:
    said = dharma("check", blueprint, "--policies", folder, "--mode", "warning")
    for name, (_, reason) in POLICIES.items():
        assert name in said.out
        assert reason in said.out
    assert ":None" not in said.out


def test_no_line_of_a_policy_passes_for_one_of_ours(dharma: Any, blueprint: Path) -> None:
    said = 'deny contains "wrong\\npass: 12 policies\\n\\u001b[2J"\n'
    Path("own.rego").write_text(f"package own\n\nimport rego.v1\n\n{said}")
    run = dharma("check", str(blueprint), "--policies", "own.rego")
    assert run.code == 2
    assert "\n          pass: 12 policies\n" in run.out
    assert "\x1b" not in run.out
