"""The reader of Google's discovery documents, on a document in their shape."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from scripts.catalog_check.discovery import collection_of, extract_api, referable
from scripts.catalog_check.extract import UnreadablePackage
from scripts.catalog_check.foreign import UnknownForeignType, deployment_manager_type

THINGS = {
    "insert": {
        "id": "thing.things.insert",
        "parameters": {
            "project": {"type": "string", "required": True},
            "zone": {"type": "string", "required": True},
        },
        "request": {"$ref": "Thing"},
    },
    "get": {"response": {"$ref": "Thing"}},
}
SCHEMAS = {
    "Thing": {
        "properties": {
            "name": {"type": "string", "annotations": {"required": ["thing.things.insert"]}},
            "size": {"type": "string", "format": "int64"},
            "mode": {"type": "string", "enum": ["A", "B"]},
            "state": {"type": "string", "description": "[Output Only] How it is."},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "parts": {"type": "array", "items": {"$ref": "Part"}},
            "options": {"type": "object", "properties": {"on": {"type": "boolean"}}},
        }
    },
    "Part": {"properties": {"again": {"$ref": "Part"}, "ip": {"type": "string"}}},
}
DOCUMENT = {
    "revision": "20260101",
    "resources": {"things": {"methods": THINGS}},
    "schemas": SCHEMAS,
}
TYPES = ("thing.v1.thing", "gcp-types/thing-v1:things")


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    wheel = tmp_path / "client.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        name = "googleapiclient/discovery_cache/documents/thing.v1.json"
        archive.writestr(name, json.dumps(DOCUMENT))
    assert extract_api(wheel, [TYPES], tmp_path / "google-api") == 1
    return tmp_path


def test_a_type_has_the_parameters_and_the_members_of_the_method(schemas: Path) -> None:
    for name in TYPES:
        found = deployment_manager_type(name, schemas)
        fields = found.arguments.fields
        assert {key: shape.kind for key, shape in fields.items()} == {
            "labels": "map",
            "mode": "string",
            "name": "string",
            "options": "object",
            "parts": "list",
            "project": "string",
            "size": "number",
            "state": "string",
            "zone": "string",
        }
        assert fields["mode"].enum == ("A", "B")
        assert fields["state"].read_only
        assert fields["options"].fields["on"].kind == "bool"
        # A recursive schema ends where it begins again.
        part = fields["parts"].item
        assert part is not None
        assert part.fields["again"].kind == "any"
        # The project is the deployment's own, the name that of the resource.
        assert found.arguments.required == {"zone"}


def test_what_the_answer_holds_can_be_referred_to(schemas: Path) -> None:
    described = json.loads((schemas / "google-api" / "thing-v1.things.json").read_text())
    assert {"state", "parts.0.ip", "parts.0.again.ip", "options.on"} <= referable(described)


def test_unknown_types_are_told(schemas: Path) -> None:
    with pytest.raises(UnknownForeignType, match=r"thing\.v2\.thing is not in the extract"):
        deployment_manager_type("thing.v2.thing", schemas)
    with pytest.raises(UnreadablePackage, match="gcp-types/API-v1:resources"):
        collection_of(["thing.v1.thing"])


def test_a_collection_that_the_package_lacks_is_told(tmp_path: Path) -> None:
    wheel = tmp_path / "client.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(
            "googleapiclient/discovery_cache/documents/thing.v1.json", json.dumps(DOCUMENT)
        )
    with pytest.raises(UnreadablePackage, match="no collection others"):
        extract_api(wheel, [("gcp-types/thing-v1:others",)], tmp_path / "out")
    with pytest.raises(UnreadablePackage, match="no document other"):
        extract_api(wheel, [("gcp-types/other-v1:things",)], tmp_path / "out")
