"""What was written, looked at again before it leaves the house.

`reread` reads the code with this project's own readers and compares: the same resources, the same
references between them, and, where the format holds them in full, the same values. Of nested
stacks, whose references are parameters, each is read and no resource may be missing. `lint` asks
the format's own tools, where they are installed: cfn-lint, `terraform fmt` and `terraform
validate`, with providers of the folder `DHARMA_TERRAFORM_PLUGINS` if it is set.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from dharma.blueprint.readers import read_text
from dharma.blueprint.readers.terraform.opening import read_sent
from dharma.catalog import Catalog, canonical, write
from dharma.catalog.formats import Format, format_of
from dharma.catalog.vpc_gateways import without_gateway_dependencies
from dharma.core.errors import DharmaError, LimitExceeded, NotExpressible
from dharma.generator.arm.check import graph_of
from dharma.generator.code import GeneratedCode
from dharma.model.blueprint import Blueprint, Resource
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import Expression, ResourceRef, Value, transform
from dharma.model.expressions.scope import Scope

Outcome = Literal["passed", "failed", "skipped"]
MAX_FINDINGS = 100
_PATIENCE = 180
# Formats whose code holds every value of the model that has a counterpart.
_EXACT = ("terraform", "cloudformation")


@dataclass(frozen=True, slots=True)
class Check:
    """One look at the code. `findings` say what is wrong, or why it was not looked at."""

    name: str
    outcome: Outcome
    findings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"check": self.name, "outcome": self.outcome, "findings": list(self.findings)}


def reread(bp: Blueprint, code: GeneratedCode, catalog: Catalog) -> Check:
    """The code read again. Whatever differs is a fault of a writer or a reader: never of the
    blueprint."""
    format = format_of(code.target)
    if format is None:
        return Check("re-read", "skipped", (f"there is no reader of {code.target}",))
    try:
        findings = list(_differences(bp, code, format, catalog))
    except LimitExceeded as error:
        return Check("re-read", "skipped", (error.message,))
    except DharmaError as error:
        findings = [f"what was written cannot be read: {error.message}"]
    return _check("re-read", findings)


def _check(name: str, findings: Sequence[str]) -> Check:
    left = len(findings) - MAX_FINDINGS
    shown = [*findings[:MAX_FINDINGS], *([f"{left} more"] if left > 0 else [])]
    return Check(name, "failed" if findings else "passed", tuple(shown))


def _differences(
    bp: Blueprint, code: GeneratedCode, format: Format, catalog: Catalog
) -> Iterator[str]:
    meant = list(without_gateway_dependencies(code.resources))
    if format == "terraform":
        meant = list(_flat(meant))
        sent = {path: text.encode() for path, text in code.files.items()}
        documents = [list(read_sent(sent, catalog).blueprint.resources)]
    else:
        documents = [
            list(read_text(text, path, catalog).blueprint.resources)
            for path, text in code.files.items()
        ]
    together = [r for document in documents for r in document]
    wanted, present = {r.address for r in meant}, {r.address for r in together}
    yield from (f"{address} is not there" for address in sorted(wanted - present))
    if len(documents) > 1:
        return
    yield from (f"{address} is there and was not meant" for address in sorted(present - wanted))
    graph = graph_of(meant)
    for address, found in graph_of(together).items():
        expected = graph.get(address, frozenset())
        yield from (f"{address} refers to {t} no more" for t in sorted(expected - found))
        yield from (f"{address} refers to {t}" for t in sorted(found - expected))
    if format in _EXACT:
        yield from _other_values(bp, meant, together, format, catalog)


def _flat(resources: Iterable[Resource]) -> Iterator[Resource]:
    """The resources by the names that they are read back with: a module is a word of the name."""
    resources = list(resources)
    names = {r.address: f"{r.type}.{r.module}_{r.name}" for r in resources if r.module}
    if not names:
        yield from resources
        return

    def renamed(node: Value) -> Value:
        if isinstance(node, ResourceRef) and node.address in names:
            return replace(node, address=names[node.address])
        return node

    for r in resources:
        yield replace(
            r,
            name=f"{r.module}_{r.name}" if r.module else r.name,
            properties={k: transform(v, renamed) for k, v in r.properties.items()},
            count=transform(r.count, renamed),
            for_each=transform(r.for_each, renamed),
            condition=transform(r.condition, renamed),
            depends_on=tuple(names.get(d, d) for d in r.depends_on),
        )


def _other_values(
    bp: Blueprint,
    meant: Iterable[Resource],
    found: Iterable[Resource],
    format: Format,
    catalog: Catalog,
) -> Iterator[str]:
    meant = [_held(r, format, catalog) for r in meant]
    found = list(found)
    wanted, present = canonical(meant, catalog), canonical(found, catalog)
    doubted = {a for a in wanted if a in present and wanted[a] != present[a]}
    if not doubted:
        return
    # Conditions may be nested in one text and joined in the other: what they come to is compared.
    scope = Scope(variables={v.name: v.default for v in bp.variables if not v.required})
    wanted, present = (
        canonical([_decided(r, scope) if r.address in doubted else r for r in side], catalog)
        for side in (meant, found)
    )
    doubted = {address for address in doubted if wanted[address] != present[address]}
    if not doubted:
        return
    # An attribute may have several names in the model: what they are in the format is compared.
    before, after = (_written(side, format, catalog) for side in (meant, found))
    for address in sorted(doubted):
        if address not in before or before[address] != after.get(address):
            yield from _paths(address, wanted[address], present[address])


def _written(
    resources: Iterable[Resource], format: Format, catalog: Catalog
) -> dict[str, list[tuple[str, dict[str, Value]]]]:
    """By resource, the arguments of its parts; nothing where it cannot be written again."""
    found: dict[str, list[tuple[str, dict[str, Value]]]] = {}
    try:
        document, _ = write(list(resources), format, catalog)
    except NotExpressible:
        return found
    for part in document.parts:
        found.setdefault(part.owner or "", []).append((part.address, part.arguments))
    return found


def _held(resource: Resource, format: Format, catalog: Catalog) -> Resource:
    """The resource without what the format has no counterpart of, which a note has told."""
    kind = catalog.kind(resource.type)
    mapping = kind.mapping(format) if kind is not None else None
    if mapping is None or not mapping.no_counterpart:
        return resource
    gone = {path for path in mapping.no_counterpart if "." not in path}
    kept = {k: v for k, v in resource.properties.items() if k not in gone}
    return replace(resource, properties=kept)


def _decided(resource: Resource, scope: Scope) -> Resource:
    try:
        return replace(
            resource,
            properties={k: evaluate(v, scope) for k, v in resource.properties.items()},
            condition=evaluate(resource.condition, scope),
        )
    except EvaluationError:
        return resource


def _paths(path: str, wanted: Any, present: Any) -> Iterator[str]:
    if isinstance(wanted, Mapping) and isinstance(present, Mapping):
        for key in dict.fromkeys([*wanted, *present]):
            if wanted.get(key) != present.get(key):
                step = path if key == "properties" else f"{path}.{key}"
                yield from _paths(step, wanted.get(key), present.get(key))
        return
    kind = "expression" if isinstance(present, Expression) else "value"
    yield f"{path} reads back as another {kind}"


# -- the formats' own tools


def lint(code: GeneratedCode, region: str | None = None) -> list[Check]:
    """What the format's own tools say, each skipped with the reason where it is not installed."""
    if code.target == "cloudformation":
        return [_cfn_lint(code, region)]
    if code.target == "terraform":
        return _terraform(code)
    return [Check("lint", "skipped", (f"no tool for {code.target} is known here",))]


def _cfn_lint(code: GeneratedCode, region: str | None) -> Check:
    try:
        from cfnlint.api import lint as judge
    except ImportError:
        return Check("cfn-lint", "skipped", ("cfn-lint is not installed: pip install cfn-lint",))
    findings = [
        f"{path}:{match.linenumber}: {match.rule.id} {match.message}"
        for path, text in code.files.items()
        for match in judge(text, None, [region] if region else None)
        if match.rule.id.startswith("E")
    ]
    return _check("cfn-lint", findings)


def _terraform(code: GeneratedCode) -> list[Check]:
    binary = shutil.which("terraform")
    if binary is None:
        missing = ("there is no terraform in the path",)
        return [Check("terraform fmt", "skipped", missing),
                Check("terraform validate", "skipped", missing)]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="iac-dharma-") as folder:
        for path, text in code.files.items():
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="")
        formatted = _run(binary, folder, "fmt", "-check", "-recursive")
        findings = [f"{name} is not as terraform fmt leaves it" for name in formatted[1].split()]
        if formatted[0] and not findings:
            findings = [formatted[2].strip()]
        checks = [_check("terraform fmt", findings)]
        plugins = os.environ.get("DHARMA_TERRAFORM_PLUGINS")
        begin = ["init", "-backend=false", "-input=false", "-no-color"]
        code_of_init, _, said = _run(
            binary, folder, *begin, *([f"-plugin-dir={plugins}"] if plugins else [])
        )
        if code_of_init:
            reason = f"its providers are not at hand: {said.strip()[:500]}"
            return [*checks, Check("terraform validate", "skipped", (reason,))]
        judged = _run(binary, folder, "validate", "-json", "-no-color")
        return [*checks, _check("terraform validate", list(_diagnostics(judged[1])))]


def _run(binary: str, folder: str, *words: str) -> tuple[int, str, str]:
    kept = ("PATH", "HOME", "HTTPS_PROXY", "NO_PROXY", "TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR")
    environment = {k: v for k, v in os.environ.items() if k in kept} | {"CHECKPOINT_DISABLE": "1"}
    try:
        done = subprocess.run(
            [binary, *words], cwd=folder, env=environment, capture_output=True, text=True,
            timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 1, "", f"terraform {words[0]} took longer than {_PATIENCE} seconds"
    return done.returncode, done.stdout, done.stderr


def _diagnostics(text: str) -> Iterator[str]:
    try:
        found = json.loads(text)["diagnostics"]
    except (ValueError, KeyError):
        yield text.strip()[:500] or "terraform validate said nothing"
        return
    for each in found:
        if each.get("severity") == "error":
            place = each.get("range", {})
            line = place.get("start", {}).get("line", "")
            said = f"{each.get('summary', '')}: {each.get('detail', '')}".strip(": ")
            yield f"{place.get('filename', '')}:{line}: {said}"
