"""What an environment may say of itself."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from dharma.blueprint.environment_record import POLICY_MODES, PROVIDERS, EnvironmentRecord
from dharma.core.errors import Fault
from dharma.model.regions import DEFAULT_REGION, is_region

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_ACCOUNT = re.compile(r"[A-Za-z0-9:._-]{0,64}")
# An S3 bucket's name, without dots: those would not fit AWS's TLS certificate.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
_APPROVER = re.compile(r"[\x21-\x7e]{1,128}")
_CREDENTIALS = re.compile(
    r"sandbox|default|profile:[A-Za-z0-9._-]{1,64}|role:arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]{1,200}"
)
_MOST_VARIABLES = 200


def is_environment_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def environment_faults(record: EnvironmentRecord) -> list[Fault]:
    """Everything that is wrong with a record, by the path of the request's field."""
    faults: list[Fault] = []

    def check(path: str, fits: bool, message: str, hint: str | None = None) -> None:
        if not fits:
            faults.append(Fault(message, path=path, hint=hint))

    check(
        "name",
        is_environment_name(record.name),
        f"{record.name[:64]!r} is no name for an environment",
        "a small letter, then small letters, digits and -, 32 at most",
    )
    check("provider", record.provider in PROVIDERS, f"one of {', '.join(PROVIDERS)}")
    check(
        "region",
        is_region(record.provider, record.region),
        f"{record.region[:64]!r} is no region of {record.provider[:64]}",
        f"for example {DEFAULT_REGION.get(record.provider, 'us-east-1')}",
    )
    check("account", _ACCOUNT.fullmatch(record.account) is not None, "is no account")
    check(
        "credentials",
        _CREDENTIALS.fullmatch(record.credentials) is not None,
        "is no reference to credentials",
        "sandbox, default, profile:<name> or role:<arn>",
    )
    check("policyMode", record.policy_mode in POLICY_MODES, f"one of {', '.join(POLICY_MODES)}")
    for number, approver in enumerate(record.approvers):
        check(
            f"approvers.{number}",
            _APPROVER.fullmatch(approver) is not None,
            "is no name of an approver",
        )
    check(
        "variables",
        len(record.entries) <= _MOST_VARIABLES,
        f"at most {_MOST_VARIABLES} variables",
    )
    for name in record.entries:
        check(
            f"variables.{name[:64]}",
            _VARIABLE.fullmatch(name) is not None,
            "is no name of a variable",
        )
    if record.artifact_bucket is not None:
        check(
            "artifactBucket",
            _BUCKET.fullmatch(record.artifact_bucket) is not None,
            "is no name of a bucket",
            "3 to 63 small letters, digits and -, without dots",
        )
    if record.webhook_url is not None:
        check("webhook.url", _is_http_url(record.webhook_url), "is no http or https address")
        check(
            "webhook.url",
            not _has_user(record.webhook_url),
            "holds a user or a password, which everybody who reads the environment would see",
            "leave them out: what is sent is signed with the webhook's secret",
        )
    return faults


def _is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and len(text) <= 2048


def _has_user(text: str) -> bool:
    try:
        return "@" in urlsplit(text).netloc
    except ValueError:
        return False
