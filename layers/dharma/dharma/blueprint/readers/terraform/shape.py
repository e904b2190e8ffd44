"""Blocks as lists, where a syntax does not tell blocks from arguments.

The JSON syntax writes a single block as an object, and Terraform 0.11 wrote maps as blocks; the
catalog knows which it is.
"""

from __future__ import annotations

from dharma.catalog import Catalog
from dharma.catalog.kinds import FormatMapping, Rule, Table
from dharma.catalog.paths import Path
from dharma.catalog.transforms import SAME
from dharma.model.expressions.nodes import Value


def shaped(type: str, arguments: dict[str, Value], catalog: Catalog) -> dict[str, Value]:
    """The arguments with lists where the catalog expects blocks, and maps where it does not."""
    if not any(_may_be_block(v) for v in arguments.values()):
        return arguments
    tables: list[Table] = []
    lists: set[str] = set()
    kind = catalog.kind_of("terraform", type)
    mapping: FormatMapping | None = kind.mapping("terraform") if kind is not None else None
    if mapping is not None:
        tables.append(mapping.table)
        lists |= {str(b.inline.path[0].key) for b in mapping.bags if b.inline and b.inline.path}
    tables += [piece.form.table for piece in catalog.pieces_of("terraform", type)]
    maps: set[str] = set()
    singles: list[Path] = []
    for table in tables:
        for rule in table.all_rules():
            singles.append(rule.native)
            last = rule.native[-1]
            if rule.each is not None and len(rule.native) == 1:
                lists.add(last.key)
            elif len(rule.native) == 1 and not last.single and _is_map(rule):
                maps.add(last.key)
    blocks = {path[0].key for path in singles if path[0].single}
    found: dict[str, Value] = {}
    for name, given in arguments.items():
        value = given
        if isinstance(given, dict) and (name in blocks or name in lists):
            value = [given]
        elif name in maps and isinstance(given, list) and len(given) == 1:
            value = given[0]
        if name in blocks and isinstance(value, list):
            inner = [path[1:] for path in singles if path[0].key == name and len(path) > 1]
            value = [_inside(element, inner) for element in value]
        found[name] = value
    return found


def _is_map(rule: Rule) -> bool:
    return rule.declared.type == "map(string)" and rule.transform is SAME


def _may_be_block(value: Value) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and len(value) > 0 and isinstance(value[0], dict)
    )


def _inside(value: Value, paths: list[Path]) -> Value:
    """The same for the blocks below."""
    if not isinstance(value, dict):
        return value
    singles = {path[0].key for path in paths if path[0].single}
    found: dict[str, Value] = {}
    for name, inner in value.items():
        found[name] = inner
        elements = [inner] if isinstance(inner, dict) else inner
        if name in singles and isinstance(elements, list):
            deeper = [p[1:] for p in paths if p[0].key == name and len(p) > 1]
            found[name] = [_inside(element, deeper) for element in elements]
    return found
