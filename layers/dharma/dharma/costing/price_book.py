"""List prices by service, region and SKU, each with its source and date.

The CSV files under `prices/` are the truth that people review. They are built into one SQLite file
when they are newer than it (as Python compiles modules), so that opening the book costs a file
open and a look-up costs one index probe.
"""

from __future__ import annotations

import csv
import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dharma.core.errors import Unavailable
from dharma.costing.money import NanoDollars, from_dollars

PRICES = Path(__file__).parent / "prices"
# Raised when the table's layout changes, so that an older compiled file is not opened.
LAYOUT = 1


@dataclass(frozen=True, slots=True)
class Price:
    """USD per `unit`, in nano-dollars. `quality` is `listed` (as in the source) or `derived`."""

    service: str
    region: str
    sku: str
    unit: str
    nano: NanoDollars
    as_of: date
    source: str
    quality: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures come from."""

    name: str
    title: str
    address: str
    licence: str


class PriceBook:
    """Read-only look-ups. One instance may be shared by threads of one process."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._found: dict[tuple[str, str, str], Price | None] = {}

    @classmethod
    def open(cls, directory: Path = PRICES, cache: Path | None = None) -> PriceBook:
        """Open the book of a directory of CSV files, building its SQLite file first if needed.

        `cache` is where the compiled file goes; by default beside the CSV files, or in the
        temporary directory when that is read-only (an AWS Lambda layer).
        """
        compiled = _compiled_path(directory, cache)
        if not compiled.exists():
            _build(directory, compiled)
        connection = sqlite3.connect(
            f"{compiled.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        return cls(connection)

    def price(self, service: str, region: str, sku: str) -> Price | None:
        """The list price, or None when the book has none for this region and SKU."""
        if not isinstance(sku, str):
            return None  # An instance type, say, that a template of others gives as a mapping.
        key = (service, region, sku)
        if key not in self._found:
            row = self._connection.execute(
                "SELECT unit, nano, as_of, source, quality FROM price"
                " WHERE service = ? AND region = ? AND sku = ?",
                key,
            ).fetchone()
            self._found[key] = row and Price(
                service,
                region,
                sku,
                row[0],
                NanoDollars(row[1]),
                date.fromisoformat(row[2]),
                row[3],
                row[4],
            )
        return self._found[key]

    def source(self, name: str) -> Source:
        """The source that a price names."""
        row = self._connection.execute(
            "SELECT name, title, address, licence FROM source WHERE name = ?", (name,)
        ).fetchone()
        return Source(*row)

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM price").fetchone()[0])


def _compiled_path(directory: Path, cache: Path | None) -> Path:
    # The contents name the compiled file: a change makes a new one, a copy (a layer) does not.
    state = hashlib.sha256(str(LAYOUT).encode())
    for file in sorted(directory.glob("*.csv")):
        state.update(f"{file.name} {file.stat().st_size} ".encode())
        state.update(file.read_bytes())
    name = f"prices-{state.hexdigest()[:16]}.sqlite3"
    for folder in (cache, directory / "__compiled__", Path(tempfile.gettempdir()) / "iac-dharma"):
        if folder is None:
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if (folder / name).exists() or os.access(folder, os.W_OK):
            return folder / name
    raise Unavailable(f"No writable folder for the compiled price book of {directory}")


def _build(directory: Path, target: Path) -> None:
    """Build aside and rename: another process never sees half a book."""
    handle, building = tempfile.mkstemp(dir=target.parent, suffix=".building")
    os.close(handle)
    try:
        _fill(directory, building)
        Path(building).replace(target)
    finally:
        Path(building).unlink(missing_ok=True)
    for old in target.parent.glob("prices-*.sqlite3"):
        if old != target:
            old.unlink(missing_ok=True)


def _fill(directory: Path, path: str) -> None:
    connection = sqlite3.connect(path)
    with closing(connection), connection:
        connection.executescript(
            """
            CREATE TABLE price (
                service TEXT NOT NULL, region TEXT NOT NULL, sku TEXT NOT NULL, unit TEXT NOT NULL,
                nano INTEGER NOT NULL, as_of TEXT NOT NULL, source TEXT NOT NULL REFERENCES source,
                quality TEXT NOT NULL, PRIMARY KEY (service, region, sku)
            ) WITHOUT ROWID;
            CREATE TABLE source (
                name TEXT PRIMARY KEY, title TEXT NOT NULL, address TEXT NOT NULL,
                licence TEXT NOT NULL
            );
            """
        )
        connection.executemany("INSERT INTO source VALUES (?, ?, ?, ?)", _sources(directory))
        connection.executemany(
            "INSERT INTO price VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _price_rows(directory)
        )


def _sources(directory: Path) -> list[tuple[str, str, str, str]]:
    with (directory / "sources.csv").open(newline="") as file:
        return [
            (row["source"], row["title"], row["address"], row["licence"])
            for row in csv.DictReader(file)
        ]


def _price_rows(directory: Path) -> Iterator[tuple[str, str, str, str, int, str, str, str]]:
    known = {source for source, *_ in _sources(directory)}
    for path in sorted(directory.glob("*.csv")):
        if path.name == "sources.csv":
            continue
        with path.open(newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                if row["source"] not in known:
                    raise ValueError(f"{path}:{number}: unknown source {row['source']!r}")
                date.fromisoformat(row["as_of"])
                yield (
                    row["service"],
                    row["region"],
                    row["sku"],
                    row["unit"],
                    from_dollars(row["usd"]),
                    row["as_of"],
                    row["source"],
                    row["quality"],
                )
