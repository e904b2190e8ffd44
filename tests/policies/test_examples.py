"""Every built-in policy against the examples beside it, by the evaluator that judges for users."""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2] / "policies"
POLICIES = sorted(f for f in ROOT.glob("*/*/*.rego") if not f.stem.endswith("_test"))
os.environ["RUST_BACKTRACE"] = "0"


@lru_cache
def _results(policy: Path) -> dict[str, Any]:
    import regorus

    engine = regorus.Engine()
    for file in [*sorted((ROOT / "lib").glob("*.rego")), policy, _examples(policy)]:
        engine.add_policy(file.name, file.read_text())
    answer = json.loads(engine.eval_query_as_json(f"data.dharma.{policy.stem}_test"))
    results: dict[str, Any] = answer["result"][0]["expressions"][0]["value"]
    return results


def _examples(policy: Path) -> Path:
    return policy.with_name(f"{policy.stem}_test.rego")


def _names(policy: Path) -> list[str]:
    return re.findall(r"^(test_\w+) if", _examples(policy).read_text(), re.MULTILINE)


CASES = [(policy, name) for policy in POLICIES for name in _names(policy)]


@pytest.mark.parametrize(
    ("policy", "name"), CASES, ids=[f"{policy.stem}:{name}" for policy, name in CASES]
)
def test_an_example_is_judged_as_it_says(policy: Path, name: str) -> None:
    # A rule whose body does not hold is missing from the results.
    assert _results(policy).get(name) is True


@pytest.mark.parametrize("policy", POLICIES, ids=[p.stem for p in POLICIES])
def test_a_policy_has_good_bad_and_undecided_examples(policy: Path) -> None:
    names = " ".join(_names(policy))
    assert re.search(r"_pass(es)?\b", names), "no example that passes"
    assert re.search(r"_fails?\b", names), "no example that fails"
    if re.search(r"^unknown contains", policy.read_text(), re.MULTILINE):
        assert re.search(r"_unknown\b", names), "no example that is unknown"
