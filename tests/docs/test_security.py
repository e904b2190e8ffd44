"""The limits that docs/security.md states are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dharma.blueprint.resolution import MAX_INSTANCES
from dharma.core.settings import Settings
from dharma.guardrails import library
from dharma.guardrails.judging import MOST_CHARACTERS
from dharma.guardrails.runner import Limits
from dharma.sso import tokens
from dharma_local.gateway import connection, invoke, server
from dharma_local.workers import turns
from functions.bodies import Limit

TEXT = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
SETTINGS = Settings.from_environment({})
POLICY = Limits()
PAGE = next(part.le for part in Limit.__metadata__[0].metadata if hasattr(part, "le"))

STATED = {
    "request line and values of headers": (connection.HEAD_LIMIT, 431),
    "time for a request to arrive, or for an answer to be fetched": (connection.PATIENCE, 408),
    "body of a request": (SETTINGS.max_body_bytes, 413),
    "time of a request, waiting included": (int(invoke.ROUTE_LIMIT), 504),
    "requests of one caller that wait for a worker": (turns.MOST_WAITING, 429),
    "connections of a gateway process": (server.MOST_CONNECTIONS,),
    "requests of one subject": (SETTINGS.rate_limit, 429),
    "token": (tokens.MOST_CHARACTERS, 401),
    "items of a list": (PAGE,),
    "policy file, number of files": (library.MAX_POLICY_BYTES, library.MAX_POLICY_FILES),
    "evaluation of a policy": (
        int(POLICY.seconds_per_package),
        int(POLICY.seconds_per_megabyte),
        int(POLICY.seconds_in_all),
        POLICY.memory_bytes,
    ),
    "what a policy says of a resource": (MOST_CHARACTERS,),
    "resources of a blueprint": (MAX_INSTANCES,),
}


@pytest.mark.parametrize("what", STATED)
def test_a_limit_is_what_the_code_has(what: str) -> None:
    [row] = re.findall(rf"^\| {re.escape(what)} \| (.*?) \|", TEXT, re.MULTILINE)
    said = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\d|\d", row)]
    assert said == list(STATED[what])
