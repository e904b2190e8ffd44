"""Read every Terraform configuration of a folder and count what became of it.

    python scripts/survey_terraform.py FOLDER... [--again]

Every folder with `.tf` files is read as a root module, with values put in as `check` does and with
expressions kept as `convert` does. With `--again` the blueprint of the expressions is written as
Terraform, read again and compared (`survey_round_trip`). A reading works or ends in one of the
product's own errors; anything else is a crash and is shown as such.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from survey_round_trip import Trip, round_trip, share

from dharma.blueprint.fidelity import Fidelity, fidelity
from dharma.blueprint.readers.terraform.configuration import is_configuration
from dharma.blueprint.readers.terraform.files import DiskFiles
from dharma.blueprint.readers.terraform.reader import read_terraform
from dharma.catalog import load_catalog
from dharma.catalog.document import Note
from dharma.core.errors import DharmaError
from dharma.model.blueprint import Blueprint


def main(arguments: list[str]) -> int:
    again = "--again" in arguments
    arguments = [a for a in arguments if a != "--again"]
    corpora = [Path(a) for a in arguments if Path(a).is_dir()]
    if not corpora or len(corpora) < len(arguments):
        print("usage: scripts/survey_terraform.py FOLDER... [--again]", file=sys.stderr)
        return 1
    crashed = False
    if again:
        print("| corpus | read | written | identical | resources, variables, outputs: identical |"
              " properties: identical |")  # fmt: skip
        print("|---|--:|--:|--:|--:|--:|")
        for corpus in corpora:
            crashed |= survey_again(corpus)
        return 1 if crashed else 0
    print("| corpus | way | folders | files | read | resources: mapped | passed through |"
          " values: mapped | passed through | not understood | s CPU |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for corpus in corpora:
        for expand in (True, False):
            crashed |= survey(corpus, expand)
    return 1 if crashed else 0


def survey(corpus: Path, expand: bool) -> bool:
    """One line about one corpus; whether anything crashed."""
    started = time.process_time()
    totals: Counter[str] = Counter()
    for folder in configurations(corpus):
        totals["folders"] += 1
        totals["files"] += sum(is_configuration(p.name) for p in folder.iterdir())
        try:
            found = read(corpus, folder, expand)
        except DharmaError as error:
            print(f"{folder}: {error.code}: {error}", file=sys.stderr)
            continue
        except Exception as error:  # noqa: BLE001 - a crash is a result here, and the exit code tells
            print(f"CRASH {folder}: {type(error).__name__}: {error}", file=sys.stderr)
            totals["crashed"] += 1
            continue
        totals["read"] += 1
        totals["mapped"] += found.resources_mapped
        totals["passed"] += found.resources_passed
        totals["values"] += found.values_mapped
        totals["values passed"] += found.values_passed
        totals["lost"] += sum(note.kind == "not_understood" for note in found.notes)
    cells = [
        corpus.name, "values" if expand else "expressions", totals["folders"], totals["files"],
        totals["read"], totals["mapped"], totals["passed"], totals["values"],
        totals["values passed"], totals["lost"], f"{time.process_time() - started:.2f}",
    ]  # fmt: skip
    print(f"| {' | '.join(map(str, cells))} |")
    return totals["crashed"] > 0


def survey_again(corpus: Path) -> bool:
    """One line about what comes back of a corpus; whether anything crashed."""
    trips: list[Trip] = []
    for folder in configurations(corpus):
        try:
            trip = round_trip(read_blueprint(corpus, folder, expand=False)[0], ("terraform",))
        except DharmaError:
            continue
        # The writer's own: it declares which project Google's provider works in.
        trip.differing = [d for d in trip.differing if d[0] != "variable.project"]
        if trip.outcome != "ok":
            print(f"{folder}: {trip.outcome}: {trip.refused}", file=sys.stderr)
        for address, name in trip.differing:
            print(f"{folder}: {address} {name}", file=sys.stderr)
        trips.append(trip)
    done = [trip for trip in trips if trip.outcome == "ok"]
    resources = sum(trip.resources for trip in done)
    properties = sum(trip.properties for trip in done)
    changed = sum(trip.changed for trip in done)
    differing = sum(len(trip.differing) for trip in done)
    cells = [
        corpus.name, len(trips), len(done), sum(trip.identical for trip in done),
        f"{resources - changed} of {resources} ({share(resources - changed, resources)})",
        f"{properties - differing} of {properties} ({share(properties - differing, properties)})",
    ]  # fmt: skip
    print(f"| {' | '.join(map(str, cells))} |")
    return any(trip.outcome == "crash" for trip in trips)


def configurations(corpus: Path) -> Iterator[Path]:
    yield from sorted({p.parent for p in corpus.rglob("*.tf") if p.is_file()})


def read(corpus: Path, folder: Path, expand: bool) -> Fidelity:
    blueprint, notes = read_blueprint(corpus, folder, expand)
    return fidelity(blueprint, notes, load_catalog())


def read_blueprint(corpus: Path, folder: Path, expand: bool) -> tuple[Blueprint, tuple[Note, ...]]:
    """Read with the whole corpus as the root, where modules of examples lie."""
    inside = folder.relative_to(corpus).as_posix()
    files = DiskFiles(corpus, inside, str(folder))
    result = read_terraform(files, inside, load_catalog(), expand=expand)
    return result.blueprint, result.notes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
