"""JSON Schema of `Verdict.to_dict()`: what the command line prints and the API answers."""

from __future__ import annotations

from typing import Any

from dharma.guardrails.verdict import CATEGORIES, SCHEMA_VERSION, SEVERITIES


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """All of these are there; readers ignore what else a later version adds."""
    return {"type": "object", "properties": properties, "required": list(properties)}


_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_COUNT = {"type": "integer", "minimum": 0}
_SEVERITY = {"enum": list(SEVERITIES)}
_POLICY = {
    "policy": _TEXT,
    "title": _TEXT,
    "severity": _SEVERITY,
    "category": {"enum": list(CATEGORIES)},
}

FINDING = _object(
    {
        **_POLICY,
        "status": {"enum": ["fail", "unknown", "error"]},
        "message": _TEXT,
        "address": _TEXT_OR_NULL,
        "path": _TEXT_OR_NULL,
        "remediation": _TEXT_OR_NULL,
        "source": _TEXT_OR_NULL,
        "file": _TEXT_OR_NULL,
        "line": {"type": ["integer", "null"], "minimum": 1},
        "advisory": {"type": "boolean"},
        "exemption": {
            "anyOf": [
                {"type": "null"},
                _object(
                    {
                        "id": _TEXT,
                        "reason": _TEXT,
                        "approvedBy": _TEXT,
                        "expires": {"type": ["string", "null"], "format": "date"},
                    }
                ),
            ]
        },
        "blocking": {"type": "boolean"},
    }
)

VERDICT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": f"Verdict of guardrails, version {SCHEMA_VERSION}",
    **_object(
        {
            "schemaVersion": {"const": SCHEMA_VERSION},
            "outcome": {"enum": ["pass", "fail", "unknown", "error"]},
            "blocking": {"type": "boolean"},
            "mode": {"enum": ["blocking", "warning"]},
            "threshold": _SEVERITY,
            "summary": _object(
                dict.fromkeys(
                    (
                        "resources",
                        "policies",
                        "applicable",
                        "passed",
                        "failures",
                        "unknowns",
                        "errors",
                        "exempted",
                    ),
                    _COUNT,
                )
            ),
            "findings": {"type": "array", "items": FINDING},
            "policies": {
                "type": "array",
                "items": _object(
                    {
                        **_POLICY,
                        "outcome": {"enum": ["pass", "fail", "unknown", "error", "not_applicable"]},
                        **dict.fromkeys(("passed", "failed", "unknown", "exempted"), _COUNT),
                    }
                ),
            },
        }
    ),
}
