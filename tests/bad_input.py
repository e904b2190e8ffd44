"""What people hand over by mistake or on purpose, as one table: text, or a path that is no file.

The same table goes through every command that reads a file and every route that takes a body.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEAD = "apiVersion: dharma/v1\nkind: Blueprint\nname: jobs\nversion: 1.0.0\nprovider: aws\n"
GOOD = HEAD + "resources:\n- {name: jobs, type: aws_sqs_queue, properties: {name: jobs}}\n"


@dataclass(frozen=True, slots=True)
class Bad:
    """`says` must stand in the answer; `line` is that of the fault where it has one."""

    text: str | bytes
    says: str
    line: int | None = None


def _blueprint(body: str, says: str, line: int) -> Bad:
    return Bad(HEAD + body, says, line)


def _queue(properties: str, more: str = "") -> str:
    return f"resources:\n- {{name: a, type: aws_sqs_queue, properties: {properties}{more}}}\n"


def _template(resources: Any, **more: Any) -> str:
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources, **more})


def _plan(**parts: Any) -> str:
    return json.dumps({"format_version": "1.2", "planned_values": {}, **parts})


def _bomb() -> str:
    anchors = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for number in range(1, 9):
        below = ", ".join([f"*a{number - 1}"] * 10)
        anchors += f"a{number}: &a{number} [{below}]\n"
    return HEAD + anchors


TEXTS: dict[str, Bad] = {
    "unknown kind": _blueprint(
        "resources:\n- {name: a, type: aws_s3_buckt}\n", "did you mean aws_s3_bucket?", 7
    ),
    "kind of no provider": _blueprint(
        "resources:\n- {name: a, type: bucket}\n", "unknown type bucket", 7
    ),
    "unknown property": _blueprint(_queue("{nam: x}"), "did you mean name?", 7),
    "wrong type": _blueprint(_queue("{delay_seconds: soon}"), "delay_seconds", 7),
    "missing required": _blueprint(
        "resources:\n- {name: a, type: aws_subnet, properties: {}}\n", "vpc_id", 7
    ),
    "dangling reference": _blueprint(
        _queue('{kms_master_key_id: "${aws_kms_key.nobody.arn}"}'), "aws_kms_key.nobody", 7
    ),
    "variable that is not declared": _blueprint(_queue('{name: "${var.nobody}"}'), "nobody", 7),
    "cycle": _blueprint(
        "resources:\n"
        '- {name: a, type: aws_sqs_queue, properties: {name: "${aws_sqs_queue.b.arn}"}}\n'
        '- {name: b, type: aws_sqs_queue, properties: {name: "${aws_sqs_queue.a.arn}"}}\n',
        "need each other: aws_sqs_queue.a -> aws_sqs_queue.b -> aws_sqs_queue.a",
        7,
    ),
    "duplicate resource": _blueprint(
        "resources:\n- {name: a, type: aws_sqs_queue}\n- {name: a, type: aws_sqs_queue}\n", "a", 8
    ),
    "duplicate variable": _blueprint(
        "variables:\n- {name: v}\n- {name: v}\nresources: []\n", "v", 8
    ),
    "default that does not fit": _blueprint(
        "variables:\n- {name: v, type: number, default: many}\nresources: []\n", "number", 7
    ),
    "expression without a value": _blueprint(
        _queue("{delay_seconds: '${1 + \"a\"}'}"), "delay_seconds", 7
    ),
    "count without an end": _blueprint(_queue("{}", ", count: 1000000000"), "10000", 7),
    "pattern that explodes elsewhere": _blueprint(
        "variables:\n- {name: v, default: " + "a" * 500 + "!, pattern: '^(a+)+$'}\nresources: []\n",
        "does not match ^(a+)+$",
        7,
    ),
    "broken expression": Bad(HEAD + _queue('{name: "${var.}"}'), "variable", 7),
    "expression without its end": Bad(HEAD + _queue('{name: "${var.x"}'), "name", 7),
    "expression nested deeply": Bad(
        HEAD + _queue('{name: "${' + "(" * 5000 + "1" + ")" * 5000 + '}"}'), "name", 7
    ),
    "duplicate key": Bad(HEAD + "name: again\nresources: []\n", "'name' is given twice", 6),
    "unknown key": Bad(HEAD + "resource: []\n", "did you mean resources?", 6),
    "another version of the format": Bad(GOOD.replace("dharma/v1", "dharma/v9"), "dharma/v9", 1),
    "another kind of document": Bad(GOOD.replace("Blueprint", "Deployment"), "", None),
    "no name": Bad(GOOD.replace("name: jobs\n", "", 1), "name"),
    "name that climbs": Bad(GOOD.replace("name: jobs", "name: ../../etc", 1), "../../etc", 3),
    "version that is none": Bad(GOOD.replace("1.0.0", "latest"), "version", 4),
    "key that is no text": Bad(HEAD + "resources:\n- {1: a}\n", "1", 7),
    "resources that are no list": Bad(HEAD + "resources: {a: b}\n", "list", 6),
    "list": Bad("- a\n- b\n", ""),
    "word": Bad("hello\n", ""),
    "empty": Bad("", "empty", 1),
    "white": Bad(" \n\n \n", "empty", 1),
    "comment": Bad("# nothing\n", ""),
    "bomb": Bad(_bomb(), "aliases"),
    "alias to itself": Bad(HEAD + "resources: &a [*a]\n", "alias", 6),
    "code in a tag": Bad(HEAD + "resources: !!python/object/apply:os.system [x]\n", "tag", 6),
    "two documents": Bad(GOOD + "---\n" + GOOD, "second document", 8),
    "tab": Bad(HEAD + "resources:\n\t- x\n", "tab", 7),
    "NUL bytes": Bad(HEAD + "description: a\0b\nresources: []\n", "U+0000", 6),
    "nothing but NUL bytes": Bad(b"\0" * 4096, ""),
    "control characters": Bad(HEAD + "description: a\x07b\nresources: []\n", "U+0007", 6),
    "latin-1": Bad((HEAD + "description: caf\xe9\nresources: []\n").encode("latin-1"), "0xe9", 6),
    "UTF-16": Bad(GOOD.encode("utf-16"), "UTF-16", 1),
    "UTF-32": Bad(GOOD.encode("utf-32"), ""),
    "half a file": Bad(HEAD + 'resources:\n- {name: a, type: "aws_sq', "", None),
    "half of JSON": Bad('{"apiVersion": "dharma/v1", "kind": "Blue', "ends too early", 1),
    "number that JSON has not": Bad('{"apiVersion": "dharma/v1", "version": NaN}', "NaN", 1),
    "lone surrogate": Bad('{"apiVersion": "dharma/v1", "name": "\\ud800"}', ""),
    "deep lists": Bad(HEAD + "resources: " + "[" * 20_000, "deep", 6),
    "deep mappings": Bad(
        HEAD + "".join(f"{' ' * n}a:\n" for n in range(500)), "deep"
    ),
    "deep JSON": Bad('{"apiVersion": ' + "[" * 100_000, "deep"),
    "huge number": Bad(HEAD + _queue("{delay_seconds: " + "9" * 5000 + "}"), "digits", 7),
    "huge exponent": Bad(HEAD + _queue("{delay_seconds: 1e999999}"), "", 7),
    "infinity": Bad(HEAD + _queue("{delay_seconds: .inf}"), ".inf", 7),
    "very long name": Bad(GOOD.replace("name: jobs", "name: " + "a" * 100_000, 1), "name", 3),
    "broken Terraform code": Bad('resource "aws_sqs_queue" "a" {\n  name =\n}\n', "a value", 3),
    "Terraform state": Bad('{"version": 4, "terraform_version": "1.11.0"}', "state", 1),
    "ARM template": Bad(
        '{"$schema": "https://schema.management.azure.com/2019/deploymentTemplate.json#"}',
        "no resources",
        1,
    ),
    "archive": Bad(b"PK\x03\x04" + bytes(range(256)), ""),
    "picture": Bad(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ""),
    "template without resources": Bad(_template(None), "Resources"),
    "template with a list": Bad(_template([1, 2]), "Resources"),
    "template of resources without a type": Bad(_template({"A": {"Properties": {}}}), "Type"),
    "template that is half": Bad('{"Resources": {"A": {"Type": "AWS::S3::Bu', "ends too early", 1),
    "template with a bomb": Bad(
        "Resources:\n  A: {Type: AWS::SQS::Queue}\n" + _bomb().removeprefix(HEAD), "aliases"
    ),
    "template that is deep": Bad('{"Resources": ' + '{"a":' * 5000, ""),
    "plan without a body": Bad(_plan(planned_values=[1]), "planned_values"),
    "plan of a wrong shape": Bad(_plan(planned_values={"root_module": {"resources": 3}}), ""),
    "plan that is half": Bad('{"format_version": "1.2", "planned_values": {"root', "", 1),
    "plan that is deep": Bad('{"format_version":"1.2","planned_values":' + '{"a":' * 5000, ""),
}  # fmt: skip

# What cannot be a body of a request, or is one that JSON cannot hold, is for files alone.
LARGE = 50 * 1024 * 1024


def _large(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(HEAD.encode() + b"description: ")
        for _ in range(LARGE // (1 << 20)):
            stream.write(b"x" * (1 << 20))


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(LARGE)


def _socket(path: Path) -> None:
    # Its path may be no longer than 108 bytes.
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


PATHS: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "directory": lambda path: path.mkdir(),
    "below a file": lambda path: path.parent.joinpath("file").write_text(""),
    "50 MB": _large,
    "50 MB of holes": _sparse,
    "endless device": lambda path: path.symlink_to("/dev/zero"),
    "empty device": lambda path: path.symlink_to("/dev/null"),
    "link to nowhere": lambda path: path.symlink_to("nowhere"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "pipe without a writer": os.mkfifo,
    "socket": _socket,
}
"""Make something at the path that is no file that can be read."""


def place(folder: Path, name: str) -> Path:
    """Put an entry of either table into a folder."""
    if name == "below a file":
        PATHS[name](folder / "x")
        return folder / "file" / "bad.yaml"
    path = folder / "bad.yaml"
    if name in TEXTS:
        text = TEXTS[name].text
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    else:
        PATHS[name](path)
    return path
