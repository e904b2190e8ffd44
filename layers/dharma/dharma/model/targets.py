"""What code is written in, by the names that people and programs use."""

from __future__ import annotations

from typing import Literal, get_args

Target = Literal[
    "arm",
    "cloudformation",
    "deployment-manager",
    "pulumi-python",
    "pulumi-typescript",
    "terraform",
]
TARGETS: tuple[str, ...] = get_args(Target)
