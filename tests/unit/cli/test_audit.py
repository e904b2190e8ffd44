"""`audit list` and `audit verify`, over the true functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

JSON = ("--format", "json")
CHAIN = "T#acme#AUDIT#2026-01-01"


@pytest.fixture
def trail(dharma: Any, api: Any) -> Any:
    for name in ("one", "two", "three"):
        assert dharma("env", "create", name).code == 0
    assert dharma("env", "create", "one").code == 1
    return api.application


def record(application: Any, number: int) -> Any:
    found = application.store.get(CHAIN, f"RECORD#{number:010d}")
    assert found is not None
    return found


def test_what_was_done_is_listed_newest_first(dharma: Any, trail: Any) -> None:
    items = dharma("audit", "list", *JSON).json["items"]
    assert [(i["subject"], i["outcome"]) for i in items] == [
        ("environment", "refused"),
        ("environment/three", "succeeded"),
        ("environment/two", "succeeded"),
        ("environment/one", "succeeded"),
    ]
    lines = dharma("audit", "list", "--limit", 2).out.splitlines()
    assert len(lines) == 3
    assert "ada-admin" in lines[1]
    assert "refused: Conflict" in lines[1]
    assert dharma("audit", "list", "--day", "2025-01-01", *JSON).json["items"] == []


def test_an_empty_trail_is_fine(dharma: Any, api: Any) -> None:
    assert dharma("audit", "list").code == 0
    said = dharma("audit", "verify", *JSON)
    assert (said.code, said.json["valid"], said.json["records"]) == (0, True, 0)


def test_an_untouched_trail_is_verified(dharma: Any, trail: Any) -> None:
    said = dharma("audit", "verify")
    assert said.code == 0
    walked = "4 record(s) of 1 day(s): every one as it was written\n"
    assert said.out == (
        f"{walked}Not anchored yet: whoever could rewrite the whole chain would not be found.\n"
    )
    trail.audit.anchor_running("acme")
    assert dharma("audit", "verify").out == (
        f"{walked}Anchored up to 2026-01-01T00:00:00 (record 4 of 2026-01-01).\n"
    )
    assert dharma("audit", "verify", *JSON).json["anchored"]["sequence"] == 4


def test_an_edit_behind_the_running_anchor_is_found_with_all_hashes_anew(
    dharma: Any, trail: Any
) -> None:
    from dharma.core.audit.records import digest

    trail.audit.anchor_running("acme")
    previous = record(trail, 1).data["hash"]
    for number in (2, 3, 4):
        item = record(trail, number)
        forged = {**item.data, "actor": "nobody", "previous": previous}
        previous = forged["hash"] = digest(forged)
        trail.store.put(replace(item, data=forged))
    head = trail.store.get("T#acme#AUDIT", "2026-01-01")
    trail.store.put(replace(head, data={**head.data, "hash": previous}))
    said = dharma("audit", "verify")
    assert (said.code, said.out) == (
        2,
        "2026-01-01 record 4: differs from its anchor: the chain was written anew\n",
    )


def test_an_edit_is_found_and_named(dharma: Any, trail: Any) -> None:
    item = record(trail, 2)
    trail.store.put(replace(item, data={**item.data, "actor": "nobody"}))
    said = dharma("audit", "verify")
    assert said.code == 2
    assert said.out == "2026-01-01 record 2: was changed: its hash is another\n"
    finding = dharma("audit", "verify", *JSON).json["finding"]
    assert (finding["day"], finding["sequence"]) == ("2026-01-01", 2)


@pytest.mark.parametrize("number", [1, 3, 4])
def test_a_deletion_is_found(dharma: Any, trail: Any, number: int) -> None:
    item = record(trail, number)
    trail.store.delete(item.pk, item.sk)
    assert dharma("audit", "verify", *JSON).json["finding"]["sequence"] == number


def test_a_day_that_was_closed_and_not_anchored_for_long_is_found(
    dharma: Any, trail: Any, api: Any
) -> None:
    api.clock.advance(timedelta(days=1))
    dharma("env", "create", "four")
    said = dharma("audit", "verify")
    assert (said.code, said.out) == (2, "2026-01-01: the anchor of the closed day is missing\n")
    trail.audit.anchor("acme", "2026-01-01")
    assert dharma("audit", "verify").code == 0


def test_others_may_not_look(dharma: Any, trail: Any, api: Any) -> None:
    api.role = "approver"
    for command in ("list", "verify"):
        assert dharma("audit", command, *JSON).error["code"] == "Forbidden"
