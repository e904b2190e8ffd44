"""Which formats a kind may have, and which format a type's spelling belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from dharma.catalog import Catalog, load_catalog, write
from dharma.catalog.formats import FORMATS, FORMATS_OF, Format, format_of, native_format, target_of
from dharma.catalog.kind_files import parse_kind
from dharma.core.errors import Misconfigured, NotExpressible
from dharma.model.blueprint import Resource


def kind(provider: str, format: str) -> dict[str, Any]:
    section = {"type": "Some.Type/things", "map": {"name": "name"}}
    return {
        "kind": "some_thing",
        "title": "Thing",
        "provider": provider,
        "category": "storage",
        "properties": {"name": "string"},
        format: section,
    }


@pytest.mark.parametrize("provider", FORMATS_OF)
def test_a_kind_has_the_formats_of_its_provider_and_no_others(provider: str) -> None:
    for format in FORMATS:
        data = kind(provider, format)
        if format in FORMATS_OF[provider]:
            assert list(parse_kind(data).mappings) == [format]
        else:
            with pytest.raises(Misconfigured, match=f"unknown keys \\['{format}'\\]"):
                parse_kind(data)


def test_a_kind_of_an_unknown_provider_is_refused() -> None:
    with pytest.raises(Misconfigured, match="'oracle' is no provider of"):
        parse_kind(kind("oracle", "terraform"))


def test_a_native_type_is_found_among_the_kinds_of_its_cloud() -> None:
    catalog = Catalog({"some_thing": kind("azure", "arm")})
    found = catalog.kind_of("arm", "Some.Type/things")
    assert found is not None
    assert found.name == "some_thing"
    assert catalog.kind_of("cloudformation", "Some.Type/things") is None


@pytest.mark.parametrize(
    ("spelling", "format"),
    [
        ("aws_s3_bucket", "terraform"),
        ("AWS::S3::Bucket", "cloudformation"),
        ("Microsoft.Network/virtualNetworks/subnets", "arm"),
        ("compute.v1.instance", "deployment_manager"),
        ("gcp-types/compute-v1:instances", "deployment_manager"),
    ],
)
def test_the_spelling_of_a_type_tells_its_format(spelling: str, format: Format) -> None:
    assert native_format(spelling) == format
    for other in FORMATS:
        resources = [Resource(spelling, "main", {})]
        if spelling != "aws_s3_bucket" and other != format:
            with pytest.raises(NotExpressible, match="no kind"):
                write(resources, other, load_catalog())


def test_every_format_is_the_target_of_its_name_and_the_other_way_round() -> None:
    assert [format_of(target_of(format)) for format in FORMATS] == list(FORMATS)
    assert target_of("deployment_manager") == "deployment-manager"
    assert format_of("pulumi-python") is None
