"""`docs`: the product explains itself. No server, no pager."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dharma.core.errors import InvalidInput, NotFound
from dharma_cli import exits
from dharma_cli.options import FormatOption
from dharma_cli.output import Format, Output

if TYPE_CHECKING:
    from dharma.guardrails.library import PolicyLibrary

Answer = tuple[dict[str, Any], Iterable[str]]


def register(app: typer.Typer) -> None:
    app.command()(docs)


def docs(
    context: typer.Context,
    topic: Annotated[
        str | None, typer.Argument(help="What to read about; without it topics are listed.")
    ] = None,
    name: Annotated[
        str | None, typer.Argument(help="Which one: `docs kind aws_s3_bucket`.")
    ] = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Read about blueprints, kinds, policies and commands."""
    output = Output("docs", format)
    document, lines = _answer(context, topic, name)
    if output.is_json:
        output.document(document)
    else:
        for line in lines:
            typer.echo(line)
    return exits.FINE


def _answer(context: typer.Context, topic: str | None, name: str | None) -> Answer:
    from dharma_cli.reference.texts import TEXTS

    if topic is None:
        return _topics()
    named = {"kind": _kind, "policy": _policy, "template": _template}
    whole: dict[str, Callable[[], Answer]] = {
        **{text: lambda text=text: _text(text) for text in TEXTS},  # type: ignore[misc]  # mypy infers no lambda with a default
        "catalog": _catalog,
        "policies": _policies,
        "templates": _templates,
        "commands": lambda: _commands(context),
    }
    if topic in named:
        if name is None:
            raise InvalidInput(f"which {topic}? {_listed_by(topic)} lists them")
        return named[topic](name)
    if topic not in whole:
        raise _unknown("topic", topic, [*whole, *named], "iac-dharma docs")
    if name is not None:
        raise InvalidInput(f"the topic {topic} is read as a whole")
    return whole[topic]()


def _topics() -> Answer:
    from dharma_cli.reference.columns import columns
    from dharma_cli.reference.texts import TEXTS, title

    topics = {
        "blueprint": title("blueprint"),
        "catalog": "Kinds of resources",
        "kind NAME": "One kind: properties, formats, price, policies",
        "policies": "Built-in policies",
        "policy ID": "One policy: what it asks for, and why",
        "templates": "Ready-made blueprints, by cloud",
        "template TEMPLATE": "One ready-made blueprint, whole",
        "commands": "Commands of this program",
        **{topic: title(topic) for topic in TEXTS if topic != "blueprint"},
    }
    document = {"topics": [{"name": name, "title": title} for name, title in topics.items()]}
    return document, columns(topics.items())


def _text(topic: str) -> Answer:
    from dharma_cli.reference.texts import text

    found = text(topic)
    return {"topic": topic, "text": found}, found.splitlines()


def _catalog() -> Answer:
    from dharma.catalog import load_catalog
    from dharma_cli.reference.columns import columns

    kinds = sorted(load_catalog().kinds(), key=lambda kind: (kind.category, kind.name))
    facts = [
        {"name": k.name, "title": k.title, "provider": k.provider, "category": k.category}
        for k in kinds
    ]
    rows = ((k.category, k.name, k.title) for k in kinds)
    return {"kinds": facts}, columns(rows)


def _kind(name: str) -> Answer:
    from dharma.catalog import load_catalog
    from dharma_cli.reference.kinds import kind_document, kind_lines

    catalog = load_catalog()
    kind = catalog.kind(name)
    if kind is None:
        raise _unknown("kind", name, catalog.names(), _listed_by("kind"))
    document = kind_document(kind, _library())
    return {"kind": document}, kind_lines(document)


def _policies() -> Answer:
    from dharma_cli.reference.columns import columns

    policies = _library().policies
    rows = [(p.severity, p.id, p.title) for p in policies]
    facts = [{"id": p.id, "severity": p.severity, "title": p.title} for p in policies]
    return {"policies": facts}, columns(rows)


def _policy(name: str) -> Answer:
    from dharma_cli.reference.policies import policy_document, policy_lines

    library = _library()
    policy = library.get(name)
    if policy is None:
        raise _unknown("policy", name, [p.id for p in library.policies], _listed_by("policy"))
    document = policy_document(policy)
    return {"policy": document}, policy_lines(document)


def _templates() -> Answer:
    from dharma_cli import templates
    from dharma_cli.reference.columns import columns

    facts = [template.to_dict() for template in templates.library()]
    rows = [(fact["name"], fact["description"]) for fact in facts]
    return {"templates": facts}, columns(rows)


def _template(name: str) -> Answer:
    from dharma_cli import templates

    found = templates.find(name)
    text = found.text()
    return {"template": {**found.to_dict(), "text": text}}, text.splitlines()


def _commands(context: typer.Context) -> Answer:
    from dharma_cli.reference.columns import columns
    from dharma_cli.reference.commands import command_documents

    found = list(command_documents(context.find_root().command))
    rows: list[tuple[str, ...]] = [(c["name"], c["purpose"]) for c in found]
    return {"commands": found}, [*columns(rows), "", "Every command has --help."]


def _library() -> PolicyLibrary:
    from dharma.guardrails.library import load_policies

    return load_policies()


def _listed_by(topic: str) -> str:
    lists: Mapping[str, str] = {"kind": "catalog", "policy": "policies", "template": "templates"}
    return f"iac-dharma docs {lists[topic]}"


def _unknown(what: str, name: str, known: list[str], listed_by: str) -> NotFound:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    meant = f"; is it {close[0]}?" if close else ""
    return NotFound(f"there is no {what} {name!r}{meant} ({listed_by} lists them)")
