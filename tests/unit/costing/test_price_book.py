"""The price book: what people review is what is looked up."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dharma.costing.money import from_dollars, times
from dharma.costing.price_book import PRICES, PriceBook


def write_book(folder: Path, *rows: str) -> Path:
    (folder / "sources.csv").write_text("source,title,address,licence\nme,Me,https://x,MIT\n")
    header = "service,region,sku,unit,usd,as_of,source,quality\n"
    (folder / "prices.csv").write_text(header + "".join(f"{row}\n" for row in rows))
    return folder


def test_every_row_of_the_csv_files_is_found_with_its_figure() -> None:
    book = PriceBook.open()
    count = 0
    for path in PRICES.glob("*.csv"):
        if path.name == "sources.csv":
            continue
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                price = book.price(row["service"], row["region"], row["sku"])
                assert price is not None
                assert price.nano == from_dollars(row["usd"])
                assert book.source(row["source"]).title
                count += 1
    assert len(book) == count


def test_a_changed_file_gives_a_new_book(tmp_path: Path) -> None:
    write_book(tmp_path, "s,r,k,hour,1.5,2026-01-01,me,listed")
    first = PriceBook.open(tmp_path).price("s", "r", "k")
    write_book(tmp_path, "s,r,k,hour,2.25,2026-01-01,me,listed")
    second = PriceBook.open(tmp_path).price("s", "r", "k")
    assert first is not None
    assert second is not None
    assert (first.nano, second.nano) == (1_500_000_000, 2_250_000_000)
    assert len(list((tmp_path / "__compiled__").glob("*.sqlite3"))) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("s,r,k,hour,1,2026-01-01,nobody,listed", "unknown source 'nobody'"),
        ("s,r,k,hour,0.00000000001,2026-01-01,me,listed", "finer than one nano-dollar"),
        ("s,r,k,hour,1,yesterday,me,listed", "Invalid isoformat"),
    ],
)
def test_a_bad_row_stops_the_build_and_leaves_no_half_book(
    tmp_path: Path, row: str, said: str
) -> None:
    write_book(tmp_path, row)
    with pytest.raises(ValueError, match=said):
        PriceBook.open(tmp_path)
    assert not list(tmp_path.rglob("*.sqlite3"))


def test_what_the_book_does_not_know_is_none() -> None:
    assert PriceBook.open().price("rds", "us-east-1", "no/such") is None


def test_money_multiplies_exactly() -> None:
    from decimal import Decimal

    assert times(from_dollars("0.0000004"), Decimal(3)) == 1200
