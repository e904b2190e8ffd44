"""The header of a policy file: OPA's METADATA annotation, of which we read a plain subset.

    # METADATA
    # title: KMS keys are rotated
    # description: Why it matters, on one line
    #   or continued on indented ones.
    # related_resources:
    #   - https://docs.aws.amazon.com/...
    # custom:
    #   id: aws_kms_key_rotation
    #   severity: medium
    #   kinds: [aws_kms_key]
    package dharma.aws_kms_key_rotation

Keys with text, lists in brackets or as dashes, and the nested `custom`. It is YAML that every other
reader of the annotation understands; reading it without a YAML parser keeps a cold check cheap.
"""

from __future__ import annotations

import re

Header = dict[str, str | list[str]]

_BLOCK = re.compile(r"^# METADATA[ \t]*\n((?:#.*\n)+)", re.MULTILINE)
_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z_][\w-]*):(?: +(?P<value>.*))?$")
_VERSION = re.compile(r"^#\s*rego:\s*(v0|v1)\s*$", re.MULTILINE)


def read_header(text: str) -> Header:
    """Keys and values of the first annotation; keys of `custom` stand beside the others. Empty when
    there is no annotation."""
    found = _BLOCK.search(text)
    if not found:
        return {}
    header: Header = {}
    key = ""
    for raw in found.group(1).splitlines():
        line = raw[1:].removeprefix(" ").rstrip()
        matched = _KEY.match(line)
        stripped = line.strip()
        if matched and len(matched["indent"]) <= 2:
            key = matched["key"]
            value = (matched["value"] or "").strip()
            header[key] = _value(value)
        elif stripped.startswith("- ") and key:
            items = header[key]
            header[key] = [*(items if isinstance(items, list) else []), _plain(stripped[2:])]
        elif stripped and key:
            header[key] = f"{header[key]} {stripped}".strip()
    return header


def read_rego_version(text: str) -> str | None:
    """What a line `# rego: v0` says, if there is one."""
    found = _VERSION.search(text)
    return found.group(1) if found else None


def _value(text: str) -> str | list[str]:
    if text.startswith("[") and text.endswith("]"):
        return [_plain(item) for item in text[1:-1].split(",") if item.strip()]
    return "" if text in {">", ">-", "|", "|-"} else _plain(text)


def _plain(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text
