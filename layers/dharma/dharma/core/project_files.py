"""Where the product's data files are: policies, templates, state machines, the infra template."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dharma.core.errors import Misconfigured

_PACKAGE = Path(__file__).resolve().parent.parent


def find(name: str, environment: Mapping[str, str] | None = None) -> Path:
    """The directory (or file) `name`: under `DHARMA_HOME`, in the installed package, or in the
    checkout that this file belongs to."""
    home = (os.environ if environment is None else environment).get("DHARMA_HOME")
    places = [Path(home)] if home else [_PACKAGE / "bundle", _PACKAGE.parent.parent.parent]
    for place in places:
        if (place / name).exists():
            return place / name
    raise Misconfigured(
        f"DHARMA_HOME: {name} is not in {' nor in '.join(str(place) for place in places)}"
    )
