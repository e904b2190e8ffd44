"""Terraform's pure functions, by name."""

from __future__ import annotations

from dharma.model.expressions.functions import (
    collections,
    encoding,
    formatting,
    network,
    numbers,
    text,
    times,
    yaml_text,
)
from dharma.model.expressions.functions.registry import FUNCTIONS, Function

# Known, and without a value before apply, or with one that only Terraform can tell: a key that is
# not here, the bytes of Go's compressor, marks of values.
IMPURE = frozenset(
    {"base64gzip", "bcrypt", "issensitive", "plantimestamp", "rsadecrypt", "timestamp", "uuid"}
)

# Known to Terraform and left to it: they read files of the configuration.
FILES = frozenset(
    {
        "abspath", "basename", "dirname", "file", "filebase64", "filebase64sha256",
        "filebase64sha512", "fileexists", "filemd5", "fileset", "filesha1", "filesha256",
        "filesha512", "pathexpand", "templatefile", "templatestring",
    }
)  # fmt: skip

# They look at their arguments themselves, before these are known or even valid.
LAZY = frozenset({"can", "coalesce", "coalescelist", "try"})

KNOWN_FUNCTIONS = frozenset(FUNCTIONS) | IMPURE | FILES | LAZY

__all__ = [
    "FILES", "FUNCTIONS", "IMPURE", "KNOWN_FUNCTIONS", "LAZY", "Function", "collections",
    "encoding", "formatting", "network", "numbers", "text", "times", "yaml_text",
]  # fmt: skip
