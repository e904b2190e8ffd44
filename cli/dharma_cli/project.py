"""`.iac-dharma.json`: the settings of one project, found in the folder or above it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dharma.core.errors import Fault, InvalidInput
from dharma.model.regions import DEFAULT_REGION, is_region

FILE = ".iac-dharma.json"
PROVIDERS = ("aws", "azure", "gcp")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Project:
    """What `init` asks for. `api` is the address of the gateway."""

    name: str
    provider: str = "aws"
    region: str = "us-east-1"
    blueprint: str = "blueprint.yaml"
    api: str = "http://127.0.0.1:3000"

    def faults(self) -> list[Fault]:
        """Everything that is wrong with these settings."""
        found = []
        if not _NAME.fullmatch(self.name):
            found.append(
                Fault(f"{self.name!r} is no project name", "name", hint="lower case, like web-shop")
            )
        if self.provider not in PROVIDERS:
            hint = f"one of {', '.join(PROVIDERS)}"
            found.append(Fault(f"unknown provider {self.provider!r}", "provider", hint=hint))
        if not is_region(self.provider, self.region):
            hint = f"for example {DEFAULT_REGION.get(self.provider, 'us-east-1')}"
            found.append(
                Fault(f"{self.region!r} is no region of {self.provider}", "region", hint=hint)
            )
        if not self.api.startswith(("http://", "https://")):
            found.append(
                Fault(
                    f"{self.api!r} is no address", "api", hint="for example http://127.0.0.1:3000"
                )
            )
        return found


def find(start: Path | None = None) -> Path | None:
    """The project file of a folder or of the nearest folder above it."""
    start = (start or Path.cwd()).resolve()
    return next((f / FILE for f in (start, *start.parents) if (f / FILE).is_file()), None)


def load(path: Path) -> Project:
    """Read and validate. InvalidInput names the file and every fault."""
    try:
        stated: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInput(f"{path} is no JSON: {error}") from error
    except RecursionError as error:
        raise InvalidInput(f"{path} is nested too deeply") from error
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    if not isinstance(stated, dict):
        raise InvalidInput(f"{path} must hold a JSON object")
    known = set(Project.__dataclass_fields__)
    faults = [
        Fault("unknown setting", key, str(path), hint=f"known are {', '.join(sorted(known))}")
        for key in stated.keys() - known
    ]
    faults += [
        Fault("must be a text", key, str(path))
        for key in stated.keys() & known
        if not isinstance(stated[key], str)
    ]
    if "name" not in stated:
        faults.append(Fault("is missing", "name", str(path)))
    if not faults:
        project = Project(**stated)
        faults = [Fault(f.message, f.path, str(path), hint=f.hint) for f in project.faults()]
        if not faults:
            return project
    raise InvalidInput(f"{path} has {len(faults)} fault(s)", faults)


def current() -> Project | None:
    """The project that the working folder belongs to."""
    path = find()
    return load(path) if path else None


def dump(project: Project) -> str:
    """The text of the project file."""
    return json.dumps(asdict(project), indent=2) + "\n"
