"""What one reading may take, and blueprints that are read so."""

from __future__ import annotations

import pytest

from dharma.blueprint.box import limits, read_blueprint
from dharma.blueprint.source import load_blueprint
from dharma.core.box import Limits
from dharma.core.errors import InvalidBlueprint, Misconfigured
from tests.bad_input import GOOD

MEGABYTE = 1024**2


def test_settings_say_how_much_a_reading_may_take() -> None:
    assert limits({}) == Limits(60, 120, 2048 * MEGABYTE)
    said = {"DHARMA_READING_SECONDS": "5", "DHARMA_READING_MEMORY_MB": "100"}
    assert limits(said) == Limits(5, 20, 100 * MEGABYTE)


def test_on_lambda_a_reading_is_over_before_the_function_and_leaves_it_memory() -> None:
    found = limits({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "4096"})
    assert (found.cpu_seconds, found.seconds) == (25, 25)
    assert 64 * MEGABYTE < found.memory_bytes < 4096 * MEGABYTE * 2 // 3
    assert limits({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128"}).memory_bytes >= 64 * MEGABYTE


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "9" * 400, "\u0661"])
def test_a_limit_that_is_none_is_named(value: str) -> None:
    for name in ("DHARMA_READING_SECONDS", "DHARMA_READING_MEMORY_MB"):
        with pytest.raises(Misconfigured, match=name):
            limits({name: value})


def test_a_blueprint_is_what_it_is_without_a_box() -> None:
    assert read_blueprint(GOOD) == load_blueprint(GOOD)
    with pytest.raises(InvalidBlueprint) as boxed:
        read_blueprint(GOOD + "resource: []\n")
    with pytest.raises(InvalidBlueprint) as plain:
        load_blueprint(GOOD + "resource: []\n")
    assert boxed.value.to_dict() == plain.value.to_dict()
