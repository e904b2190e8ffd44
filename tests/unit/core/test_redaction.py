"""Secrets in texts for people."""

from __future__ import annotations

from dharma.core.redaction import SENSITIVE, redacted


def test_a_secret_is_hidden_in_every_text_and_key() -> None:
    found = redacted({"a": ["x hush-1 y"], "hush-1": {"b": "hush-1"}}, {"hush-1"})
    assert found == {"a": [f"x {SENSITIVE} y"], SENSITIVE: {"b": SENSITIVE}}


def test_the_longest_secret_goes_first() -> None:
    assert redacted("a hush-hush b", {"hush", "hush-hush"}) == f"a {SENSITIVE} b"


def test_a_short_secret_is_hidden_where_it_stands_alone() -> None:
    assert redacted(["ab", "cabbage"], {"ab"}) == [SENSITIVE, "cabbage"]


def test_a_number_is_hidden_as_a_number_and_in_text() -> None:
    assert redacted([123456, "pin 123456", 12, True], {123456, 1}) == [
        SENSITIVE,
        f"pin {SENSITIVE}",
        12,
        True,
    ]


def test_without_secrets_everything_stays() -> None:
    document = {"a": [1, None, "x"]}
    assert redacted(document, frozenset()) is document
