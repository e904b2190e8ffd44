"""Modules of the registry that many use, understood from their inputs where they are not on disk.

`registry/terraform-aws-modules/NAME.tf` says in Terraform's own language what a module of that
collection makes of its most used inputs: their names and defaults, and the addresses of the
resources, as the module documents them; the code is this project's. Such a module is opened like
any other, so its resources have the addresses that Terraform would give them. What the file does
not say is unknown: an input without a default that is not given, an output that is not there.
`variable "unknown"` is never given and stands for what the module decides in ways of its own;
`local.described` is the version whose names and defaults it has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from dharma.blueprint.readers.terraform.configuration import Configuration, read_configuration
from dharma.blueprint.readers.terraform.files import DiskFiles
from dharma.model.expressions.nodes import Unknown, Value

_FOLDER = Path(__file__).parent / "registry" / "terraform-aws-modules"
_SOURCES = (
    re.compile(
        r"(?:registry\.terraform\.io/)?terraform-aws-modules/(?P<name>[\w-]+)/aws"
        r"(?://modules/(?P<part>[\w-]+))?"
    ),
    re.compile(
        r"(?:git::)?(?:https://|ssh://git@|git@)?github\.com[/:]terraform-aws-modules/"
        r"terraform-aws-(?P<name>[\w-]+?)(?:\.git)?(?://modules/(?P<part>[\w-]+))?(?:\?.*)?"
    ),
)
# The module of several others of the same shape, which differ in what `submodule` says.
SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class KnownModule:
    """`source` as it was written; `part` is the submodule, "" for the module itself."""

    source: str
    part: str
    configuration: Configuration

    def told(self, missing: str, wanted: Value) -> str:
        """What people are told of such a call; `missing` says why the module is not read, `wanted`
        is the version that the call asks for."""
        described = self.configuration.locals["described"].value
        said = f"{missing}: its resources are understood from its inputs alone, as in {described}"
        return f"{said} (asked for: {wanted})" if isinstance(wanted, str) else said

    def value(self, name: str, address: str) -> Value:
        """Of a variable that is not given and has no default."""
        if name == SUBMODULE:
            return self.part
        return Unknown(f"{address} decides by itself: the module is not here")


def known_module(source: Value) -> KnownModule | None:
    """The module of a `source`, if it is one of those."""
    for pattern in _SOURCES if isinstance(source, str) else ():
        found = pattern.fullmatch(str(source))
        if found is not None:
            name, part = found["name"], found["part"] or ""
            configuration = _configuration(f"{name}--{part}" if part else name)
            if configuration is None and part:
                configuration = _configuration(name)
                if configuration is not None and SUBMODULE not in configuration.variables:
                    configuration = None
            if configuration is not None:
                return KnownModule(str(source), part, configuration)
    return None


@lru_cache(maxsize=64)
def _configuration(name: str) -> Configuration | None:
    if not (_FOLDER / f"{name}.tf").is_file():
        return None
    read = read_configuration(DiskFiles(_FOLDER, ".", "registry"), ".", f"{name}.tf")
    # Not the one file of a folder of others, as far as names are concerned: all of them are here.
    return replace(read, folder=f"registry/{name}", single=False)
