"""Which texts of a resolved blueprint give a secret away."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.resolution import resolve
from dharma.blueprint.source import load_blueprint
from dharma.model.blueprint import ResolvedBlueprint

BLUEPRINT = """\
apiVersion: dharma/v1
kind: Blueprint
name: web
version: 1.0.0
provider: aws
variables:
  - {name: word, type: string, sensitive: true}
  - {name: pin, type: number, sensitive: true, default: 7}
  - {name: team, type: string, default: web}
resources:
  - name: jobs
    type: aws_sqs_queue
    properties:
      name: jobs
      delay_seconds: ${var.pin}
      tags:
        coded: ${base64encode(var.word)}
        joined: ${"user:${var.word}@db"}
        arms: '${var.word == "" ? "nobody-home" : "somebody"}'
        team: ${var.team}
  - name: more
    type: aws_sqs_queue
    properties: {tags: {copy: "${upper(aws_sqs_queue.jobs.tags[\\"coded\\"])}"}}
outputs:
  - {name: length, value: "${length(var.word) * 1000}"}
  - {name: word, value: "${var.word}", sensitive: true}
"""


def resolved(**values: Any) -> ResolvedBlueprint:
    return resolve(load_blueprint(BLUEPRINT), values)


def test_what_is_computed_from_a_secret_is_one() -> None:
    coded = base64.b64encode(b"hush").decode()
    secrets = resolved(word="hush", pin=123456).secrets
    assert {"hush", coded, coded.upper(), "user:hush@db", 4000, 123456} <= secrets


def test_texts_of_the_blueprint_itself_are_none() -> None:
    assert not {"jobs", "web", "somebody", "nobody-home"} & resolved(word="hush").secrets


def test_small_numbers_and_empty_texts_hide_nothing() -> None:
    secrets = resolved(word="").secrets
    assert "" not in secrets
    assert 7 not in secrets


def test_a_secret_without_a_value_hides_nothing() -> None:
    assert resolved().secrets == frozenset()


def test_secrets_are_not_in_the_printed_form() -> None:
    assert "secrets" not in repr(resolved(word="hush"))


def test_outputs_that_are_declared_sensitive_are_named() -> None:
    assert resolved(word="hush").sensitive_outputs == {"word"}


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_the_secret_itself_is_always_one(word: str) -> None:
    assert word in resolved(word=word).secrets
