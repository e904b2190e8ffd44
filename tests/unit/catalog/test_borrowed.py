"""Settings that a resource takes from another: what is written of them, and what waits for whom."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.catalog import load_catalog, read, write
from dharma.catalog.document import Part
from dharma.catalog.formats import Format
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Binary,
    Conditional,
    ResourceRef,
    Symbol,
    Value,
    VariableRef,
)
from tests.unit.catalog.meaning import assert_same
from tests.unit.catalog.random_resources import RandomResources

CATALOG = load_catalog()
PAIRS = [(kind.name, format) for kind in CATALOG.kinds() for format in kind.mappings]
ENCRYPTION = "aws_s3_bucket_server_side_encryption_configuration"


def bucket(name: str, **properties: Value) -> Resource:
    return Resource("aws_s3_bucket", name, {"bucket": f"{name}-bucket", **properties})


def parts(format: Format, *resources: Resource) -> dict[str, Part]:
    document, _ = write(resources, format, CATALOG)
    return {part.address: part for part in document.parts}


def of(name: str, *path: str | int, instance: Value = None) -> ResourceRef:
    return ResourceRef(f"aws_s3_bucket.{name}", path, instance)


@pytest.mark.parametrize(("kind_name", "format"), PAIRS)
def test_whole_settings_of_another_resource_come_back_as_the_same(
    kind_name: str, format: Format
) -> None:
    kind = CATALOG.kind(kind_name)
    assert kind is not None

    @settings(max_examples=8, deadline=None, database=None)
    @given(seed=st.integers(0, 2**32))
    def check(seed: int) -> None:
        lender, *others = RandomResources(seed, (format,), CATALOG).make(kind)
        lender = replace(lender, name="lender", count=None, for_each=None, condition=None)
        borrowed: dict[str, Value] = {
            name: ResourceRef(lender.address, (name,))
            if kind.properties[name].properties and value is not None
            else value
            for name, value in lender.properties.items()
        }
        resources = [lender, Resource(kind_name, "borrower", borrowed), *others]
        try:
            document, _ = write(resources, format, CATALOG)
        except NotExpressible:
            return  # Whether a refusal has a reason is the subject of test_round_trip.
        found, notes = read(document, CATALOG)
        assert notes == []
        assert_same(found, resources, CATALOG)

    check()


def test_a_whole_setting_becomes_references_to_its_members_where_these_are_attributes() -> None:
    lender = bucket("a", server_side_encryption={"algorithm": "AES256", "bucket_key_enabled": True})
    borrower = bucket("b", server_side_encryption=of("a", "server_side_encryption"))
    written = parts("terraform", lender, borrower)[f"{ENCRYPTION}.b"]
    (rule,) = written.arguments["rule"]  # type: ignore[misc]
    source = f"{ENCRYPTION}.a"
    by_default = ("rule", 0, "apply_server_side_encryption_by_default", 0, "sse_algorithm")
    assert rule == {
        "apply_server_side_encryption_by_default": [
            {"sse_algorithm": ResourceRef(source, by_default)}
        ],
        "bucket_key_enabled": ResourceRef(source, ("rule", 0, "bucket_key_enabled")),
    }
    assert written.awaited == (), "the references say it"


@pytest.mark.parametrize(
    "setting", [of("a", "versioning"), {"enabled": of("a", "versioning", "enabled")}]
)
@pytest.mark.parametrize(
    ("format", "address", "path", "awaited"),
    [
        ("terraform", "aws_s3_bucket_versioning.b", "versioning_configuration", "aws_s3_bucket.a"),
        ("cloudformation", "BBucket", "VersioningConfiguration", "ABucket"),
    ],
)
def test_a_member_that_the_format_spells_otherwise_is_written_by_value_and_awaited(
    setting: Value, format: Format, address: str, path: str, awaited: str
) -> None:
    resources = (bucket("a", versioning={"enabled": True}), bucket("b", versioning=setting))
    part = parts(format, *resources)[address]
    assert "Enabled" in str(part.arguments[path])
    assert part.awaited == (awaited,)


def test_a_setting_under_a_condition_is_taken_under_it() -> None:
    lender = bucket("a", versioning={"enabled": True})
    maybe = Conditional(VariableRef("flag"), of("a", "versioning"), None)
    written = parts("terraform", lender, bucket("b", versioning=maybe))
    piece = written["aws_s3_bucket_versioning.b"]
    assert piece.condition == VariableRef("flag")
    assert piece.arguments["versioning_configuration"] == [{"status": "Enabled"}]


def test_a_setting_of_a_setting_is_followed_to_where_it_is_spelled_out() -> None:
    written = parts(
        "cloudformation",
        bucket("a", versioning={"enabled": True}),
        bucket("b", versioning=of("a", "versioning")),
        bucket("c", versioning=of("b", "versioning")),
    )
    assert written["CBucket"].arguments["VersioningConfiguration"] == {"Status": "Enabled"}


def test_settings_that_refer_to_each_other_end_in_an_error() -> None:
    with pytest.raises(NotExpressible):
        parts(
            "cloudformation",
            bucket("a", versioning=of("b", "versioning")),
            bucket("b", versioning=of("a", "versioning")),
        )


def test_of_one_instance_the_setting_is_its_own() -> None:
    here = Binary("==", Symbol(("each", "key")), "x")
    lender = replace(bucket("a", versioning={"enabled": here}), for_each={"x": 1, "y": 2})
    for instance, status in (("x", "Enabled"), ("y", "Suspended")):
        borrower = bucket("b", versioning=of("a", "versioning", instance=instance))
        piece = parts("terraform", lender, borrower)["aws_s3_bucket_versioning.b"]
        assert piece.arguments["versioning_configuration"] == [{"status": status}]


def test_a_setting_that_differs_between_instances_needs_one_that_is_named() -> None:
    lender = replace(
        bucket("a", versioning={"enabled": Symbol(("each", "value"))}), for_each={"x": True}
    )
    borrower = bucket("b", versioning=of("a", "versioning"))
    with pytest.raises(NotExpressible, match=r"b\.versioning.*: versioning differs"):
        parts("terraform", lender, borrower)


def test_a_setting_of_a_folded_part_is_read_as_one_of_its_owner() -> None:
    part = f"{ENCRYPTION}.a"
    key = ResourceRef(part, ("rule", 0, "bucket_key_enabled"))
    lender = bucket("a", server_side_encryption={"algorithm": "AES256", "bucket_key_enabled": True})
    document, _ = write([lender], "terraform", CATALOG)
    document.parts.append(Part("thing.t", "thing", {"on": key}))
    resources, notes = read(document, CATALOG)
    assert [n.kind for n in notes] == ["passed_through"]
    assert resources[-1].properties["on"] == of("a", "server_side_encryption", "bucket_key_enabled")


def test_a_folded_part_that_spells_a_setting_otherwise_is_not_taken_for_its_owner() -> None:
    status = ResourceRef("aws_s3_bucket_versioning.a", ("versioning_configuration", 0, "status"))
    document, _ = write([bucket("a", versioning={"enabled": True})], "terraform", CATALOG)
    document.parts.append(Part("thing.t", "thing", {"on": status}))
    resources, notes = read(document, CATALOG)
    assert "spells versioning.enabled of aws_s3_bucket.a otherwise" in str(notes[-1].message)
    assert "Unknown" in str(resources[-1].properties["on"])
