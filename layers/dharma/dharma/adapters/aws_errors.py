"""What AWS says when it refuses, whoever asks."""

from __future__ import annotations

from botocore.exceptions import ClientError


def code_of(error: ClientError) -> str:
    """AWS's own word for what is wrong (`AccessDenied`), empty where it gave none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", "")) or str(error)
