"""A policy as its header says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dharma.guardrails.library import EVERY_KIND, Policy


def policy_document(policy: Policy) -> dict[str, Any]:
    """The header and where the rule lies; the text itself with `--format json`, too."""
    return {
        "id": policy.id,
        "title": policy.title,
        "severity": policy.severity,
        "category": policy.category,
        "description": policy.description,
        "kinds": list(policy.kinds),
        "needs": list(policy.needs),
        "remediation": policy.remediation,
        "source": policy.source,
        "file": policy.path,
        "text": policy.text,
    }


def policy_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The same for people, without the rule itself."""
    yield f"{document['id']}: {document['title']}"
    yield f"{document['severity']}, {document['category']}"
    if document["description"]:
        yield from ("", document["description"])
    if document["remediation"]:
        yield from ("", f"To mend it: {document['remediation']}")
    kinds = ["every kind" if kind == EVERY_KIND else kind for kind in document["kinds"]]
    yield from ("", f"Judges: {', '.join(kinds) or 'the blueprint as a whole'}")
    if document["needs"]:
        yield f"Needs: {', '.join(document['needs'])}"
    if document["source"]:
        yield f"Source: {document['source']}"
    yield f"Rule: policies/{document['file']}"
