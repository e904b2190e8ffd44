"""Policies on disk: the built-in ones, and those of the user.

A policy is a file of one Rego package. Built-in ones lie under
`policies/<category>/<provider>/<id>.rego`, their examples beside them (`<id>_test.rego`), what they
share under `policies/lib/`. A user's file may be written in either version of Rego and report
through `fail` and `unknown` like ours, or through `deny`, `violation` and `warn` like conftest's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from dharma.core.errors import Fault, InvalidInput, LimitExceeded
from dharma.core.project_files import find
from dharma.core.reading import read_bounded
from dharma.guardrails.header import Header, read_header, read_rego_version
from dharma.guardrails.process import Module
from dharma.guardrails.verdict import CATEGORIES, SEVERITIES, Category, Severity

MAX_POLICY_BYTES = 1 << 20
MAX_POLICY_FILES = 2000
LIBRARY_FOLDER = "lib"
EVERY_KIND = "*"

_PLAN = re.compile(
    r"\b(resource_changes|planned_values|configuration|prior_state)\b"
    # The input as a whole, or a member that is not written out.
    r"|\binput\b(?!\s*\.|\s*\[\s*\")"
)
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Policy:
    """One file. It is evaluated when the document has a resource of its `kinds` (`*`: of any kind;
    none: always) and all parts that it `needs` (`plan`, `cost`)."""

    id: str
    title: str
    severity: Severity
    category: Category
    path: str
    text: str
    description: str = ""
    kinds: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    remediation: str | None = None
    source: str | None = None
    rego: str | None = None
    built_in: bool = False

    @property
    def reads_plan_shape(self) -> bool:
        """Whether it looks at Terraform's own shape of a plan (or at the whole input)."""
        return _PLAN.search(_COMMENT.sub("", self.text)) is not None

    def module(self) -> Module:
        return Module(self.path, self.text, self.rego, trusted=self.built_in)


@dataclass(frozen=True, slots=True)
class PolicyLibrary:
    """The policies to judge with, and the modules that they share."""

    policies: tuple[Policy, ...]
    shared: tuple[Module, ...] = ()

    def get(self, policy_id: str) -> Policy | None:
        return next((p for p in self.policies if p.id == policy_id), None)

    @property
    def reads_plan_shape(self) -> bool:
        return any(policy.reads_plan_shape for policy in self.policies)

    def only(self, ids: Iterable[str]) -> PolicyLibrary:
        """A part of it. Unknown ids are an error, so that a typo does not judge nothing."""
        wanted = set(ids)
        missing = sorted(wanted - {p.id for p in self.policies})
        if missing:
            raise InvalidInput(f"there is no policy {', '.join(missing)}")
        return PolicyLibrary(tuple(p for p in self.policies if p.id in wanted), self.shared)

    def without(self, ids: Iterable[str]) -> PolicyLibrary:
        dropped = set(ids)
        return PolicyLibrary(tuple(p for p in self.policies if p.id not in dropped), self.shared)

    def __add__(self, other: PolicyLibrary) -> PolicyLibrary:
        return PolicyLibrary(self.policies + other.policies, self.shared + other.shared)


def load_policies(
    paths: Iterable[Path | str] = (), *, built_in: bool = True, root: Path | None = None
) -> PolicyLibrary:
    """The built-in policies (under `root`, by default the product's own), then the files and
    folders of the user. Examples (`*_test.rego`) are left out."""
    library = _built_in(root or find("policies")) if built_in else PolicyLibrary(())
    for path in paths:
        known = {policy.path for policy in library.policies}
        added = _of_user(Path(path)).policies
        library += PolicyLibrary(tuple(p for p in added if p.path not in known))
    return library


def _built_in(root: Path) -> PolicyLibrary:
    shared = tuple(
        Module(f"{LIBRARY_FOLDER}/{file.name}", file.read_text(encoding="utf-8"), trusted=True)
        for file in sorted((root / LIBRARY_FOLDER).glob("*.rego"))
    )
    policies = []
    for file in sorted(root.glob("*/*/*.rego")):
        if not file.stem.endswith("_test"):
            text = file.read_text(encoding="utf-8")
            name = file.relative_to(root).as_posix()
            policies.append(_policy(text, name, read_header(text), built_in=True))
    return PolicyLibrary(tuple(policies), shared)


def _of_user(path: Path) -> PolicyLibrary:
    if path.is_dir():
        found = (f for f in path.rglob("*.rego") if not f.stem.endswith("_test"))
        files = sorted(f for f in found if not f.is_dir())
        if not files:
            raise InvalidInput(f"{path}: there is no .rego file in this folder")
    elif path.exists():
        files = [path]
    else:
        raise InvalidInput(f"{path}: there is no such policy file or folder")
    if len(files) > MAX_POLICY_FILES:
        raise LimitExceeded(f"{path}: {len(files)} policy files, at most {MAX_POLICY_FILES}")
    return PolicyLibrary(tuple(_user_policy(file) for file in files))


def _user_policy(file: Path) -> Policy:
    try:
        text = read_bounded(file, MAX_POLICY_BYTES).decode()
    except LimitExceeded as error:
        raise LimitExceeded(f"{file}: a policy may have {MAX_POLICY_BYTES} bytes") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file}: not UTF-8: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise InvalidInput(f"{file}: {error.strerror}") from error
    return policy_from_text(text, str(file))


def policy_from_text(text: str, path: str) -> Policy:
    """A user's policy; `path` is what messages and verdicts call it. InvalidInput for a header
    with words that there are not."""
    return _policy(text, path, read_header(text), built_in=False)


def _policy(text: str, path: str, header: Header, *, built_in: bool) -> Policy:
    faults: list[Fault] = []

    def one_of(key: str, allowed: tuple[str, ...], default: str) -> str:
        value = header.get(key, default)
        if value in allowed:
            return str(value)
        faults.append(Fault(f"{value!r} is none of {', '.join(allowed)}", key, path))
        return default

    declared = _PACKAGE.search(_COMMENT.sub("", text))
    default_id = declared.group(1) if declared else Path(path).stem
    policy = Policy(
        id=_line(header, "id") or default_id,
        title=_line(header, "title") or default_id,
        severity=cast(Severity, one_of("severity", SEVERITIES, "high")),
        category=cast(Category, one_of("category", CATEGORIES, "compliance")),
        path=path,
        text=text,
        description=_line(header, "description"),
        kinds=tuple(_items(header, "kinds")),
        needs=tuple(_items(header, "needs")),
        remediation=_line(header, "remediation") or None,
        source=next(iter(_items(header, "related_resources")), None),
        rego="v1" if built_in else read_rego_version(text),
        built_in=built_in,
    )
    if faults:
        raise InvalidInput(f"{path}: {faults[0]}", faults)
    return policy


def _line(header: Header, key: str) -> str:
    value = header.get(key, "")
    return " ".join(value) if isinstance(value, list) else value


def _items(header: Header, key: str) -> list[str]:
    value = header.get(key, [])
    return value if isinstance(value, list) else [value]
