"""What a text is, told by its contents, and what it looks like when it is nothing that is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dharma.blueprint.readers import read_file, read_text, sniff
from dharma.core.errors import DharmaError, InvalidTemplate, LimitExceeded, NotFound

BLUEPRINT = "apiVersion: dharma/v1\nkind: Blueprint\nname: a\nversion: 1.0.0\nprovider: aws\n"
PLANNED = b'{"format_version": "1.2", "planned_values": {%s}}'
TEMPLATE = "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n"
PLAN = '{"format_version": "1.2", "planned_values": {"root_module": {}}, "resource_changes": []}'


@pytest.mark.parametrize(
    ("text", "format"),
    [
        (BLUEPRINT, "blueprint"),
        ('{"apiVersion": "dharma/v1", "kind": "Blueprint"}', "blueprint"),
        ("name: x\nprovider: aws\nresources: []\n", "blueprint"),
        (TEMPLATE, "cloudformation"),
        ("---\n# a comment\n\nAWSTemplateFormatVersion: 2010-09-09\n", "cloudformation"),
        ('\ufeff{"Resources": {}}', "cloudformation"),
        ('{\n\t"Resources": {"A": {', "cloudformation"),
        (PLAN, "terraform-plan"),
        ('{"format_version": "1.2", "planned_values": {', "terraform-plan"),
        ('# a bucket\nresource "aws_s3_bucket" "a" {\n}\n', "terraform"),
        ('{"resource": {"aws_s3_bucket": {"a": {}}}}', "terraform"),
        ('{"version": 4, "terraform_version": "1.11.4", "resources": []}', "terraform-state"),
    ],
)
def test_a_format_is_told_by_what_is_in_it(text: str, format: str) -> None:
    assert sniff(text) == format
    assert sniff(text.encode()) == format


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("apiVersion: v1\nkind: Pod\n", "Kubernetes manifest"),
        ('{"$schema": "https://x/2019-04-01/deploymentParameters.json#"}', "of an ARM template"),
        ("param name string\n", "Bicep source"),
        ("resources:\n- name: {{ env['name'] }}\n", "Deployment Manager template"),
        ("", "empty file"),
        ("  \n", "empty file"),
        ("PK\x03\x04....", "zip archive"),
        ("\x7fELF\x00\x01", "binary file"),
        ("just words", "no format"),
        ("- a\n- b\n", "no format"),
    ],
)
def test_anything_else_is_refused_by_what_it_looks_like(text: str, looks: str) -> None:
    with pytest.raises(InvalidTemplate, match=looks):
        read_text(text, "x")


def test_a_file_is_named_in_faults_and_origins(tmp_path: Path) -> None:
    file = tmp_path / "web-queues.yaml"
    file.write_text(TEMPLATE)
    result = read_file(file)
    assert result.source_format == "cloudformation"
    assert result.blueprint.name == "web-queues"
    (resource,) = result.blueprint.resources
    assert (resource.origin.file, resource.origin.line) == (str(file), 2)


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"gone\.yaml"):
        read_file(tmp_path / "gone.yaml")
    with pytest.raises(NotFound):
        read_file(tmp_path)


def test_a_file_of_fifty_megabytes_is_not_even_read(tmp_path: Path) -> None:
    file = tmp_path / "big.yaml"
    with file.open("wb") as sparse:
        sparse.truncate(50 * 1024 * 1024)
    with pytest.raises(LimitExceeded, match="larger than"):
        read_file(file)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "data",
    [
        TEMPLATE.encode("utf-16"),
        TEMPLATE.encode() + b"\xff\xfe",
        (TEMPLATE + "    Properties: {Tags: [{Key: 'a").encode(),
        (TEMPLATE + "    Properties: \x00").encode(),
        (TEMPLATE + BOMB).encode(),
        (TEMPLATE + "X: " + "[" * 200 + "]" * 200).encode(),
        (TEMPLATE + "X: " + "[" * 100_000).encode(),
        b'{"Resources": ' + b"[" * 100_000,
        b'{"format_version": "1.2", "planned_values": ' + b'{"a":' * 100_000,
        b'{"format_version": "1.2", "planned_values": ' + b'{"a":' * 150 + b"1" + b"}" * 151,
        b'{"format_version": "1.2", "planned_values": {}',
        b'{"format_version": "9", "planned_values": {}}',
        b'{"format_version": "1.2", "planned_values": []}',
        b'{"format_version": "1.2", "planned_values": {"a": NaN}}',
        b'{"format_version": "1.2", "planned_values": {"a": ' + b"9" * 5000 + b"}}",
        PLANNED % b'"root_module": {"resources": {}}',
        PLANNED % b'"root_module": {"resources": [7]}',
        PLANNED % b'"root_module": {"resources": [{"address": 5, "mode": "managed"}]}',
        PLANNED % b'"root_module": {"resources": [{"address": "aws_vpc.a"}]}',
        PLANNED % b'"root_module": {"child_modules": [{"resources": []}]}',
        PLANNED % b'}, "resource_changes": "x", "a": {',
        PLANNED % b'}, "resource_changes": [{"change": {}}], "a": {',
        b"Resources: {}\nResources: {}\n",
        b"Resources: 7\n",
        b"Resources:\n  - a\n",
        b"%YAML 3.0\n---\nResources: {}",
        b"\xef\xbb\xbf",
        b"Resources:\n\tA: b\n",
    ],
)
def test_broken_or_hostile_text_is_one_clear_error(data: bytes) -> None:
    with pytest.raises(DharmaError) as caught:
        read_text(data, "input")
    assert caught.value.exit_code == 1
    assert "input" in str(caught.value)
