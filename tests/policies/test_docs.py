"""docs/policies.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from dharma.guardrails.engine import PolicyEngine
from dharma.guardrails.library import PolicyLibrary, load_policies, policy_from_text

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "policies.md").read_text()


def test_the_page_lists_every_built_in_policy_as_it_is() -> None:
    listed = PAGE[PAGE.index("| id | what") :].strip().splitlines()[2:]
    policies = sorted(load_policies().policies, key=lambda p: (p.category, p.id))
    assert listed == [f"| `{p.id}` | {p.title} | {p.severity} | {p.category} |" for p in policies]


def test_the_page_lists_every_parameter() -> None:
    named = re.search(r"^Parameters: (.*)\.$", PAGE, re.MULTILINE)
    assert named is not None
    used = set()
    for policy in load_policies().policies:
        for owner, name in re.findall(r'lib\.parameter\("(\w+)", "(\w+)"', policy.text):
            assert owner == policy.id
            used.add(f"{owner}.{name}")
    assert set(re.findall(r"`([\w.]+)`", named.group(1))) == used


def test_the_pages_example_judges_as_it_says() -> None:
    example = re.search(r"```rego\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    policy = policy_from_text(example.group(1), "queues.rego")
    queues = [
        {"address": f"aws_sqs_queue.{name}", "properties": {"name": name, "tags": {"team": "web"}}}
        for name in ("web-jobs", "jobs")
    ]
    with PolicyEngine(PolicyLibrary((policy,))) as engine:
        verdict = engine.evaluate({"resources": {"aws_sqs_queue": queues}})
    assert [(f.address, f.path, f.severity) for f in verdict.findings] == [
        ("aws_sqs_queue.jobs", "name", "medium")
    ]
