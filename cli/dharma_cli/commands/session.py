"""`init` and `login`: the settings of a project, and who is asking."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dharma.core.errors import Conflict, InvalidInput
from dharma.model.regions import DEFAULT_REGION
from dharma_cli import exits, project
from dharma_cli.options import FormatOption
from dharma_cli.output import Format, Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from dharma_cli.templates import Template

SCHEMA_FILE = ".iac-dharma.schema.json"


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(login)


def init(
    name: Annotated[str | None, typer.Option(help="Name of the project.")] = None,
    provider: Annotated[str | None, typer.Option(help="aws, azure or gcp.")] = None,
    region: Annotated[str | None, typer.Option(help="Region of the deployments.")] = None,
    blueprint: Annotated[str | None, typer.Option(help="File of the blueprint.")] = None,
    template: Annotated[
        str | None,
        typer.Option(help="A ready-made blueprint to start from (see `docs templates`)."),
    ] = None,
    force: Annotated[bool, typer.Option(help="Overwrite what is there.")] = False,
    format: FormatOption = Format.TEXT,
) -> int:
    """Write the settings of a project, `.iac-dharma.json`.

    With --template also the blueprint, and beside it the schema by which an editor with the YAML
    language server completes kinds and properties. What is not stated is asked for. Without a
    terminal nothing is asked: it gets its default.
    """
    from dharma_cli import templates
    from dharma_cli.files import write_all

    output = Output("init", format)
    folder = Path.cwd()
    target = folder / project.FILE
    if target.exists() and not force:
        raise Conflict(f"{target} exists already; --force overwrites it")
    chosen = templates.find(template, provider) if template is not None else None
    wanted = chosen.provider if chosen is not None else "aws"
    default = project.Project(_slug(folder.name), wanted, api=_address())
    ask = _asker(interactive=sys.stdin.isatty() and not output.is_json)
    named = name or ask("Name of the project", "name", default)
    provider = provider or ask("Provider (aws, azure, gcp)", "provider", default)
    usual = DEFAULT_REGION.get(provider, default.region)
    default = replace(default, provider=provider, region=usual)
    settings = project.Project(
        name=named,
        provider=provider,
        region=region or ask("Region", "region", default),
        blueprint=blueprint or ask("File of the blueprint", "blueprint", default),
        api=default.api,
    )
    faults = settings.faults()
    if faults:
        raise InvalidInput(f"These settings have {len(faults)} fault(s)", faults)
    files = {project.FILE: project.dump(settings)}
    if chosen is not None:
        if chosen.provider != settings.provider:
            raise InvalidInput(f"{chosen.name} is no template of {settings.provider}")
        files |= _blueprint_files(chosen, settings.blueprint)
        place = folder / settings.blueprint
        if place.exists() and not force:
            raise Conflict(f"{place} exists already; --force overwrites it")
    write_all(folder, files)
    written = [str(folder / name) for name in sorted(files)]
    if output.is_json:
        output.document({"files": written})
    else:
        for path in written:
            output.console.print(f"wrote {path}", markup=False, soft_wrap=True)
    return exits.FINE


def _blueprint_files(template: Template, blueprint: str) -> dict[str, str]:
    """The blueprint, which names the schema beside it for editors, and that schema."""
    import json

    from dharma.blueprint.schema import json_schema
    from dharma.catalog import load_catalog

    schema = json_schema(load_catalog(), template.provider)  # type: ignore[arg-type]
    head = f"# yaml-language-server: $schema=./{SCHEMA_FILE}\n"
    return {
        blueprint: head + template.text(),
        str(Path(blueprint).parent / SCHEMA_FILE): json.dumps(schema, separators=(",", ":")),
    }


def login(
    role: Annotated[str, typer.Option(help="viewer, editor, approver or admin.")] = "admin",
    hours: Annotated[int, typer.Option(min=1, max=24, help="How long the token holds.")] = 12,
    print_token: Annotated[
        bool, typer.Option("--print", help="Print the token instead of storing it.")
    ] = False,
    format: FormatOption = Format.TEXT,
) -> int:
    """Get a token of the local administrator.

    It is signed with the key under the state folder. Whoever can read that key is the administrator
    of this stack: there is nothing to ask for.
    """
    from dharma_cli import tokens
    from dharma_cli.client import connect
    from dharma_cli.local_identity import issue

    output = Output("login", format)
    token = issue(role, hours)
    if print_token:
        if output.is_json:
            output.document({"role": role, "hours": hours, "token": token})
        else:
            typer.echo(token)
        return exits.FINE
    address = connect().address
    path = tokens.save(address, token)
    if output.is_json:
        output.document({"address": address, "role": role, "hours": hours, "file": str(path)})
    else:
        output.console.print(
            f"Logged in to {address} as {role} for {hours} h; token stored in {path}",
            markup=False,
            soft_wrap=True,
        )
    return exits.FINE


def _asker(interactive: bool) -> Callable[[str, str, project.Project], str]:
    def ask(question: str, field: str, default: project.Project) -> str:
        if not interactive:
            return str(getattr(default, field))
        while True:
            answer = str(typer.prompt(question, default=getattr(default, field)))
            faults = replace(default, **{field: answer}).faults()
            wrong = next((fault for fault in faults if fault.path == field), None)
            if wrong is None:
                return answer
            typer.echo(f"  {wrong.message} ({wrong.hint})", err=True)

    return ask


def _address() -> str:
    """Where the stack of this machine answers, or will: the port may be another than the usual."""
    from dharma_local.stack_settings import HOST, StackSettings

    # Port 0 is any free one, which only a running stack knows.
    port = StackSettings.from_environment().port
    return f"http://{HOST}:{port}" if port else project.Project("any").api


def _slug(text: str) -> str:
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower()).strip("-")
    return kept if kept[:1].isalpha() else f"project-{kept}".rstrip("-")
