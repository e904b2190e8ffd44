"""Exit codes, the same for every command."""

from __future__ import annotations

FINE = 0
ERROR = 1
# The command worked and what it judged was found wanting.
FINDINGS = 2
