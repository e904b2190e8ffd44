"""The engine under policies of every sort: right, wrong, endless, greedy, deadly.

These start the real evaluating process; each test costs about 0.1 s, the endless ones their limit.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dharma.core.errors import LimitExceeded
from dharma.guardrails.engine import Limits, PolicyEngine
from dharma.guardrails.judging import MOST_CHARACTERS
from dharma.guardrails.library import PolicyLibrary, policy_from_text
from dharma.guardrails.process import Module, WorkerProcess
from dharma.guardrails.verdict import Finding, Gate, Verdict

SEED = """package terraform.analysis

deny[msg] {
  resource := input.resource_changes[_]
  resource.type == "aws_s3_bucket"
  not resource.change.after.server_side_encryption_configuration
  msg := sprintf("S3 bucket '%s' must have encryption enabled", [resource.address])
}
"""
BUCKET = {"address": "aws_s3_bucket.a", "type": "aws_s3_bucket", "change": {"after": {}}}
GOOD = 'package good\n\ndeny contains "always"\n'
ENDLESS = """package endless

deny contains x if {
    some a in numbers.range(1, 100000)
    some b in numbers.range(1, 100000)
    a * b == -1
    x := a
}
"""
GREEDY = """package greedy

every_pair := [sprintf("%d-%d", [i, j]) |
    some i in numbers.range(0, 100000)
    some j in numbers.range(0, 10000)
]

deny contains "many" if count(every_pair) == 3
"""
TIGHT = Limits(seconds_per_package=0.6, seconds_to_load=1.0)


def _library(*texts: str) -> PolicyLibrary:
    return PolicyLibrary(tuple(policy_from_text(t, f"p{i}.rego") for i, t in enumerate(texts)))


def _judge(*texts: str, given: dict[str, Any] | None = None, limits: Limits = TIGHT) -> Verdict:
    with PolicyEngine(_library(*texts), limits) as engine:
        return engine.evaluate(given or {})


def _of(verdict: Verdict, policy: str) -> Finding:
    (found,) = [f for f in verdict.findings if f.policy == policy]
    return found


def test_the_seeds_policy_runs_as_it_stands_in_the_seed() -> None:
    verdict = _judge(SEED, given={"resource_changes": [BUCKET]})
    assert [f.message for f in verdict.findings] == [
        "S3 bucket 'aws_s3_bucket.a' must have encryption enabled"
    ]
    assert verdict.blocking
    encrypted = {**BUCKET, "change": {"after": {"server_side_encryption_configuration": [{}]}}}
    assert _judge(SEED, given={"resource_changes": [encrypted]}).outcome == "pass"


def test_both_versions_of_rego_run_side_by_side() -> None:
    old = 'package old\n\ndeny[msg] { input.x == 1; msg := "old" }\n'
    new = 'package new\n\nimport rego.v1\n\ndeny contains "new" if input.x == 1\n'
    verdict = _judge(old, new, given={"x": 1})
    assert sorted(f.message for f in verdict.findings) == ["new", "old"]


def test_a_header_decides_the_version() -> None:
    new_only = '# rego: v0\npackage a\n\ndeny contains "x" if true\n'
    assert _of(_judge(new_only), "a").message.startswith(
        "could not be evaluated: does not parse; as Rego v0: line 4"
    )


BROKEN = {
    "does not parse": ("package bad\n\ndeny contains {\n", "as Rego v1: line 4: expecting"),
    "is not safe": ("package bad\n\ndeny contains x if { y := 1 }\n", "line 3: var x is unsafe"),
    "recurses": ("package bad\n\np if q\n\nq if p\n\ndeny contains 1 if p\n", "recursion detected"),
    "recurses in a function": (
        "package bad\n\nf(x) := y if { y := f(x + 1) }\n\ndeny contains x if { x := f(1) }\n",
        "the evaluator crashed: a recursion",
    ),
    "raises": (
        'package bad\n\ndeny contains x if { x := to_number("one") }\n',
        "line 3: could not parse string as number",
    ),
    "divides by zero": ("package bad\n\ndeny contains x if { x := 1 / input.zero }\n", "divide"),
    "contradicts itself": (
        "package bad\n\nx := 1\n\nx := 2\n\ndeny contains x if x\n",
        "rule conflicts with rule at",
    ),
    "calls an unknown builtin": (
        "package bad\n\ndeny contains x if { x := nosuch.f(1) }\n",
        "line 3: there is no function nosuch.f",
    ),
    "calls an unknown builtin where it is not reached": (
        "package bad\n\ndeny contains x if { input.nothing; x := nosuch.f(1) }\n",
        "line 3: there is no function nosuch.f",
    ),
    "calls an unknown function of its own": (
        "package bad\n\ndeny contains x if { input.nothing; x := helper(1) }\n",
        "line 3: there is no function helper",
    ),
    "asks the network": (
        'package bad\n\ndeny contains "x" if { http.send({"url": "http://127.0.0.1/"}) }\n',
        "http.send is not available: policies have no network",
    ),
    "asks for the machine": (
        "package bad\n\ndeny contains x if { x := opa.runtime().env }\n",
        "opa.runtime is not available",
    ),
    "imports what nobody defines": (
        "package bad\n\nimport data.helpers\n\ndeny contains x if { x := helpers.y }\n",
        "imports data.helpers, which no policy defines",
    ),
    "looks at data that nobody defines": (
        "package bad\n\ndeny contains x if { some x in data.limits.sizes }\n",
        "line 3: there is no data.limits",
    ),
    "looks at a rule that is not in its package": (
        "package bad\n\nsize := 1\n\ndeny contains 1 if { not data.bad.sise }\n",
        "line 5: there is no data.bad.sise",
    ),
    "misspells deny": ('package bad\n\ndenny contains "x"\n', "reports nothing"),
    "poses as ours": (
        'package dharma.aws_kms_key_rotation\n\nfail contains "x"\n',
        "the package dharma is the product's own",
    ),
    "uses walk as no rewriting can mend": (
        "package bad\n\ndeny contains n if some n in walk(input)\n",
        "line 3: walk(x) is understood only as",
    ),
    "is too deep to read": (
        "package bad\n\ndeny contains " + "[" * 5000 + "]" * 5000 + "\n",
        "",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_policy_that_cannot_be_evaluated_blocks_and_the_others_are_judged(name: str) -> None:
    text, said = BROKEN[name]
    verdict = _judge(GOOD, text, given={"zero": 0})
    (error,) = [f for f in verdict.findings if f.status == "error"]
    assert said in error.message
    assert error.file == "p1.rego"
    assert verdict.outcome == "error"
    assert error in verdict.blockers
    assert _of(verdict, "good").message == "always"


def test_an_endless_policy_is_stopped_in_time_and_the_worker_replaced() -> None:
    with PolicyEngine(_library(ENDLESS, GOOD), TIGHT) as engine:
        before = engine.worker_pid
        verdict = engine.evaluate({})
        assert engine.worker_pid != before
        assert "it took longer than 0.6 s" in _of(verdict, "endless").message
        assert _of(verdict, "good").status == "fail"
        assert engine.evaluate({}).findings == verdict.findings


def test_a_greedy_policy_is_stopped_by_its_memory_and_the_others_are_judged() -> None:
    limits = Limits(memory_bytes=96 << 20, seconds_per_package=20)
    verdict = _judge(GREEDY, GOOD, limits=limits)
    assert "it needed more memory than it may have" in _of(verdict, "greedy").message
    assert _of(verdict, "good").status == "fail"


def test_a_worker_killed_between_two_evaluations_is_replaced_without_a_word() -> None:
    with PolicyEngine(_library(GOOD), TIGHT) as engine:
        first = engine.evaluate({})
        pid = engine.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert engine.evaluate({}).findings == first.findings
        assert engine.worker_pid not in {None, pid}


def test_a_worker_killed_in_the_middle_gets_a_second_chance() -> None:
    slow = """package slow

deny contains "found" if {
    count([1 | some a in numbers.range(1, 1500); some b in numbers.range(1, 1500); a == b]) > 1
}
"""
    with PolicyEngine(_library(slow), Limits(seconds_per_package=30)) as engine:
        pid = engine.worker_pid
        assert pid is not None
        killer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
        killer.start()
        verdict = engine.evaluate({})
        killer.join()
        assert engine.worker_pid != pid, "the worker should have been killed while it evaluated"
        assert [f.message for f in verdict.findings] == ["found"]


@pytest.mark.parametrize("reading", ["p0.rego", None], ids=["a file is read", "before the first"])
def test_a_worker_killed_while_it_loads_gets_a_second_chance(
    monkeypatch: pytest.MonkeyPatch, reading: str | None
) -> None:
    load = WorkerProcess.load
    killed: list[int] = []

    def killed_once(
        worker: WorkerProcess, modules: Sequence[Module], seconds: float
    ) -> list[dict[str, Any]]:
        if not killed:
            killed.append(worker.pid)
            os.kill(worker.pid, signal.SIGKILL)
            worker.at = reading
        return load(worker, modules, seconds)

    monkeypatch.setattr(WorkerProcess, "load", killed_once)
    with PolicyEngine(_library(GOOD), TIGHT) as engine:
        verdict = engine.evaluate({})
        assert killed
        assert engine.worker_pid not in {None, killed[0]}
        assert [f.message for f in verdict.findings] == ["always"]


def test_a_worker_does_not_outlive_a_killed_parent() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, ENDLESS],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    time.sleep(0.2)  # now it evaluates
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while _is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(worker)


PARENT = """
import sys
from dharma.guardrails.engine import Limits, PolicyEngine
from dharma.guardrails.library import PolicyLibrary, policy_from_text
from dharma.guardrails.process import Module, WorkerProcess

library = PolicyLibrary((policy_from_text(sys.argv[1], "endless.rego"),))
with PolicyEngine(library, Limits(seconds_per_package=1.0)) as engine:
    print(engine.worker_pid, flush=True)
    engine.evaluate({})
"""


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_all_policies_together_have_a_limit_too() -> None:
    texts = [ENDLESS.replace("endless", f"endless{i}") for i in range(4)]
    limits = Limits(seconds_per_package=0.5, seconds_in_all=0.7)
    verdict = _judge(*texts, limits=limits)
    assert [f.status for f in verdict.findings] == ["error"] * 4
    assert any("not reached" in f.message for f in verdict.findings)


def test_what_the_worker_cannot_see_does_not_reach_policies() -> None:
    """Neither the environment nor the file system: rego has no builtin for either."""
    verdict = _judge("package a\n\ndeny contains x if { x := data }\n")
    assert "HOME" not in _of(verdict, "a").message


CONFTEST: list[tuple[str, list[tuple[str, bool, str | None]]]] = [
    ('deny contains "text"', [("text", False, None)]),
    ('deny contains {"msg": "text"}', [("text", False, None)]),
    (
        'violation contains {"msg": "text", "details": {}, "resource": "aws_x.y"}',
        [("text", False, "aws_x.y")],
    ),
    ('warn contains "text"', [("text", True, None)]),
    ('deny_buckets contains "text"', [("text", False, None)]),
    ("deny := true", [("p", False, None)]),
    ('deny := "text"', [("text", False, None)]),
    ('deny := {"msg": "text"}', [("text", False, None)]),
    ('deny := ["one", "two"]', [("one", False, None), ("two", False, None)]),
    ('deny[k] := v if some k, v in {"a": "text"}', [("text", False, None)]),
    ("deny contains 7", [("7", False, None)]),
    ('deny contains {"code": 7}', [('{"code": 7}', False, None)]),
    ("deny := false", []),
    ("deny := null", []),
    ('deny contains "text" if input.nothing', []),
]


@pytest.mark.parametrize(("rule", "expected"), CONFTEST, ids=[rule for rule, _ in CONFTEST])
def test_reports_of_every_form_that_conftest_knows_are_read(
    rule: str, expected: list[tuple[str, bool, str | None]]
) -> None:
    verdict = _judge(f"package p\n\n{rule}\n")
    assert [(f.message, f.advisory, f.address) for f in verdict.findings] == expected


def test_a_policy_says_no_more_than_somebody_reads() -> None:
    long = 'concat("", ["a" | some i in numbers.range(1, 2000)])'
    rule = f'package p\n\nfail contains {{"msg": x, "path": x, "address": x}} if x := {long}\n'
    [finding] = _judge(rule.replace('["a" |', '[sprintf("%d", [i]) |')).findings
    for said in (finding.message, finding.path or "", finding.address or ""):
        assert len(said) == MOST_CHARACTERS
        assert said.endswith("\N{HORIZONTAL ELLIPSIS}")


def test_files_of_one_package_share_their_rules_and_their_name() -> None:
    texts = ["package main\n\nlimit := 3\n", "package main\n\ndeny contains limit if input.x\n"]
    verdict = _judge(*texts, given={"x": 1})
    assert [(f.policy, f.message) for f in verdict.findings] == [("main", "3")]


BUILTINS = [
    ('net.cidr_intersects("10.0.0.0/8", "10.1.0.0/16")', True),
    ('net.cidr_intersects("10.0.0.0/8", "11.0.0.0/8")', False),
    ('net.cidr_intersects("10.1.2.3/8", "10.0.0.0/30")', True),
    ('net.cidr_intersects("::/0", "10.0.0.0/8")', False),
    (f'crypto.sha256("a") == "{hashlib.sha256(b"a").hexdigest()}"', True),
    (f'crypto.sha1("a") == "{hashlib.sha1(b"a").hexdigest()}"', True),
    (f'crypto.md5("a") == "{hashlib.md5(b"a").hexdigest()}"', True),
]


@pytest.mark.parametrize(("condition", "holds"), BUILTINS, ids=[b[0] for b in BUILTINS])
def test_builtins_that_the_evaluator_lacks_are_added(condition: str, holds: bool) -> None:
    verdict = _judge(f'package p\n\ndeny contains "holds" if {condition}\n')
    assert [f.message for f in verdict.findings] == ["holds"] * holds


def test_an_added_builtin_raises_loudly() -> None:
    verdict = _judge('package p\n\ndeny contains "x" if net.cidr_intersects("here", "::/0")\n')
    assert "'here' does not appear to be an IPv4 or IPv6 network" in _of(verdict, "p").message


def test_a_file_may_use_the_functions_of_another() -> None:
    helper = 'package helpers.text\n\nshout(x) := sprintf("%s!", [x])\n'
    user = (
        "package u\n\nimport data.helpers.text\n\ndeny contains m if { m := text.shout(input.x) }\n"
    )
    assert [f.message for f in _judge(helper, user, given={"x": "no"}).findings] == ["no!"]


def test_a_file_may_look_at_the_rules_of_another() -> None:
    limits = 'package limits\n\nsizes := {"small": 1}\n'
    user = """package u

deny contains "small" if { data.limits.sizes.small < input.x }
deny contains size if { some size, _ in data["limits"].sizes }
"""
    found = _judge(limits, user, given={"x": 2}).findings
    assert [f.message for f in found] == ["small"]


def test_a_document_that_is_too_large_is_refused() -> None:
    with (
        PolicyEngine(_library(GOOD), Limits(document_bytes=100)) as engine,
        pytest.raises(LimitExceeded, match="at most 100 can be judged"),
    ):
        engine.evaluate({"text": "x" * 200})


def test_a_document_that_the_evaluator_cannot_read_is_an_error_of_every_policy() -> None:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"a": deep}
    verdict = _judge(GOOD, given=deep)
    assert verdict.outcome == "error"
    assert "the document could not be read" in _of(verdict, "good").message


@pytest.fixture
def engine() -> Iterator[PolicyEngine]:
    with PolicyEngine(_library(GOOD, SEED)) as running:
        yield running


def test_calls_from_several_threads_wait_for_each_other(engine: PolicyEngine) -> None:
    outcomes: list[int] = []

    def judge(count: int) -> None:
        changes = [{**BUCKET, "address": f"aws_s3_bucket.b{i}"} for i in range(count)]
        outcomes.append(len(engine.evaluate({"resource_changes": changes}).findings) - count)

    threads = [threading.Thread(target=judge, args=(n,)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [1] * 8


def test_nothing_of_one_document_is_left_for_the_next(engine: PolicyEngine) -> None:
    assert len(engine.evaluate({"resource_changes": [BUCKET]}).findings) == 2
    assert len(engine.evaluate({}).findings) == 1


def test_a_warning_mode_never_blocks(engine: PolicyEngine) -> None:
    verdict = engine.evaluate({}, "warning")
    assert verdict.outcome == "fail"
    assert not verdict.blocking
    assert engine.evaluate({}, Gate("blocking", threshold="high")).blocking
    assert not engine.evaluate({}, Gate("blocking", threshold="critical")).blocking
