"""Findings, the gate, exceptions and what is told about them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import jsonschema
import pytest

from dharma.core.errors import InvalidInput, PolicyViolation
from dharma.guardrails.check import require
from dharma.guardrails.exceptions import PolicyException, apply_exceptions, read_exceptions
from dharma.guardrails.judging import Judge
from dharma.guardrails.library import Policy
from dharma.guardrails.verdict import Exemption, Finding, Gate, PolicyResult, Verdict, in_order
from dharma.guardrails.verdict_schema import FINDING, VERDICT

FAIL = Finding("p", "A rule", "high", "security", "fail", "is wrong", address="aws_x.y[0]")
UNKNOWN = replace(FAIL, status="unknown")
ERROR = replace(FAIL, status="error", severity="low", address=None)
EXEMPT = replace(FAIL, exemption=Exemption("e1", "agreed", "ada"))
TODAY = date(2026, 11, 23)


def _verdict(*findings: Finding, **gate: Any) -> Verdict:
    return Verdict(findings, (), Gate(**gate))


OUTCOMES: list[tuple[tuple[Finding, ...], str]] = [
    ((), "pass"),
    ((UNKNOWN,), "unknown"),
    ((UNKNOWN, FAIL), "fail"),
    ((UNKNOWN, FAIL, ERROR), "error"),
    ((EXEMPT,), "pass"),
    ((EXEMPT, UNKNOWN), "unknown"),
]


@pytest.mark.parametrize(("findings", "outcome"), OUTCOMES)
def test_the_outcome_is_the_worst_open_finding(findings: tuple[Finding, ...], outcome: str) -> None:
    assert _verdict(*findings).outcome == outcome


GATES: list[tuple[str, Finding, dict[str, Any], bool]] = [
    ("a failure at the threshold", FAIL, {}, True),
    ("a failure below it", replace(FAIL, severity="medium"), {}, False),
    ("a failure above it", replace(FAIL, severity="critical"), {}, True),
    ("a low one under a low threshold", replace(FAIL, severity="low"), {"threshold": "low"}, True),
    ("a doubt", UNKNOWN, {}, False),
    ("a doubt that has to be cleared", UNKNOWN, {"block_unknown": True}, True),
    ("a small doubt", replace(UNKNOWN, severity="low"), {"block_unknown": True}, False),
    ("an error, whatever its severity", ERROR, {}, True),
    ("advice", replace(FAIL, advisory=True), {"threshold": "low"}, False),
    ("what is excepted", EXEMPT, {}, False),
    ("a failure where only warnings are given", FAIL, {"mode": "warning"}, False),
    ("an error where only warnings are given", ERROR, {"mode": "warning"}, False),
]


@pytest.mark.parametrize(
    ("finding", "gate", "stops"), [g[1:] for g in GATES], ids=[g[0] for g in GATES]
)
def test_the_gate_stops(finding: Finding, gate: dict[str, Any], stops: bool) -> None:
    assert _verdict(finding, **gate).blocking is stops


def test_a_blocked_verdict_raises_with_every_blocker_and_its_remedy() -> None:
    finding = replace(FAIL, path="tags", file="web.yaml", line=7, remediation="Mend it.")
    with pytest.raises(PolicyViolation, match="1 finding of guardrails blocks this") as caught:
        require(_verdict(finding, UNKNOWN))
    assert [str(fault) for fault in caught.value.faults] == [
        "web.yaml:7: aws_x.y[0].tags: A rule: is wrong [p, high] (Mend it.)"
    ]
    require(_verdict(UNKNOWN))


def test_findings_are_ordered_by_status_severity_and_place() -> None:
    first, second = replace(FAIL, address="b"), replace(FAIL, address="a")
    critical = replace(FAIL, severity="critical")
    mixed = [UNKNOWN, second, first, critical, ERROR]
    ordered = in_order(mixed, {"b": 0, "a": 1})
    assert ordered == (ERROR, critical, first, second, UNKNOWN)
    assert in_order(mixed[::-1], {"b": 0, "a": 1}) == ordered


def test_the_schema_describes_what_is_printed() -> None:
    result = PolicyResult("p", "A rule", "high", "security", "fail", 1, 1, 0, 1)
    verdict = Verdict((ERROR, FAIL, EXEMPT, UNKNOWN), (result,), Gate(), 3)
    told = json.loads(json.dumps(verdict.to_dict()))
    jsonschema.Draft202012Validator(VERDICT).validate(told)
    assert told.keys() == VERDICT["properties"].keys()
    assert told["findings"][0].keys() == FINDING["properties"].keys()
    assert told["summary"] == {
        "resources": 3,
        "policies": 1,
        "applicable": 1,
        "passed": 0,
        "failures": 1,
        "unknowns": 1,
        "errors": 1,
        "exempted": 1,
    }
    assert [f["blocking"] for f in told["findings"]] == [True, True, False, False]


# --- exceptions -----------------------------------------------------------------------------------


def _exception(**more: Any) -> PolicyException:
    given = {"id": "e1", "policy": "p", "address": "aws_x.y[0]", "reason": "r", "approved_by": "a"}
    return PolicyException(**{**given, **more})


EXCEPTIONS: list[tuple[str, dict[str, Any], Finding, bool]] = [
    ("the same policy and address", {}, FAIL, True),
    ("another policy", {"policy": "q"}, FAIL, False),
    ("another instance", {"address": "aws_x.y[1]"}, FAIL, False),
    ("a pattern of addresses", {"address": "aws_x.*"}, FAIL, True),
    ("every policy for one address", {"policy": "*"}, FAIL, True),
    ("a doubt", {}, UNKNOWN, True),
    ("an error, which nobody may except", {"policy": "*", "address": "*"}, ERROR, False),
    ("its last day", {"expires": TODAY}, FAIL, True),
    ("the day after", {"expires": date(2026, 11, 22)}, FAIL, False),
]


@pytest.mark.parametrize(
    ("given", "finding", "covered"), [e[1:] for e in EXCEPTIONS], ids=[e[0] for e in EXCEPTIONS]
)
def test_an_exception_covers(given: dict[str, Any], finding: Finding, covered: bool) -> None:
    (found,) = apply_exceptions([finding], [_exception(**given)], TODAY)
    assert (found.exemption is not None) is covered
    if covered:
        assert found.exemption is not None
        assert (found.exemption.reason, found.exemption.approved_by) == ("r", "a")


def test_exceptions_are_read_from_data_and_written_back() -> None:
    entry = {
        "id": "e1",
        "policy": "aws_s3_*",
        "address": "aws_s3_bucket.site",
        "reason": "a public web site",
        "approvedBy": "ada@example.org",
        "expires": "2027-01-31",
    }
    (found,) = read_exceptions([entry])
    assert found.expires == date(2027, 1, 31)
    assert found.to_dict() == entry


def test_all_faults_of_exceptions_are_told_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_exceptions([{"id": "e1", "policy": "p", "expires": "soon"}, {"reason": " "}])
    assert [fault.path for fault in caught.value.faults] == [
        "exceptions.0.address",
        "exceptions.0.reason",
        "exceptions.0.approvedBy",
        "exceptions.0.expires",
        "exceptions.1.id",
        "exceptions.1.policy",
        "exceptions.1.address",
        "exceptions.1.reason",
        "exceptions.1.approvedBy",
    ]


# --- counting -------------------------------------------------------------------------------------

POLICY = Policy("p", "A rule", "high", "security", "p.rego", "", kinds=("aws_x",))
DOCUMENT = {
    "resources": {
        "aws_x": [
            {"address": "aws_x.a", "file": "f.yaml", "line": 3},
            {"address": "aws_x.b", "uncertain": "the condition is not known yet"},
            {"address": "aws_x.c"},
        ]
    }
}


def test_what_is_neither_failed_nor_unknown_passes() -> None:
    judge = Judge(DOCUMENT)
    value = {
        "fail": [{"address": "aws_x.a", "message": "bad"}],
        "unknown": [{"address": "aws_x.a", "message": "?"}, {"address": "aws_x.b", "message": "?"}],
        "helper": ["ignored"],
    }
    findings = judge.findings(POLICY, value)
    assert [(f.address, f.status) for f in findings] == [
        ("aws_x.a", "fail"),
        ("aws_x.b", "unknown"),
    ]
    assert (findings[0].file, findings[0].line) == ("f.yaml", 3)
    result = judge.result(POLICY, findings)
    assert (result.outcome, result.passed, result.failed, result.unknown) == ("fail", 1, 1, 1)


def test_a_failure_of_what_may_not_exist_is_a_doubt() -> None:
    (finding,) = Judge(DOCUMENT).findings(
        POLICY, {"fail": [{"address": "aws_x.b", "message": "bad"}]}
    )
    assert finding.status == "unknown"
    assert finding.message == "bad (if it exists: the condition is not known yet)"


def test_several_findings_of_one_resource_count_it_once() -> None:
    judge = Judge(DOCUMENT)
    value = {"fail": [{"address": "aws_x.a", "message": m} for m in ("one", "two", "two")]}
    findings = judge.findings(POLICY, value)
    assert [f.message for f in findings] == ["one", "two"]
    assert judge.result(POLICY, findings).passed == 2


def test_an_excepted_resource_is_neither_passed_nor_failed() -> None:
    judge = Judge(DOCUMENT)
    findings = apply_exceptions(
        judge.findings(POLICY, {"fail": [{"address": "aws_x.a", "message": "bad"}]}),
        [_exception(address="aws_x.a")],
        TODAY,
    )
    result = judge.result(POLICY, findings)
    assert (result.outcome, result.passed, result.failed, result.exempted) == ("pass", 2, 0, 1)


NAMED = [
    ("'aws_x.a' is bad", "aws_x.a"),
    ("aws_x.a, again aws_x.a.", "aws_x.a"),
    ("aws_x.a or aws_x.b", None),
    ("aws_x.ab is not ours", None),
    ("nothing named", None),
]


@pytest.mark.parametrize(("message", "address"), NAMED)
def test_a_message_that_names_one_resource_speaks_of_it(message: str, address: str | None) -> None:
    (finding,) = Judge(DOCUMENT).findings(POLICY, {"deny": [message]})
    assert finding.address == address
    assert finding.line == (3 if address else None)


@pytest.mark.parametrize("key", ['"b[0].c"', r'"k\"q ]"', "0", "?"])
def test_a_message_may_name_a_resource_by_any_key(key: str) -> None:
    address = f"module.web[{key}].aws_x.a[{key}]"
    document = {"resources": {"aws_x": [{"address": address, "file": "f.tf", "line": 3}]}}
    (finding,) = Judge(document).findings(POLICY, {"deny": [f"{address} is bad"]})
    assert (finding.address, finding.line) == (address, 3)
