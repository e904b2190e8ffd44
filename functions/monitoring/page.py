"""The description of the API as one page for people: to read, and to try what only reads.

The page is complete as it is sent: it asks for nothing from anywhere, and its policy forbids the
browser to. Its only requests are those that somebody sends with a button, to this API.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # untyped in the framework
_TEMPLATE = Path(__file__).with_suffix(".html")
_HOLE = re.compile(r"@(\w+)@")
_SCHEMAS = "#/components/schemas/"


@router.get("/docs", tags=["monitoring"], summary="This description, as a page for people")
def page() -> Response[str]:
    from functions.monitoring.openapi import openapi_document

    text = _page_here(openapi_document)
    return Response(200, "text/html", text, _headers(text))


@lru_cache(maxsize=1)
def _page_here(describe: Any) -> str:
    return page_of(describe())


def page_of(document: Mapping[str, Any]) -> str:
    """An OpenAPI document as HTML."""
    info = document["info"]
    parts = {
        "title": escape(info["title"]),
        "version": escape(info["version"]),
        "description": escape(info["description"]),
        "operations": "\n".join(_operations(document["paths"])),
        "schemas": "\n".join(
            _schema(name, schema)
            for name, schema in sorted(document["components"]["schemas"].items())
        ),
    }
    # In one pass: what stands in a description is never taken for a hole.
    return _HOLE.sub(lambda hole: parts[hole[1]], _TEMPLATE.read_text(encoding="utf-8"))


def content_security_policy(text: str) -> str:
    """For a page of ours: its own script and style, named by their digests, and nothing else."""
    allowed = {
        kind: " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'"
            for body in re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        )
        for kind in ("script", "style")
    }
    return (
        f"default-src 'none'; script-src {allowed['script']}; style-src {allowed['style']};"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _headers(text: str) -> dict[str, str | list[str]]:
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": content_security_policy(text),
        "Cache-Control": "public, max-age=300",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def _operations(paths: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    for path, methods in paths.items():
        for method, operation in methods.items():
            tag = operation["tags"][0]
            by_tag.setdefault(tag, []).append(_operation(method, path, operation))
    for tag, written in by_tag.items():
        yield f"<h2>{escape(tag)}</h2>"
        yield from written


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    permission = operation.get("x-permission")
    needs = f"Needs the permission {permission}." if permission else "Needs no token."
    parts = [f'<p class="dim">{escape(needs)}</p>']
    parameters = operation.get("parameters", [])
    if parameters and method != "get":
        parts.append(_table(_parameter(parameter) for parameter in parameters))
    bodies = operation.get("requestBody", {}).get("content", {}).values()
    parts += [f"<p>Body: {_type(body['schema'])}</p>" for body in bodies]
    parts.append(_table(_responses(operation["responses"])))
    if method == "get":
        parts.append(_form(path, parameters))
    return (
        f'<details id="{escape(operation["operationId"])}">'
        f"<summary><b>{method.upper()}</b> <code>{escape(path)}</code>"
        f" <span>{escape(operation['summary'])}</span></summary>{''.join(parts)}</details>"
    )


def _parameter(parameter: Mapping[str, Any]) -> tuple[str, ...]:
    name = f"<code>{escape(parameter['name'])}</code>"
    said = escape(parameter.get("description") or "")
    return name, escape(parameter["in"]), _type(parameter["schema"]), said


def _responses(responses: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for status, response in responses.items():
        kinds = (
            f"<code>{escape(media)}</code> {_type(content.get('schema', {}))}"
            for media, content in response.get("content", {}).items()
        )
        yield escape(status), escape(response["description"]), "<br>".join(kinds)


def _form(path: str, parameters: Iterable[Mapping[str, Any]]) -> str:
    fields = "".join(
        f"<label>{escape(p['name'])} {_type(p['schema'])}"
        f' <span class="dim">{escape(p.get("description") or "")}</span><br>'
        f'<input name="{escape(p["name"])}" data-in="{escape(p["in"])}" autocomplete="off"'
        f"{' required' if p.get('required') else ''}></label>"
        for p in parameters
    )
    button = "<button>Send</button>"
    return f'<form data-path="{escape(path)}">{fields}{button}<pre></pre></form>'


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", [])
    rows = (
        (
            f"<code>{escape(key)}</code>{'*' if key in required else ''}",
            _type(said),
            escape(said.get("description") or ""),
        )
        for key, said in schema.get("properties", {}).items()
    )
    said = escape(schema.get("description") or "")
    return (
        f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code>'
        f" <span>{said}</span></summary>{_table(rows)}</details>"
    )


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    """Cells are HTML."""
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{lines}</table>"


def _type(schema: Mapping[str, Any]) -> str:
    """A JSON Schema in a few words, as HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].removeprefix(_SCHEMAS))
        return f'<a href="#schema-{name}">{name}</a>'
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(_type(one) for one in schema[several])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return escape(", ".join(str(value) for value in values))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"map of {_type(schema['additionalProperties'])}"
    return escape(str(schema.get("type", "anything")))
