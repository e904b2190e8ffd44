"""Carry foreign templates through the compiler and count what became of them.

For every file that is a CloudFormation template: read, resolve, judge, price, write as Terraform;
and written and read again as CloudFormation, as Terraform, and back from there
(`survey_round_trip`). Each step either works or ends in one of the product's own errors; anything
else is a crash and is shown as such.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from survey_round_trip import Trip, round_trip, show_trips, ways

from dharma.blueprint.readers import read_file
from dharma.blueprint.resolution import resolve
from dharma.catalog import load_catalog
from dharma.core.errors import DharmaError
from dharma.costing.estimate import estimate
from dharma.costing.price_book import PriceBook
from dharma.generator import generate
from dharma.guardrails.check import check
from dharma.guardrails.engine import PolicyEngine
from dharma.guardrails.library import load_policies
from dharma.model.blueprint import Blueprint

STEPS = ("read", "check", "cost", "terraform")
ENDINGS = {".yaml", ".yml", ".json", ".template"}


@dataclass(slots=True)
class Result:
    """What became of one template. `outcomes`: "ok" or the error's class, by step."""

    path: str
    resources: int = 0
    known: int = 0
    notes: int = 0
    findings: int = 0
    monthly: str = ""
    outcomes: dict[str, str] = field(default_factory=dict)
    trips: dict[str, Trip] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        return all(self.outcomes.get(step) == "ok" for step in STEPS)


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else None
    if folder is None or not folder.is_dir():
        print("usage: scripts/survey FOLDER [--markdown]", file=sys.stderr)
        return 1
    started = time.process_time()
    not_understood: Counter[str] = Counter()
    with PolicyEngine(load_policies()) as engine:
        results = [survey(path, folder, engine, not_understood) for path in templates(folder)]
    show(results, not_understood, markdown="--markdown" in arguments)
    trips = {
        way: {r.path: r.trips[way] for r in results if r.trips} for way in ways("cloudformation")
    }
    show_trips(trips)
    print(f"\n{time.process_time() - started:.1f} s CPU")
    crashes = [r for r in results if "crash" in (*r.outcomes.values(), *_outcomes(r.trips))]
    return 1 if crashes else 0


def _outcomes(trips: dict[str, Trip]) -> Iterator[str]:
    return (trip.outcome for trip in trips.values())


def templates(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in ENDINGS and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            if "Resources" in text and "Type" in text and "AWS::" in text:
                yield path


def survey(path: Path, folder: Path, engine: PolicyEngine, not_understood: Counter[str]) -> Result:
    result = Result(str(path.relative_to(folder)))
    catalog = load_catalog()
    step = "read"
    try:
        source = read_file(path, catalog)
        blueprint = source.blueprint
        result.resources = len(blueprint.resources)
        result.known = known(blueprint)
        result.notes = len(source.notes)
        for note in source.notes:
            not_understood[f"{note.kind}: {pattern(note.path) or note.message}"] += 1
        result.outcomes[step] = "ok"
        result.trips = {w: round_trip(blueprint, to) for w, to in ways("cloudformation").items()}
        resolved = resolve(blueprint, region="us-east-1")
        step = "check"
        verdict = check(resolved, catalog, engine, "blocking")
        result.findings = sum(1 for finding in verdict.findings if finding.status == "fail")
        result.outcomes[step] = "ok" if verdict.outcome != "error" else "policy error"
        step = "cost"
        cost = estimate(resolved, PriceBook.open(), today=datetime.now(UTC).date()).to_dict()
        result.monthly = f"${cost['totalMonthlyCost']:,.2f}"
        result.outcomes[step] = "ok"
        step = "terraform"
        generate(blueprint, "terraform", catalog)
        result.outcomes[step] = "ok"
    except DharmaError as error:
        result.outcomes[step] = error.code
    except Exception as error:  # noqa: BLE001 - a crash is a result here, and the exit code tells
        result.outcomes[step] = "crash"
        print(f"CRASH {result.path} in {step}: {type(error).__name__}: {error}", file=sys.stderr)
    return result


def known(blueprint: Blueprint) -> int:
    catalog = load_catalog()
    return sum(1 for resource in blueprint.resources if catalog.kind(resource.type))


def pattern(path: str) -> str:
    """A path without its list positions, so that equal gaps are counted together."""
    return ".".join(part for part in path.replace("[", ".").split(".") if not part[:1].isdigit())


def show(results: list[Result], not_understood: Counter[str], *, markdown: bool) -> None:
    bar = "| " if markdown else ""
    if markdown:
        print("| template | resources | of known kinds | notes | findings | monthly | result |")
        print("|---|---|---|---|---|---|---|")
    for result in sorted(results, key=lambda r: (not r.whole, r.path)):
        if not result.known:
            continue
        said = (
            "whole"
            if result.whole
            else ", ".join(
                f"{step}: {outcome}" for step, outcome in result.outcomes.items() if outcome != "ok"
            )
        )
        cells = [
            result.path, result.resources, result.known, result.notes, result.findings,
            result.monthly, said,
        ]  # fmt: skip
        print(bar + " | ".join(map(str, cells)) + (" |" if markdown else ""))
    counts = {
        step: Counter(r.outcomes[step] for r in results if step in r.outcomes) for step in STEPS
    }
    print(f"\n{len(results)} templates")
    for step, outcomes in counts.items():
        print(f"{step}: " + ", ".join(f"{n} {what}" for what, n in outcomes.most_common()))
    only_known = [r for r in results if r.resources and r.known == r.resources]
    print(
        f"{sum(r.whole for r in results)} whole; of {len(only_known)} that use known kinds only:"
        f" {sum(r.whole for r in only_known)}"
    )
    print("\nNot understood, most frequent first:")
    for what, count in not_understood.most_common(25):
        print(f"{count:5}  {what}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
