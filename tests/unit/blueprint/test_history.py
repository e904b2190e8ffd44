"""Former names, adopted and released resources, regions and modules: read, kept, judged, told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dharma.blueprint.diff import diff_blueprints
from dharma.blueprint.proposal import weigh
from dharma.blueprint.source import dump_blueprint, load_blueprint
from dharma.blueprint.validation import review
from dharma.catalog import load_catalog
from dharma.core.errors import InvalidBlueprint
from dharma.model.addresses import Address, parse_address

HEAD = "apiVersion: dharma/v1\nkind: Blueprint\nname: web\nversion: 1.0.0\nprovider: {}\n"
QUEUE = "- {{name: {}, type: aws_sqs_queue{}}}\n"
FULL = HEAD.format("aws") + (
    "variables: [{name: dr, default: eu-west-1}]\n"
    "resources:\n"
    "- name: jobs\n  type: aws_sqs_queue\n  module: work\n  region: ${var.dr}\n"
    "  renamed_from: [aws_sqs_queue.a, b]\n  import: {id: 'https://sqs/${var.dr}'}\n"
    "removed: [{address: aws_sqs_queue.old}, {address: aws_sqs_queue.gone, destroy: true}]\n"
)


def faults(resources: str, provider: str = "aws", rest: str = "") -> list[str]:
    text = f"{HEAD.format(provider)}resources:\n{resources}{rest}"
    return [str(f) for f in review(load_blueprint(text), load_catalog()).faults]


@pytest.mark.parametrize("format", ["yaml", "json"])
def test_what_is_said_of_the_past_is_kept(format: str) -> None:
    blueprint = load_blueprint(FULL)
    assert blueprint.resources[0].renamed_from == ("aws_sqs_queue.a", "b")
    assert [r.destroy for r in blueprint.removed] == [False, True]
    assert load_blueprint(dump_blueprint(blueprint, format)) == blueprint  # type: ignore[arg-type]
    result = review(blueprint, load_catalog())
    assert (result.faults, result.warnings) == ([], [])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (", renamed_from: ['a b']", "'a b' is no address (a name, or an address as Terraform"),
        (", renamed_from: [aws_sns_topic.x]", "a resource keeps its type when it is renamed"),
        (", renamed_from: [q]", "q is its name now, not a former one"),
        (", renamed_from: [other]", "other is still there as a resource of its own"),
        (", renamed_from: [x, x]", "was renamed from x, too"),
        (", renamed_from: ['x[\"${evil}\"]']", "is no address"),
        (", count: 2, import: {id: a}", "which of several has this id is not said (use for_each"),
        (", import: {id: [a]}", "an id is text"),
        (", import: {id: '${aws_sqs_queue.other.url}'}", "known before anything is created"),
        (", import: {}", "id is missing"),
        (", import: {name: a, id: b}", "unknown key 'name'"),
        (", region: Frankfurt", "a region is a name such as eu-west-1, or one variable"),
        (", region: 'a${1}'", "a region is a name such as eu-west-1, or one variable"),
        (", region: eu-west-1, native: {terraform: {provider: aws.x}}", "says a region too"),
        (", module: 'a b'", "'a b' is no name for a module"),
        (", module: [a]", "a list where text should be"),
    ],
)
def test_each_word_is_judged(more: str, said: str) -> None:
    text = QUEUE.format("q", more) + QUEUE.format("other", "")
    try:
        found = faults(text)
    except InvalidBlueprint as error:
        found = [str(f) for f in error.faults]
    assert any(said in fault for fault in found), found


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("queue", "'queue' is no address"),
        ("aws_sqs_queue.q", "aws_sqs_queue.q is still there (remove it from resources)"),
        ("aws_sqs_queue.x[0]", "one of several cannot be removed alone"),
        ("aws_sqs_queue.was", "it lives on as aws_sqs_queue.q"),
        ('aws_sqs_queue.x" }', "is no address"),
    ],
)
def test_what_is_removed_is_an_address_that_is_free(address: str, said: str) -> None:
    rest = f"removed: [{{address: '{address}'}}]\n"
    found = faults(QUEUE.format("q", ", renamed_from: [was]"), rest=rest)
    assert any(said in fault for fault in found), found


def test_only_providers_with_regions_take_one() -> None:
    group = "- {name: g, type: azurerm_resource_group, properties: {name: g, location: westeurope}"
    assert any(
        "its location is a property" in f for f in faults(f"{group}, region: a}}\n", "azure")
    )


def test_a_renamed_resource_is_neither_removed_nor_added() -> None:
    one, two = (
        load_blueprint(f"{HEAD.format('aws')}resources:\n{text}")
        for text in (
            QUEUE.format("old", ", properties: {delay_seconds: 1}"),
            QUEUE.format("new", ", properties: {delay_seconds: 2}, renamed_from: [older, old]"),
        )
    )
    resources = diff_blueprints(one, two).resources
    assert resources.renamed == {"aws_sqs_queue.new": "aws_sqs_queue.old"}
    assert (resources.added, resources.removed) == ((), ())
    assert [c.path for c in resources.changed["aws_sqs_queue.new"]] == ["properties.delay_seconds"]
    reasons = [(r.step, r.subject, r.message) for r in weigh(one, two, load_catalog())]
    assert ("minor", "aws_sqs_queue.new", "renamed from aws_sqs_queue.old") in reasons
    assert all(step != "major" for step, _, _ in reasons)


def test_a_former_name_that_another_resource_bears_now_was_not_taken_along() -> None:
    one = load_blueprint(f"{HEAD.format('aws')}resources:\n{QUEUE.format('a', '')}")
    both = QUEUE.format("a", "") + QUEUE.format("b", ", renamed_from: [a]")
    two = load_blueprint(f"{HEAD.format('aws')}resources:\n{both}")
    assert diff_blueprints(one, two).resources.added == ("aws_sqs_queue.b",)


NAMES = st.from_regex(r"[a-z_][a-z0-9_-]{0,5}", fullmatch=True).filter(
    lambda n: n not in ("module", "data")
)
KEYS = st.one_of(
    st.just(""), st.integers(0, 99).map("[{}]".format), NAMES.map('["{}"]'.format)
)  # fmt: skip
ADDRESSES = st.builds(
    Address,
    st.lists(st.builds("module.{}{}.".format, NAMES, KEYS), max_size=3).map("".join),
    NAMES, NAMES, KEYS,
)  # fmt: skip


@given(ADDRESSES)
def test_an_address_is_read_as_it_is_printed(address: Address) -> None:
    assert parse_address(str(address)) == address


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    found = parse_address(text)
    assert found is None or str(found) == text
