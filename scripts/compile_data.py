"""Compile the kinds and the price book of the `dharma` that is on the path, beside their sources.

Done at the first use otherwise; what cannot be written to at run time gets it when it is built.
"""

from __future__ import annotations

from dharma.catalog.loading import COMPILED_FILE, load_kind_data
from dharma.costing.price_book import PRICES, PriceBook

if __name__ == "__main__":
    load_kind_data()
    PriceBook.open()
    for made in (COMPILED_FILE, *(PRICES / "__compiled__").glob("*.sqlite3")):
        print(f"{made}: {made.stat().st_size:,} bytes")
