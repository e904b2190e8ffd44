"""`docs` shows what the product is made of: all of it, and as it is."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dharma.catalog import load_catalog
from dharma.core.project_files import find
from dharma.costing.components import PRICED
from dharma.guardrails.library import load_policies
from dharma_cli import main
from dharma_cli.reference.kinds import kind_document, kind_lines
from dharma_cli.reference.texts import TEXTS

ROOT = Path(__file__).parents[3]
CATALOG = load_catalog()
LIBRARY = load_policies()
JSON = ("--format", "json")
Dharma = Callable[..., Any]


def test_every_topic_that_is_listed_can_be_read(dharma: Dharma) -> None:
    names = {
        "NAME": "aws_sqs_queue",
        "ID": "required_tags",
        "TEMPLATE": "aws/queue-worker",
    }
    topics = [topic["name"] for topic in dharma("docs", *JSON).json["topics"]]
    assert {"blueprint", "catalog", "commands", "policies", "kind NAME"} <= set(topics)
    listed = dharma("docs").out
    for topic in topics:
        assert topic in listed
        words = [names.get(word, word) for word in topic.split()]
        assert dharma("docs", *words).out.count("\n") > 3, topic


def test_documents_are_shown_as_they_are_and_go_into_the_wheel(dharma: Dharma) -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        carried = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for topic, name in TEXTS.items():
        written = find(f"docs/{name}").read_text()
        assert dharma("docs", topic).out == written
        assert dharma("docs", topic, *JSON).json["text"] == written
        assert carried[f"docs/{name}"] == f"dharma/bundle/docs/{name}"


def test_the_catalog_lists_every_kind(dharma: Dharma) -> None:
    listed = dharma("docs", "catalog", *JSON).json["kinds"]
    assert {kind["name"] for kind in listed} == set(CATALOG.names())
    out = dharma("docs", "catalog").out
    assert all(name in out for name in CATALOG.names())


def paths(properties: dict[str, Any], prefix: str = "") -> dict[str, dict[str, Any]]:
    found = {}
    for name, said in properties.items():
        found[f"{prefix}{name}"] = said
        found |= paths(said.get("properties", {}), f"{prefix}{name}.")
    return found


@pytest.mark.parametrize("name", CATALOG.names())
def test_a_kind_is_told_completely(name: str) -> None:
    kind = CATALOG.kind(name)
    assert kind is not None
    document = kind_document(kind, LIBRARY)
    text = "\n".join(kind_lines(document))
    for path, said in paths(document["properties"]).items():
        declared = kind.property_at(tuple(path.split(".")))
        assert declared is not None
        assert said["type"] == declared.type
        assert said.get("required", False) is declared.required
        assert said.get("immutable", False) is declared.immutable
        (row,) = [r for r in rows(text) if r[0] == path]
        assert row[1].startswith(declared.type)
        assert ("a change replaces it" in row[1]) is declared.immutable
    assert len(paths(document["properties"])) == count(kind.properties)
    assert document["attributes"] == kind.attributes
    for format in kind.formats:
        mapping = kind.mapping(format)
        if mapping is None:
            assert f"Not in {format}: {kind.without[format]}" in text
            continue
        told = document["formats"][format]
        assert told["types"][0] == mapping.type
        for path, reason in {**mapping.impossible, **mapping.no_counterpart}.items():
            assert f"cannot say {path}: {reason}" in text
    if name in PRICED:
        price = document["price"]
        assert price["free"] or (price["rule"] and price["components"]), name
    else:
        assert "listed as not priced" in text
    judging = {p.id for p in LIBRARY.policies if name in p.kinds}
    assert judging <= {policy["id"] for policy in document["policies"]}
    assert all(policy in text for policy in judging)
    assert all(line == line.rstrip() for line in text.splitlines())


def count(properties: Any) -> int:
    return sum(1 + count(declared.properties) for declared in properties.values())


def rows(text: str) -> list[tuple[str, str]]:
    """Path and the rest of every row of the table of properties."""
    table = text.partition("Properties")[2].partition("\n\n")[0].splitlines()[1:]
    found: list[tuple[str, str]] = []
    above: list[str] = []
    for line in table:
        depth = (len(line) - len(line.lstrip())) // 2 - 1
        name, _, rest = line.strip().partition(" ")
        above = [*above[:depth], name.removesuffix("*")]
        found.append((".".join(above), rest.strip()))
    return found


def test_a_kind_is_found_by_the_command(dharma: Dharma) -> None:
    out = dharma("docs", "kind", "aws_s3_bucket").out
    assert out.startswith("aws_s3_bucket: S3 bucket\naws, storage; replacing it loses data\n")
    assert "AWS::S3::BucketPolicy" in out
    assert "cannot say force_destroy: CloudFormation never deletes" in out
    assert "what is stored, by class and volume, and requests" in out
    assert dharma("docs", "kind", "aws_s3_bucket", *JSON).json["kind"]["properties"]["bucket"] == {
        "type": "string",
        "immutable": True,
    }


def test_every_policy_is_listed_and_shown(dharma: Dharma) -> None:
    listed = dharma("docs", "policies").out
    for policy in LIBRARY.policies:
        assert policy.id in listed
        shown = dharma("docs", "policy", policy.id).out
        assert shown.startswith(f"{policy.id}: {policy.title}\n{policy.severity}, ")
        assert (policy.remediation or "") in shown
        assert f"Rule: policies/{policy.path}" in shown
    shown = dharma("docs", "policy", "aws_kms_key_rotation", *JSON).json["policy"]
    assert "package dharma." in shown["text"]


def test_every_command_is_listed_with_its_purpose(dharma: Dharma) -> None:
    listed = dharma("docs", "commands", *JSON).json["commands"]
    names = {command["name"] for command in listed}
    for name, command in main.program().commands.items():
        inside = [f"{name} {inner}" for inner in getattr(command, "commands", {})]
        assert names.issuperset(inside or [name])
    assert all(command["purpose"] for command in listed)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["kind", "aws_s3_bukket"], "NotFound", "is it aws_s3_bucket?"),
        (["policy", "aws_kms_rotation"], "NotFound", "is it aws_kms_key_rotation?"),
        (["catalogue"], "NotFound", "is it catalog?"),
        (["???"], "NotFound", "iac-dharma docs lists them"),
        (["kind"], "InvalidInput", "iac-dharma docs catalog lists them"),
        (["catalog", "x"], "InvalidInput", "read as a whole"),
    ],
    ids=str,
)
def test_what_is_not_there_is_said_with_what_may_be_meant(
    dharma: Dharma, words: list[str], code: str, said: str
) -> None:
    error = dharma("docs", *words, *JSON).error
    assert (error["code"], said in error["message"]) == (code, True)
