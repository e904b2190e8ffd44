"""Arguments that earlier releases of a Terraform provider had and the present one has not.

    scripts/catalog-extract --older cdktf-provider-aws-19.65.1.tgz cdktf-provider-aws-14.0.4.tgz

Code that was written for them is still there, so tables read their names (`only: read`), and types
that the provider gave up (`also`). What is kept, in `tests/catalog_schemas/older/<provider>.json`,
is the difference only, in the manner of `extract`: of all releases together, the newest first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from scripts.catalog_check.extract import Schema, UnreadablePackage, extract, types_of

Named = dict[str, Schema]


def extract_older(packages: Iterable[Path], wanted: Iterable[str], present: Named) -> Schema:
    """What the packages, the newest first, say of the wanted types beyond the present schemas:
    `{"sources": [...], "types": {...}}`."""
    sources = []
    types: Named = {}
    for package in packages:
        there = set(types_of(package))
        schemas, source = extract(package, sorted(there & set(wanted)))
        sources.append(source)
        for name, schema in schemas.items():
            known = [s for s in (present.get(name), types.get(name)) if s is not None]
            gone = _beyond(schema, known)
            if gone is not None:
                types[name] = _together(types[name], gone) if name in types else gone
    if not types:
        raise UnreadablePackage("the packages have nothing that the present release has not")
    return {"sources": sources, "types": dict(sorted(types.items()))}


def write_older(found: Schema, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def read_present(folder: Path) -> Named:
    """The schemas of an extract by type."""
    files = (file for file in sorted(folder.glob("*.json")) if file.stem != "SOURCE")
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def _beyond(schema: Schema, known: list[Schema]) -> Schema | None:
    """What may be written by a schema and stands in none of the known ones; None for nothing."""
    if not known:
        return schema
    names = {name for one in known for name in (*one["attributes"], *one.get("blocks", {}))}
    attributes = {
        name: said
        for name, said in schema["attributes"].items()
        if name not in names and not said.endswith(" computed")
    }
    blocks: Named = {}
    for name, block in schema.get("blocks", {}).items():
        inside = [one["blocks"][name] for one in known if name in one.get("blocks", {})]
        if block["use"] == "computed" or (name in names and not inside):
            continue
        gone = _beyond(block, inside)
        if gone is not None:
            kept = ("use", "nesting", "max", "syntax")
            blocks[name] = {k: block[k] for k in kept if k in block} | gone
    if not attributes and not blocks:
        return None
    return {"attributes": attributes} | ({"blocks": blocks} if blocks else {})


def _together(newer: Schema, older: Schema) -> Schema:
    """Both; they have no argument in common."""
    attributes = dict(sorted((newer["attributes"] | older["attributes"]).items()))
    blocks = dict(newer.get("blocks", {}))
    for name, block in older.get("blocks", {}).items():
        blocks[name] = blocks[name] | _together(blocks[name], block) if name in blocks else block
    merged: Schema = {"attributes": attributes}
    return merged | {"blocks": dict(sorted(blocks.items()))} if blocks else merged
