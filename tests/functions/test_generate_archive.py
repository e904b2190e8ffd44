"""`POST /iac/generate` that answers with one file."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from typing import Any

import pytest

from dharma.generator.archive import ArchiveFormat

TEXT = """\
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.2.0
provider: aws
resources:
  - name: jobs
    type: aws_sqs_queue
    properties: {name: jobs}
    lifecycle: {ignore_changes: [tags]}
"""


def unpacked(data: bytes, format: ArchiveFormat) -> dict[str, str]:
    if format == "zip":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return {name: packed.read(name).decode() for name in packed.namelist()}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as packed_tar:
        files = {m.name: packed_tar.extractfile(m) for m in packed_tar.getmembers()}
        return {name: file.read().decode() for name, file in files.items() if file}


@pytest.mark.parametrize(
    ("format", "media"), [("zip", "application/zip"), ("tar.gz", "application/gzip")]
)
@pytest.mark.parametrize("target", ["terraform", "cloudformation"])
def test_the_archive_holds_what_the_json_answer_says(
    api: Any, format: ArchiveFormat, media: str, target: str
) -> None:
    body = {"content": TEXT, "format": target}
    said = api.call("POST", "/iac/generate", body).body
    reply = api.call("POST", "/iac/generate", {**body, "archive": format})
    assert (reply.status, reply.headers["content-type"]) == (200, media)
    name = f'attachment; filename="jobs-1.2.0-{target}.{format}"'
    assert reply.headers["content-disposition"] == name
    files = unpacked(reply.data, format)
    manifest = json.loads(files.pop("manifest.json"))
    assert files == said["files"]
    assert manifest["target"] == target
    assert [w["message"] for w in manifest["warnings"]] == [w["message"] for w in said["warnings"]]
    assert reply.data == api.call("POST", "/iac/generate", {**body, "archive": format}).data


def test_other_formats_are_refused_by_name(api: Any) -> None:
    reply = api.call("POST", "/iac/generate", {"content": TEXT, "archive": "rar"})
    assert (reply.status, reply.body["details"][0]["field"]) == (400, "archive")


def test_a_fault_is_a_problem_and_no_archive(api: Any) -> None:
    bad = TEXT.replace("aws_sqs_queue", "aws_sqs_queu")
    reply = api.call("POST", "/iac/generate", {"content": bad, "archive": "zip"})
    assert (reply.status, reply.code) == (422, "InvalidBlueprint")


def test_the_scope_of_an_arm_template_may_be_chosen(api: Any) -> None:
    text = """\
apiVersion: dharma/v1
kind: Blueprint
name: disks
version: 1.0.0
provider: azure
resources:
  - {name: main, type: azurerm_resource_group, properties: {name: main, location: westeurope}}
  - name: app
    type: azurerm_user_assigned_identity
    properties:
      name: app
      resource_group_name: ${azurerm_resource_group.main.name}
      location: westeurope
"""
    body = {"content": text, "format": "arm"}
    for scope, is_subscription in ((None, False), ("group", False), ("subscription", True)):
        reply = api.call("POST", "/iac/generate", {**body, "scope": scope})
        written = reply.body["files"]["azuredeploy.json"]
        assert ("subscriptionDeploymentTemplate" in written) == is_subscription
        assert [check["outcome"] for check in reply.body["checks"]] == ["passed"]
    assert api.call("POST", "/iac/generate", {**body, "scope": "tenant"}).status == 400
