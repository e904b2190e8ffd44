"""Routes of the library of blueprints."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dharma.blueprint.source import load_blueprint

TEXT = """\
apiVersion: dharma/v1
kind: Blueprint
name: assets
version: 1.0.0
provider: aws
variables:
  - name: environment
    type: string
    default: dev
    allowed: [dev, prod]
resources:
  - name: assets
    type: aws_s3_bucket
    properties:
      bucket: ${var.environment}-web-assets
outputs:
  - name: arn
    value: ${aws_s3_bucket.assets.arn}
metadata: {tags: [storage]}
"""


def push(api: Any, text: str = TEXT, **changes: Any) -> dict[str, Any]:
    reply = api.call("POST", "/blueprints", {"content": text}, **changes)
    assert reply.status == 201, reply.text
    body: dict[str, Any] = reply.body
    return body


def test_a_blueprint_is_made_read_changed_and_removed(api: Any) -> None:
    made = api.call("POST", "/blueprints", {"content": TEXT})
    assert made.status == 201
    key = made.body["id"]
    assert made.headers["location"] == f"/blueprints/{key}"
    read = api.call("GET", f"/blueprints/{key}")
    assert read.body == made.body
    assert api.call("GET", "/blueprints/assets").body == made.body
    changed = api.call(
        "PUT", f"/blueprints/{key}", {"content": TEXT.replace("1.0.0", "1.1.0")}, subject="bob"
    )
    assert (changed.body["version"], changed.body["revision"]) == ("1.1.0", 2)
    assert changed.body["metadata"]["updatedBy"] == "bob"
    assert api.call("DELETE", f"/blueprints/{key}").status == 204
    assert api.call("GET", f"/blueprints/{key}").status == 404


def test_it_has_the_fields_of_the_blueprint_interface(api: Any) -> None:
    body = push(api)
    assert {"id", "name", "version", "provider", "resources", "variables", "outputs"} <= set(body)
    assert body["metadata"] == {
        "createdBy": "ada",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedBy": "ada",
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "tags": ["storage"],
    }
    assert body["resources"][0]["properties"] == {"bucket": "${var.environment}-web-assets"}
    assert body["_links"]["export"]["href"] == f"/blueprints/{body['id']}/export"


def test_json_is_a_blueprint_too(api: Any) -> None:
    exported = api.call("GET", f"/blueprints/{push(api)['id']}/export?format=json").text
    api.call("DELETE", "/blueprints/assets")
    assert push(api, exported)["name"] == "assets"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("aws_s3_bucket\n", "aws_s3_buckett\n"), "type"),
        (("bucket:", "buckett:"), "properties"),
        (("${var.environment}", "${var.nothing}"), "properties"),
        (("1.0.0", "one"), "version"),
        (("provider: aws", "provider: moon"), "provider"),
    ],
    ids=lambda c: str(c)[:30],
)
def test_a_fault_has_path_and_line_and_nothing_is_stored(
    api: Any, change: tuple[str, str], field: str
) -> None:
    reply = api.call("POST", "/blueprints", {"content": TEXT.replace(*change)})
    assert (reply.status, reply.code) == (422, "InvalidBlueprint")
    assert any(field in detail["field"] for detail in reply.body["details"]), reply.text
    assert all(detail["line"] >= 1 for detail in reply.body["details"])
    assert api.call("GET", "/blueprints").body["items"] == []


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    "content",
    ["", "{", "\0", "apiVersion: dharma/v1", TEXT[:200], BOMB, "[" * 9999, "- a\n- b", "💥: ["],
    ids=lambda text: repr(text[:20]),
)
def test_bad_text_is_a_4xx_and_nothing_is_stored(api: Any, content: str) -> None:
    for path in ("/blueprints", "/blueprints/import"):
        reply = api.call("POST", path, {"content": content})
        assert 400 <= reply.status < 500, reply.text
        assert reply.body["code"]
        assert "Traceback" not in reply.text
    assert api.call("GET", "/blueprints").body["items"] == []


def test_lists_are_filtered_and_paged(api: Any) -> None:
    for name, tag in (("c", "x"), ("a", "x"), ("b", "y")):
        push(
            api,
            TEXT.replace("name: assets\nversion", f"name: {name}\nversion").replace("storage", tag),
        )

    def names(query: str) -> list[str]:
        return [b["name"] for b in api.call("GET", f"/blueprints?{query}").body["items"]]

    assert names("") == ["a", "b", "c"]
    assert names("tag=x") == ["a", "c"]
    assert names("provider=aws&name=b") == ["b"]
    assert names("provider=gcp") == []
    assert names("limit=1&offset=2") == ["c"]
    first = api.call("GET", "/blueprints?limit=2").body
    following = api.call("GET", first["_links"]["next"]["href"]).body
    assert [b["name"] for b in following["items"]] == ["c"]
    before = api.call("GET", following["_links"]["previous"]["href"]).body
    assert [b["name"] for b in before["items"]] == ["a", "b"]
    assert api.call("GET", "/blueprints?provider=moon").status == 400


def test_a_cursor_of_one_tenant_is_of_no_use_to_another(api: Any) -> None:
    for name in ("a", "b"):
        push(api, TEXT.replace("name: assets\nversion", f"name: {name}\nversion"))
    cursor = api.call("GET", "/blueprints?limit=1").body["nextCursor"]
    assert api.call("GET", f"/blueprints?cursor={cursor}", tenant="other").status == 400


def test_a_stale_copy_is_a_conflict(api: Any) -> None:
    seen = api.call("GET", f"/blueprints/{push(api)['id']}").headers["etag"]
    api.call("PUT", "/blueprints/assets", {"content": TEXT})
    headers = {"If-Match": seen}
    stale = api.call("PUT", "/blueprints/assets", {"content": TEXT}, headers=headers)
    assert (stale.status, stale.code) == (409, "VersionConflict")
    assert api.call("DELETE", "/blueprints/assets", headers=headers).status == 409


def test_versions_are_published_once(api: Any) -> None:
    key = push(api)["id"]
    made = api.call("POST", f"/blueprints/{key}/versions", {"version": "1.0.0"})
    assert made.status == 201
    assert made.headers["location"] == f"/blueprints/{key}/versions/1.0.0"
    assert (made.body["publishedBy"], len(made.body["digest"])) == ("ada", 64)
    again = api.call("POST", f"/blueprints/{key}/versions", {})
    assert (again.status, again.code) == (409, "AlreadyPublished")
    api.call("PUT", f"/blueprints/{key}", {"content": TEXT.replace("web-assets", "changed")})
    frozen = api.call("GET", f"/blueprints/{key}/versions/1.0.0").body
    assert frozen["resources"][0]["properties"]["bucket"] == "${var.environment}-web-assets"
    listed = api.call("GET", f"/blueprints/{key}/versions").body["items"]
    assert [v["version"] for v in listed] == ["1.0.0"]
    assert api.call("GET", f"/blueprints/{key}/versions/2.0.0").status == 404
    assert api.call("POST", f"/blueprints/{key}/versions", {"version": "x"}).status == 400


def test_a_viewer_reads_and_validates_but_does_not_write(api: Any) -> None:
    key = push(api)["id"]
    assert api.call("GET", f"/blueprints/{key}", roles="viewer").status == 200
    assert api.call("POST", f"/blueprints/{key}/validate", {}, roles="viewer").status == 200
    for method, path, body in [
        ("POST", "/blueprints", {"content": TEXT}),
        ("POST", "/blueprints/import", {"content": TEXT}),
        ("PUT", f"/blueprints/{key}", {"content": TEXT}),
        ("POST", f"/blueprints/{key}/versions", {}),
        ("DELETE", f"/blueprints/{key}", None),
    ]:
        assert api.call(method, path, body, roles="viewer").status == 403


def test_validating_says_what_is_wrong_with_values(api: Any) -> None:
    key = push(api)["id"]
    fine = api.call("POST", f"/blueprints/{key}/validate", {"variables": {"environment": "prod"}})
    assert fine.body == {"valid": True, "faults": []}
    wrong = api.call("POST", f"/blueprints/{key}/validate", {"variables": {"environment": "moon"}})
    assert wrong.status == 200
    assert wrong.body["valid"] is False
    assert "environment" in wrong.body["faults"][0]["field"]


def test_an_export_is_the_text_itself(api: Any) -> None:
    key = push(api)["id"]
    yaml = api.call("GET", f"/blueprints/{key}/export")
    assert yaml.headers["content-type"] == "application/yaml"
    assert load_blueprint(yaml.text) == load_blueprint(TEXT)
    as_json = api.call("GET", f"/blueprints/{key}/export?format=json")
    assert as_json.headers["content-type"] == "application/json"
    assert load_blueprint(as_json.text) == load_blueprint(TEXT)
    assert api.call("GET", f"/blueprints/{key}/export?format=xml").status == 400
    assert api.call("GET", f"/blueprints/{key}/export?version=1.0.0").status == 404


def test_a_template_of_another_format_is_imported_with_its_report(api: Any) -> None:
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "Assets": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "b-1"}},
            "Odd": {"Type": "AWS::Nobody::Knows", "Properties": {}},
        },
    }
    reply = api.call(
        "POST", "/blueprints/import", {"content": json.dumps(template), "filename": "web.json"}
    )
    assert reply.status == 201, reply.text
    assert reply.body["blueprint"]["resources"][0]["type"] == "aws_s3_bucket"
    assert any("Odd" in str(note) for note in reply.body["notes"])


def test_an_unknown_field_is_named(api: Any) -> None:
    reply = api.call("POST", "/blueprints/import", {"content": TEXT, "fileName": "x"})
    assert (reply.status, reply.body["details"][0]["field"]) == (400, "fileName")


def test_tenants_do_not_see_one_another(api: Any) -> None:
    key = push(api)["id"]
    for method, path, body in [
        ("GET", f"/blueprints/{key}", None),
        ("PUT", f"/blueprints/{key}", {"content": TEXT}),
        ("DELETE", f"/blueprints/{key}", None),
        ("GET", f"/blueprints/{key}/versions", None),
        ("POST", f"/blueprints/{key}/versions", {}),
        ("POST", f"/blueprints/{key}/validate", {}),
        ("GET", f"/blueprints/{key}/export", None),
    ]:
        reply = api.call(method, path, body, tenant="other")
        assert (reply.status, reply.code) == (404, "NotFound"), path


def test_editors_get_a_schema(api: Any) -> None:
    schema = api.call("GET", "/blueprints/schema?provider=aws").body
    assert "aws_s3_bucket" in json.dumps(schema)
    assert schema["$schema"].startswith("https://json-schema.org/")
