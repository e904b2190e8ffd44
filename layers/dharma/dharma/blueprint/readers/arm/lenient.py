"""The JSON that Azure's tools take for a template or a file of parameters, as strict JSON."""

from __future__ import annotations

import re

_LENIENT = re.compile(
    r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=(?:\s|//[^\n]*|/\*[^*]*\*/)*[}\]])', re.DOTALL
)


def as_json(text: str) -> str:
    """The text without what Azure's tools allow beyond JSON: comments, commas behind the last
    element, and strings over several lines. Every place stays on its line."""

    def strict(match: re.Match[str]) -> str:
        found = match.group()
        if not found.startswith('"'):
            return re.sub(r"[^\n]", " ", found)
        lines = found.count("\n")
        return found.replace("\r", "").replace("\n", "\\n") + "\n" * lines if lines else found

    return _LENIENT.sub(strict, text)
