"""The reader of @cdktf/provider-aws, on a module in that package's shape."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from scripts.catalog_check.extract import (
    UnreadablePackage,
    extract,
    provider_of,
    read_type,
    write_extract,
)

MODULE = """
class ThingRuleOutputReference extends cdktf.ComplexObject {
    get days() {
        return this.getNumberAttribute('days');
    }
    set days(value) {
        this._days = value;
    }
}
class ThingRuleList extends cdktf.ComplexList {
    get(index) {
        return new ThingRuleOutputReference(this.terraformResource, this.terraformAttribute, index);
    }
}
class ThingLoggingOutputReference extends cdktf.ComplexObject {
    get bucket() {
        return this.getStringAttribute('bucket');
    }
    set bucket(value) {
        this._bucket = value;
    }
    resetBucket() {
        this._bucket = undefined;
    }
}
class Thing extends cdktf.TerraformResource {
    constructor(scope, id, config) {
        super(scope, id, {
            terraformGeneratorMetadata: { providerVersion: '1.2.3' },
        });
        // logging - computed: false, optional: true, required: false
        this._logging = new ThingLoggingOutputReference(this, "logging");
        this._rule = new ThingRuleList(this, "rule", true);
        this._tagsAll = new cdktf.StringMap(this, "tags_all");
    }
    get arn() {
        return this.getStringAttribute('arn');
    }
    get zones() {
        return cdktf.Fn.tolist(this.getListAttribute('zones'));
    }
    set zones(value) {
        this._zones = value;
    }
    putLogging(value) {
        this._logging.internalValue = value;
    }
    resetLogging() {
        this._logging.internalValue = undefined;
    }
    putRule(value) {
        this._rule.internalValue = value;
    }
}
Thing.tfResourceType = "aws_thing";
"""

SCHEMA = {
    "attributes": {
        "arn": "string computed",
        "tags_all": "map(string) computed",
        "zones": "set(string) required",
    },
    "blocks": {
        "logging": {
            "use": "optional",
            "nesting": "list",
            "max": 1,
            "attributes": {"bucket": "string optional"},
        },
        "rule": {
            "use": "required",
            "nesting": "set",
            "attributes": {"days": "number required"},
        },
    },
}


def test_a_module_gives_names_types_nesting_and_use() -> None:
    assert read_type(MODULE, "aws_thing") == SCHEMA


def test_a_module_of_another_type_is_refused() -> None:
    with pytest.raises(UnreadablePackage, match="aws_thing"):
        read_type(MODULE, "aws_other")


def test_a_package_is_read_and_written_the_same_way_twice(tmp_path: Path) -> None:
    package = _package(tmp_path)
    for folder in ("one", "two"):
        schemas, source = extract(package, ["aws_thing"])
        write_extract(schemas, source, tmp_path / folder)
    one, two = ({f.name: f.read_bytes() for f in (tmp_path / d).iterdir()} for d in ("one", "two"))
    assert one == two
    assert json.loads(one["aws_thing.json"]) == SCHEMA
    assert json.loads(one["SOURCE.json"]) == {
        "name": "@cdktf/provider-aws",
        "version": "9.9.9",
        "license": "MPL-2.0",
        "provider": "1.2.3",
    }


def test_a_type_that_the_package_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePackage, match="aws_missing"):
        extract(_package(tmp_path), ["aws_thing", "aws_missing"])


@pytest.mark.parametrize("provider", ["aws", "azurerm", "google"])
def test_a_package_tells_its_provider_and_holds_the_types_of_it(
    tmp_path: Path, provider: str
) -> None:
    package = _package(tmp_path, f"@cdktf/provider-{provider}", f"{provider}_thing")
    assert provider_of(package) == provider
    schemas, _ = extract(package, [f"{provider}_thing"])
    assert schemas == {f"{provider}_thing": SCHEMA}


def test_a_package_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePackage, match="left-pad is no package of a Terraform provider"):
        provider_of(_package(tmp_path, "left-pad"))


def _package(
    folder: Path, package: str = "@cdktf/provider-aws", resource_type: str = "aws_thing"
) -> Path:
    about = {"name": package, "version": "9.9.9", "license": "MPL-2.0"}
    module = MODULE.replace("aws_thing", resource_type)
    files = {"package/package.json": json.dumps(about), "package/lib/thing/index.js": module}
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def test_a_list_of_maps_keeps_its_name() -> None:
    """A block may be called map: its list is named `...MapList`."""
    renamed = MODULE.replace("ThingRule", "ThingRuleMap")
    assert read_type(renamed, "aws_thing") == read_type(MODULE, "aws_thing")
