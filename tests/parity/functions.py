"""Python functions on the emulator, run by AWS's own runtime client.

The emulator's runtime for Python gives every exception the type `Runtime.HandlerError` and kills
the process after it, so no `Catch` or `Retry` of a state machine would find its error by name. It
has a second way to run functions: Lambda's Runtime API, for custom runtimes (`provided.al2023`).
There `awslambdaric` speaks, the program that AWS itself runs Python functions with.
"""

from __future__ import annotations

import io
import os
import shlex
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .emulator import ACCOUNT, PYTHON, Emulator

RUNTIME = "provided.al2023"


def bootstrap(path: Sequence[Path] = ()) -> str:
    """The program of a custom runtime; `path`: folders with the packages of the function's layers,
    which the emulator does not lay out for custom runtimes."""
    folders = shlex.quote(os.pathsep.join(str(folder) for folder in path))
    return (
        "#!/bin/sh\n"
        f"export PYTHONPATH={folders} PYTHONDONTWRITEBYTECODE=1\n"
        f'exec {shlex.quote(str(PYTHON))} -m awslambdaric "$_HANDLER"\n'
    )


def create(
    emulator: Emulator, name: str, source: Path, handler: str, *, timeout: int, **variables: str
) -> str:
    """A function of one file; its ARN."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(source, source.name)
        program = zipfile.ZipInfo("bootstrap")
        program.external_attr = 0o100755 << 16
        archive.writestr(program, bootstrap())
    made: dict[str, Any] = emulator.client("lambda").create_function(
        FunctionName=name,
        Runtime=RUNTIME,
        Role=f"arn:aws:iam::{ACCOUNT}:role/stand-in",
        Handler=handler,
        Timeout=timeout,
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": variables},
    )
    return str(made["FunctionArn"])
