"""What earlier releases of a provider had beyond the present one."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from scripts.catalog_check.extract import Schema, UnreadablePackage
from scripts.catalog_check.foreign import UnknownForeignType, terraform_type
from scripts.catalog_check.older import extract_older, write_older

TYPE = """
class Thing{inner} extends cdktf.ComplexObject {{
    get days() {{
        return this.getNumberAttribute('days');
    }}
    set days(value) {{
    }}
    get {gone}() {{
        return this.getStringAttribute('{gone}');
    }}
    set {gone}(value) {{
    }}
    get made() {{
        return this.getStringAttribute('made');
    }}
}}
class Thing extends cdktf.TerraformResource {{
    constructor(scope, id, config) {{
        this._rule = new Thing{inner}(this, "rule");
    }}
    get name() {{
        return this.getStringAttribute('name');
    }}
    set name(value) {{
    }}
    putRule(value) {{
    }}
    resetRule() {{
    }}
}}
Thing.tfResourceType = "aws_{type}";
"""
PRESENT: Schema = {
    "attributes": {"name": "string required"},
    "blocks": {
        "rule": {
            "use": "optional",
            "nesting": "list",
            "max": 1,
            "attributes": {"days": "number required"},
        }
    },
}


def test_the_difference_alone_is_kept_and_the_newest_release_counts(tmp_path: Path) -> None:
    newer = _package(tmp_path, "2.0.0", "thing", "size")
    older = _package(tmp_path, "1.0.0", "thing", "size_in_gb")
    found = extract_older([newer, older], ["aws_thing"], {"aws_thing": PRESENT})
    assert [source["provider"] for source in found["sources"]] == ["2.0.0", "1.0.0"]
    assert found["types"] == {
        "aws_thing": {
            "attributes": {},
            "blocks": {
                "rule": {
                    "use": "optional",
                    "nesting": "list",
                    "max": 1,
                    "attributes": {"size": "string required", "size_in_gb": "string required"},
                }
            },
        }
    }


def test_a_type_that_was_given_up_is_kept_whole(tmp_path: Path) -> None:
    found = extract_older([_package(tmp_path, "1.0.0", "old", "size")], ["aws_old"], {})
    assert found["types"]["aws_old"]["attributes"] == {"name": "string required"}
    write_older(found, tmp_path / "older" / "aws.json")
    assert "name" in terraform_type("aws_old", tmp_path).arguments.fields
    with pytest.raises(UnknownForeignType):
        terraform_type("aws_other", tmp_path)


def test_packages_without_anything_older_are_refused(tmp_path: Path) -> None:
    package = _package(tmp_path, "1.0.0", "thing", "size")
    with pytest.raises(UnreadablePackage, match="nothing that the present release has not"):
        extract_older([package], ["aws_other"], {})


def test_a_package_of_one_file_a_type_is_read(tmp_path: Path) -> None:
    """Early packages have `lib/thing.js`, and their title says of which releases they are."""
    package = _package(tmp_path, "", "thing", "size", "lib/thing.js")
    found = extract_older([package], ["aws_thing"], {"aws_thing": PRESENT})
    assert found["sources"][0]["provider"] == "~> 3.0"


def _package(
    folder: Path, release: str, type: str, gone: str, file: str = "lib/thing/index.js"
) -> Path:
    about = {"name": "@cdktf/provider-aws", "version": "9.9.9", "license": "MPL-2.0"}
    cdktf = {"cdktf": {"provider": {"name": "aws", "version": release}}} if release else {}
    text = TYPE.format(inner="RuleOutputReference", gone=gone, type=type)
    files = {
        "package/package.json": json.dumps(about | cdktf),
        "package/README.md": "\n# Terraform CDK aws Provider ~> 3.0\n",
        f"package/{file.replace('thing', type)}": text,
    }
    path = folder / f"package{release}.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content.encode())
            archive.addfile(info, io.BytesIO(content.encode()))
    return path
