"""Read every Terraform configuration of a folder and count what became of it.

    python scripts/survey_terraform.py FOLDER...

Every folder with `.tf` files is read as a root module, with values put in as `check` does and with
expressions kept as `convert` does. A reading works or ends in one of the product's own errors;
anything else is a crash and is shown as such.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from dharma.blueprint.fidelity import Fidelity, fidelity
from dharma.blueprint.readers.terraform.configuration import is_configuration
from dharma.blueprint.readers.terraform.files import DiskFiles
from dharma.blueprint.readers.terraform.reader import read_terraform
from dharma.catalog import load_catalog
from dharma.core.errors import DharmaError


def main(arguments: list[str]) -> int:
    corpora = [Path(a) for a in arguments if Path(a).is_dir()]
    if not corpora or len(corpora) < len(arguments):
        print("usage: scripts/survey_terraform.py FOLDER...", file=sys.stderr)
        return 1
    crashed = False
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


def configurations(corpus: Path) -> Iterator[Path]:
    yield from sorted({p.parent for p in corpus.rglob("*.tf") if p.is_file()})


def read(corpus: Path, folder: Path, expand: bool) -> Fidelity:
    """Read with the whole corpus as the root, where modules of examples lie."""
    catalog = load_catalog()
    inside = folder.relative_to(corpus).as_posix()
    result = read_terraform(DiskFiles(corpus, inside, str(folder)), inside, catalog, expand=expand)
    return fidelity(result.blueprint, result.notes, catalog)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
