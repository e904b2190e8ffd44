"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dharma_cli.output import Format

File = Annotated[
    Path,
    typer.Argument(
        help="A blueprint, a CloudFormation template, Terraform code (a folder or a file), or a"
        " Terraform plan or state as JSON.",
        show_default=False,
    ),
]
FormatOption = Annotated[
    Format, typer.Option("--format", help="text for people, json for programs.")
]
Variables = Annotated[
    list[str] | None,
    typer.Option("--var", help="A variable's value, as NAME=VALUE. May be repeated."),
]
VariableFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--var-file",
        help="Values from a YAML, JSON or .tfvars file, or from the parameter file of an ARM"
        " template. May be repeated.",
    ),
]
Environment = Annotated[
    str | None,
    typer.Option(
        "--environment", "-e", help="An environment of the running stack whose values hold."
    ),
]
Region = Annotated[str | None, typer.Option("--region", help="Region whose prices and names hold.")]
