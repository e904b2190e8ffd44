"""The price book: reviewable CSV files beside this module, read through SQLite."""
