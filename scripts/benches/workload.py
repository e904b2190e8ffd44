"""Blueprints of any size: queues, buckets and keys, or a ready-made blueprint over and over."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

_ADDRESS = re.compile(r"(?<!data\.)\b((?:aws|azurerm|google)_[a-z0-9_]+\.[A-Za-z_][A-Za-z0-9_-]*)")


def blueprint_text(resources: int) -> str:
    """A blueprint of about `resources` resources, as YAML text."""
    lines = [
        "apiVersion: dharma/v1",
        "kind: Blueprint",
        "name: workload",
        "version: 1.0.0",
        "provider: aws",
        "variables:",
        "  - {name: environment, type: string, default: dev}",
        "resources:",
    ]
    for number in range(max(1, resources // 3)):
        lines += [
            f"  - name: key{number}",
            "    type: aws_kms_key",
            f"    properties: {{enable_key_rotation: true, tags: {{n: '{number}'}}}}",
            f"  - name: queue{number}",
            "    type: aws_sqs_queue",
            "    properties:",
            f"      name: ${{var.environment}}-queue-{number}",
            f"      kms_master_key_id: ${{aws_kms_key.key{number}.arn}}",
            f"  - name: bucket{number}",
            "    type: aws_s3_bucket",
            "    properties:",
            "      versioning: {enabled: true}",
            "      server_side_encryption:",
            "        algorithm: aws:kms",
            f"        kms_key: ${{aws_kms_key.key{number}.arn}}",
            "      public_access_block: {block_public_acls: true, block_public_policy: true}",
        ]
    return "\n".join(lines) + "\n"


def many_of(template: Path, resources: int) -> str:
    """A blueprint of about `resources` resources, as YAML text: those of a ready-made one over and
    over, each copy under names of its own, referring to its own resources."""
    whole = yaml.safe_load(template.read_text(encoding="utf-8"))
    once = whole["resources"]
    copies = max(1, round(resources / len(once)))
    whole["resources"] = [
        _renamed(resource, number) for number in range(copies) for resource in once
    ]
    whole.pop("outputs", None)
    return yaml.dump(whole, Dumper=yaml.CSafeDumper, sort_keys=False)


def _renamed(said: Any, number: int) -> Any:
    if isinstance(said, dict):
        return {
            key: f"{value}_{number}"
            if key == "name" and "type" in said
            else _renamed(value, number)
            for key, value in said.items()
        }
    if isinstance(said, list):
        return [_renamed(value, number) for value in said]
    return _ADDRESS.sub(rf"\1_{number}", said) if isinstance(said, str) else said
