"""Carry foreign templates through the compiler and count what became of them.

    scripts/survey FOLDER... [--each]

For every file that is a CloudFormation or ARM template: read, judge, price, write in its own format
again and as Terraform; and what is left of it on the way there and back (`survey_round_trip`). Each
step either works or ends in one of the product's own errors; anything
else is a crash, is shown as such and gives exit code 1. `--each` adds a line about every template.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

from survey_round_trip import Trip, round_trip, show_trips, ways

from dharma.blueprint.fidelity import Fidelity, fidelity
from dharma.blueprint.readers.boxed import read_file
from dharma.blueprint.resolution import resolve
from dharma.catalog import Catalog, load_catalog
from dharma.catalog.document import Note
from dharma.core.errors import DharmaError
from dharma.costing.estimate import estimate
from dharma.costing.price_book import PriceBook
from dharma.generator import generate
from dharma.guardrails.check import check
from dharma.guardrails.engine import PolicyEngine
from dharma.guardrails.library import load_policies
from dharma.model.blueprint import Blueprint

MOST = 25
WIDTH = 150
STEPS = ("read", "judge", "price", "own format", "terraform")
_ENDINGS = frozenset({".yaml", ".yml", ".json", ".template"})
_SHAPES = {
    "arm": re.compile(r"[dD]eploymentTemplate\.json"),
    "cloudformation": re.compile(r"Resources(?=.*Type)(?=.*AWS::)", re.DOTALL),
}
_REGIONS = {"aws": "us-east-1", "azure": "eastus", "gcp": "us-central1"}


@dataclass(slots=True)
class Result:
    """What became of one template. `unknown`: its types without a kind; `outcomes`: "ok" or the
    error's class, by step; `refusals`: every fault, by step."""

    path: str
    format: str
    found: Fidelity | None = None
    unknown: Counter[str] = field(default_factory=Counter)
    outcomes: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, list[str]] = field(default_factory=dict)
    trips: dict[str, Trip] = field(default_factory=dict)

    @property
    def crashed(self) -> bool:
        trips = (trip.outcome for trip in self.trips.values())
        return "crash" in (*self.outcomes.values(), *trips)

    @property
    def only_known(self) -> bool:
        return self.found is not None and not self.found.resources_passed

    def __str__(self) -> str:
        if self.found is None:
            return f"{self.path}: {self.refusals['read'][0]}"
        refused = [f"{step}: {said[0]}" for step, said in self.refusals.items()] or ["whole"]
        lost = sum(note.kind == "not_understood" for note in self.found.notes)
        return (
            f"{self.path}: {self.found.resources_mapped} resources of a kind,"
            f" {self.found.resources_passed} passed through, {lost} values not understood;"
            f" {'; '.join(refused)}"
        )


@dataclass(slots=True)
class Survey:
    """The steps of one template after the other, with what they share."""

    catalog: Catalog
    engine: PolicyEngine
    prices: PriceBook

    def template(self, path: Path, shown: str, shape: str) -> Result:
        result = Result(shown, shape)
        with _said(result, "read"):
            blueprint = self._read(path, result)
        if "read" in result.refusals:
            return result
        region = _REGIONS[blueprint.provider]
        with _said(result, "judge"):
            resolved = resolve(blueprint, region=region)
            check(resolved, self.catalog, self.engine, "blocking")
        with _said(result, "price"):
            resolved = resolve(blueprint, region=region)
            estimate(resolved, self.prices, today=datetime.now(UTC).date()).to_dict()
        with _said(result, "own format"):
            generate(blueprint, shape, self.catalog)
        with _said(result, "terraform"):
            generate(blueprint, "terraform", self.catalog)
        result.trips = {way: round_trip(blueprint, to) for way, to in ways(shape).items()}
        return result

    def _read(self, path: Path, result: Result) -> Blueprint:
        source = read_file(path, self.catalog)
        result.found = fidelity(source.blueprint, source.notes, self.catalog)
        types = (resource.type for resource in source.blueprint.resources)
        result.unknown.update(t for t in types if self.catalog.kind(t) is None)
        return source.blueprint


@contextmanager
def _said(result: Result, step: str) -> Iterator[None]:
    """What a step ends in, noted."""
    try:
        yield
        result.outcomes[step] = "ok"
    except DharmaError as error:
        result.outcomes[step] = error.code
        result.refusals[step] = [str(fault) for fault in error.faults] or [str(error)]
    except Exception as error:  # noqa: BLE001 - a crash is a result here, and the exit code tells
        result.outcomes[step] = "crash"
        result.refusals[step] = [f"{type(error).__name__}: {error}"]
        print(f"CRASH {result.path} in {step}: {result.refusals[step][0]}", file=sys.stderr)


def main(arguments: list[str]) -> int:
    folders = [Path(a) for a in arguments if not a.startswith("-")]
    if not folders or not all(f.is_dir() for f in folders):
        print("usage: scripts/survey FOLDER... [--each]", file=sys.stderr)
        return 1
    crashed = False
    with PolicyEngine(load_policies()) as engine:
        survey = Survey(load_catalog(), engine, PriceBook.open())
        for folder in folders:
            started = time.process_time()
            results = [
                survey.template(path, str(path.relative_to(folder)), shape)
                for path, shape in templates(folder)
            ]
            if "--each" in arguments:
                print(*map(str, results), sep="\n")
            for shape in sorted({r.format for r in results}):
                show([r for r in results if r.format == shape], f"{folder.name}: {shape}")
            print(f"\n{time.process_time() - started:.1f} s CPU, {peak_mib()} MiB at most")
            crashed |= any(r.crashed for r in results)
    return 1 if crashed else 0


def templates(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file that looks like a template, with the format that it names."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in _ENDINGS and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            for shape, looks in _SHAPES.items():
                if looks.search(text):
                    yield path, shape
                    break


def peak_mib() -> int:
    """The most memory that this process had, in MiB. Linux counts in KiB, macOS in bytes."""
    peak = getrusage(RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)


# ---- shown


def show(results: list[Result], title: str) -> None:
    print(f"\n## {title}\n")
    rows: list[tuple[str, object]] = [("templates", len(results))]
    for step in STEPS:
        said = Counter(r.outcomes[step] for r in results if step in r.outcomes)
        rows += [(f"{step}: {outcome}", n) for outcome, n in said.most_common()]
    known = [r for r in results if r.only_known]
    whole = sum(not r.refusals for r in known)
    rows.append(("of known kinds only", len(known)))
    rows.append(("of these, every step worked", whole))
    read = [r.found for r in results if r.found is not None]
    rows += [
        ("resources of a kind", sum(f.resources_mapped for f in read)),
        ("resources passed through", sum(f.resources_passed for f in read)),
        ("values mapped", sum(f.values_mapped for f in read)),
        ("values passed through", sum(f.values_passed for f in read)),
    ]
    notes = [note for f in read for note in f.notes]
    kinds = Counter(note.kind for note in notes)
    rows += [(f"values {what.replace('_', ' ')}", n) for what, n in kinds.most_common()]
    print("| | |", "|---|--:|", *(f"| {what} | {n} |" for what, n in rows), sep="\n")
    most("Types without a kind", sum((r.unknown for r in results), Counter()))
    most("Notes", Counter(_gap(note) for note in notes))
    for step in STEPS:
        said = Counter(_shape(fault) for r in results for fault in r.refusals.get(step, ()))
        most(f"Refused to {step}", said)
    shape = results[0].format
    show_trips({way: {r.path: r.trips[way] for r in results if r.trips} for way in ways(shape)})


def most(title: str, found: Counter[str]) -> None:
    if found:
        print(f"\n{title}, most frequent first ({sum(found.values())}):")
        for what, count in found.most_common(MOST):
            print(f"{count:6}  {what}")


def _gap(note: Note) -> str:
    """What a note is about without the place, so that equal gaps are counted together."""
    kind = re.split(r"[.\[]", note.address)[0]
    path = re.sub(r"\[?\b\d+\b\]?\.?", "", note.path)
    return f"{note.kind}: {kind} {path}: {_shape(note.message)}"


def _shape(message: str) -> str:
    """A message without the names in it."""
    first = message.partition("\n")[0]
    first = re.sub(r"^\S+\.(json|ya?ml|template)(:\d+)*: ", "", first)
    first = re.sub(r"\b((?:azurerm|aws|google)_\w+|(?:Azure|AWS)::[\w:]+)\.\w+", r"\1", first)
    return re.sub(r"\d+", "N", first)[:WIDTH]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
