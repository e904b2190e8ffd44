"""Names of parts: valid, stable, and read back."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dharma.catalog import Document, Part, canonical, load_catalog, read, write
from dharma.catalog.naming import label, logical_id, name_in_address, name_in_logical_id
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Ambient, ResourceRef, Template, VariableRef

CATALOG = load_catalog()
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,12}", fullmatch=True).filter(
    lambda name: any(c.isalnum() for c in name)
)


@pytest.mark.parametrize(
    ("name", "noun", "identifier"),
    [
        ("assets", "Bucket", "AssetsBucket"),
        ("web_assets", "Bucket", "WebAssetsBucket"),
        ("public_1", "Subnet", "Public1Subnet"),
        ("s3", "Bucket", "S3Bucket"),
        ("main", "VPC", "MainVPC"),
        ("vpc", "VPC", "VPC"),
    ],
)
def test_usual_names_read_back_from_the_logical_id_alone(
    name: str, noun: str, identifier: str
) -> None:
    assert logical_id(name, noun) == identifier
    assert name_in_logical_id(identifier, noun) == name


@given(st.lists(NAMES, min_size=1, max_size=8, unique=True))
def test_every_name_gets_a_valid_logical_id_and_comes_back(names: list[str]) -> None:
    resources = [
        Resource(kind, name) for name in names for kind in ("aws_s3_bucket", "aws_sqs_queue")
    ]
    document, _ = write(resources, "cloudformation", CATALOG)
    identifiers = [part.address for part in document.parts]
    assert all(identifier.isalnum() and identifier.isascii() for identifier in identifiers)
    assert len(set(identifiers)) == len(identifiers)
    back, _ = read(document, CATALOG)
    assert canonical(back, CATALOG) == canonical(resources, CATALOG)
    assert all(resource.native == {} for resource in back)


@given(st.lists(NAMES, min_size=2, max_size=8, unique=True), st.integers())
def test_names_do_not_depend_on_the_order_of_resources(names: list[str], seed: int) -> None:
    resources = [Resource("aws_s3_bucket", name) for name in names]
    shuffled = random.Random(seed).sample(resources, len(resources))

    def identifiers(some: list[Resource]) -> dict[str | None, str]:
        return {p.owner: p.address for p in write(some, "cloudformation", CATALOG)[0].parts}

    assert identifiers(resources) == identifiers(shuffled)


def test_a_foreign_logical_id_is_kept() -> None:
    part = Part("ALBLogs", "AWS::S3::Bucket", {})
    (resource,), _ = read(Document("cloudformation", [part]), CATALOG)
    assert resource.name == "alb_logs"
    assert resource.native == {"cloudformation": {"LogicalId": "ALBLogs"}}
    again, _ = write([resource], "cloudformation", CATALOG)
    assert again.parts == [Part("ALBLogs", "AWS::S3::Bucket", {}, owner="aws_s3_bucket.alb_logs")]


def test_a_name_that_does_not_read_back_is_noted_in_the_metadata() -> None:
    document, _ = write([Resource("aws_s3_bucket", "Data-2")], "cloudformation", CATALOG)
    assert document.parts[0].native == {"Metadata": {"Dharma": {"Name": "Data-2"}}}


def test_metadata_of_the_author_stays() -> None:
    native = {"cloudformation": {"Metadata": {"Owner": "web"}}}
    resource = Resource("aws_s3_bucket", "Data-2", native=native)
    document, _ = write([resource], "cloudformation", CATALOG)
    assert document.parts[0].native["Metadata"] == {"Owner": "web", "Dharma": {"Name": "Data-2"}}
    (back,), _ = read(document, CATALOG)
    assert back.native == native


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("aws_s3_bucket.assets", "assets"),
        ("aws_s3_bucket.assets[0]", "assets_0"),
        ('aws_s3_bucket.assets["eu.west"]', "assets_eu_west"),
        ("module.web.aws_s3_bucket.assets", "web_assets"),
        ('module.web["a"].module.store.aws_s3_bucket.assets[1]', "web_a_store_assets_1"),
    ],
)
def test_module_path_and_loop_key_are_part_of_the_name(address: str, name: str) -> None:
    assert name_in_address(address) == ("aws_s3_bucket", name)


def test_flat_names_that_would_be_the_same_are_kept_apart() -> None:
    parts = [
        Part("aws_s3_bucket.web_assets", "aws_s3_bucket", {}),
        Part("module.web.aws_s3_bucket.assets", "aws_s3_bucket", {}),
    ]
    resources, _ = read(Document("terraform", parts), CATALOG)
    assert len({resource.name for resource in resources}) == 2


def test_labels_tell_atoms_apart_in_words() -> None:
    assert label(["tcp", 443, "0.0.0.0/0", None]) == "tcp_443_any_ipv4"
    assert label([ResourceRef("aws_security_group.web", ("id",))]) == "web"
    assert label(["arn:aws:iam::aws:policy/service-role/ReadOnly"]) == "readonly"
    arn = Template(("arn:", Ambient("partition"), ":iam::aws:policy/ReadOnly"))
    assert label([arn]) == "readonly"
    assert label([VariableRef("a")]) != label([VariableRef("b")])
    assert len(label(["x" * 100])) <= 40
