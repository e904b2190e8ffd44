"""`check`, `cost` and `plan`: what policies, prices and the present state say. No server."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dharma.core.errors import InvalidInput
from dharma_cli import exits
from dharma_cli.options import (
    Environment,
    File,
    FormatOption,
    Region,
    VariableFiles,
    Variables,
)
from dharma_cli.output import Format, Output

if TYPE_CHECKING:
    from rich.console import Console

    from dharma.model.blueprint import ResolvedBlueprint
    from dharma.orchestrator.plan import Plan
    from dharma_cli.source import Source


View = Callable[["Console", dict[str, Any]], None]


class Mode(StrEnum):
    """Whether findings stop."""

    BLOCKING = "blocking"
    WARNING = "warning"


class Severity(StrEnum):
    """From which severity on a finding counts for the exit code."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def register(app: typer.Typer) -> None:
    app.command()(check)
    app.command()(cost)
    app.command()(plan)


def check(
    file: File,
    policies: Annotated[
        list[Path] | None,
        typer.Option("--policies", help="A folder or file of your own Rego policies."),
    ] = None,
    mode: Annotated[Mode, typer.Option(help="Whether findings give exit code 2.")] = Mode.BLOCKING,
    fail_on: Annotated[
        Severity, typer.Option(help="The least severity that blocks.")
    ] = Severity.LOW,
    fail_on_unknown: Annotated[
        bool, typer.Option("--fail-on-unknown", help="What cannot be decided blocks too.")
    ] = False,
    parameters: Annotated[
        Path | None, typer.Option(help="Parameters of the policies by policy, as YAML or JSON.")
    ] = None,
    exceptions: Annotated[
        Path | None, typer.Option(help="Approved exceptions, as a YAML or JSON list.")
    ] = None,
    var: Variables = None,
    var_file: VariableFiles = None,
    environment: Environment = None,
    region: Region = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Judge a file by the policies. Exit code 2 when something blocks."""
    from datetime import UTC, datetime

    from dharma.catalog import load_catalog
    from dharma.guardrails.check import check as judge
    from dharma.guardrails.engine import PolicyEngine
    from dharma.guardrails.exceptions import read_exceptions
    from dharma.guardrails.library import load_policies
    from dharma.guardrails.verdict import Gate
    from dharma_cli.source import open_source, require_valid
    from dharma_cli.texts import read_list, read_tables
    from dharma_cli.views.verdict import verdict

    output = Output("check", format)
    source = open_source(file, var, var_file, environment, expand=True)
    require_valid(source)
    gate = Gate(mode.value, threshold=fail_on.value, block_unknown=fail_on_unknown)
    stated = read_tables(parameters)
    excepted = read_exceptions(read_list(exceptions), str(exceptions))
    with PolicyEngine(load_policies(policies or ())) as engine:
        body = judge(
            source.analysed(region),
            load_catalog(),
            engine,
            gate,
            parameters=stated,
            exceptions=excepted,
            today=datetime.now(UTC).date(),
        ).to_dict()
    _show(output, source, body, verdict)
    return exits.FINDINGS if body["blocking"] else exits.FINE


def cost(
    file: File,
    usage_file: Annotated[
        Path | None, typer.Option(help="Expected usage by address, as YAML or JSON.")
    ] = None,
    var: Variables = None,
    var_file: VariableFiles = None,
    environment: Environment = None,
    region: Region = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Price a file per month, each figure with its source.

    List prices on demand, from the price book inside: no network.
    """
    from datetime import UTC, datetime

    from dharma.costing.estimate import estimate
    from dharma.costing.price_book import PriceBook
    from dharma_cli.source import open_source, require_valid
    from dharma_cli.texts import read_tables
    from dharma_cli.views.price_table import price_table

    output = Output("cost", format)
    source = open_source(file, var, var_file, environment, expand=True)
    require_valid(source)
    usage = read_tables(usage_file, below="resource_usage")
    today = datetime.now(UTC).date()
    body = estimate(
        source.analysed(region),
        PriceBook.open(),
        usage,
        today=today,
        usage_file=str(usage_file) if usage_file else None,
    ).to_dict()
    _show(output, source, body, price_table)
    return exits.FINE


def _show(output: Output, source: Source, body: dict[str, Any], view: View) -> None:
    """What was found in a source, in the view of people or as it is."""
    from dharma_cli.views.notes import notes, notes_document

    if output.is_json:
        read = {"notes": notes_document(source.read.notes)}
        output.document({**body, **read, "environment": source.environment_document()})
    else:
        view(output.console, body)
        notes(output.notices, source.read.notes)
        source.say_withheld(output)


def plan(
    file: File,
    against: Annotated[
        Path | None,
        typer.Option(help="What is there now, as a file; by default nothing."),
    ] = None,
    var: Variables = None,
    var_file: VariableFiles = None,
    environment: Environment = None,
    region: Region = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit code 2 when there are changes.")
    ] = False,
    format: FormatOption = Format.TEXT,
) -> int:
    """Show what deploying a file would change.

    With -e in an environment as it is now; without it, and with no server, against another file or
    against nothing.
    """
    from dharma.orchestrator.plan_view import render
    from dharma_cli.source import open_source, require_valid
    from dharma_cli.views.plan import coloured_plan

    output = Output("plan", format)
    if environment and (against or region):
        raise InvalidInput("The environment says what is there and where: -e stands alone")
    # A deployment gets the expressions; what is decided here gets the values.
    source = open_source(file, var, var_file, expand=environment is None)
    require_valid(source)
    present = open_source(against, var, var_file, expand=True) if against else None
    if present is not None:
        require_valid(present)
    if environment:
        planned = _plan_there(source, environment)
    else:
        planned = _plan_here(source.resolved(region), present.resolved(region) if present else None)
    if output.is_json:
        output.document(planned.to_dict())
    else:
        coloured_plan(output.console, render(planned))
    return exits.FINDINGS if detailed_exitcode and not planned.empty else exits.FINE


def _plan_there(source: Source, environment: str) -> Plan:
    from dharma.orchestrator.plan import Plan
    from dharma_cli.client import connect
    from dharma_cli.submit import plan_body

    return Plan.from_dict(connect().post("/deployments/plan", plan_body(source, environment)))


def _plan_here(desired: ResolvedBlueprint, present: ResolvedBlueprint | None) -> Plan:
    from dharma.catalog import load_catalog
    from dharma.orchestrator.planning import plan as make_plan

    current = None if present is None else _Present(present)
    return make_plan(desired, current, load_catalog())


class _Present:
    """A file that stands for the present state."""

    version = 0

    def __init__(self, resolved: ResolvedBlueprint) -> None:
        self.resolved = resolved
