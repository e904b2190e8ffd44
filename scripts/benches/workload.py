"""Blueprints of any size: independent queues, buckets and keys that refer to each other."""

from __future__ import annotations


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
