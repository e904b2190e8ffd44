"""The module in one folder: all its files together, override files merged in.

Terraform reads every `.tf` and `.tf.json` of the folder and none below it; blocks of `override.tf`
and `*_override.tf` replace the arguments of the blocks that they name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dharma.blueprint.readers.terraform.body import Argument, Block, Body, Place, invalid
from dharma.blueprint.readers.terraform.files import Files, joined
from dharma.blueprint.readers.terraform.json_syntax import read_json
from dharma.blueprint.readers.terraform.syntax import read_hcl
from dharma.blueprint.yaml_source import decode
from dharma.core.errors import InvalidBlueprint, InvalidTemplate

ENDINGS = (".tf", ".tf.json")
# The number of labels that Terraform wants, by type of block.
_NAMED = {"variable": 1, "output": 1, "module": 1, "resource": 2, "data": 2, "provider": 1}
_KNOWN = frozenset(
    {*_NAMED, "locals", "terraform", "moved", "import", "removed", "check", "ephemeral"}
)


@dataclass(slots=True)
class Configuration:
    """What a module declares, by name. Addresses are `type.name`, of data sources
    `data.type.name`, of calls `module.name`. `others` are blocks without a meaning for resources:
    `moved`, `check` ..."""

    folder: str
    variables: dict[str, Block] = field(default_factory=dict)
    locals: dict[str, Argument] = field(default_factory=dict)
    outputs: dict[str, Block] = field(default_factory=dict)
    resources: dict[str, Block] = field(default_factory=dict)
    data: dict[str, Block] = field(default_factory=dict)
    modules: dict[str, Block] = field(default_factory=dict)
    providers: list[Block] = field(default_factory=list)
    settings: list[Block] = field(default_factory=list)
    others: list[Block] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    single: bool = False


def is_configuration(name: str) -> bool:
    """Whether Terraform would read a file of this name."""
    return name.endswith(ENDINGS) and not name.startswith((".", "#")) and not name.endswith("~")


def read_configuration(files: Files, folder: str, only: str | None = None) -> Configuration:
    """The module of a folder, or of one file in it (`only`). Raises `InvalidTemplate` with file
    and line, `LimitExceeded`."""
    found = Configuration(folder, single=only is not None)
    names = [only] if only is not None else list(filter(is_configuration, files.names(folder)))
    overrides = [n for n in names if only is None and _is_override(n)]
    for name in (n for n in names if n not in overrides):
        for block in _read(files, folder, name).blocks:
            _add(found, block)
        found.files.append(name)
    for name in overrides:
        for block in _read(files, folder, name).blocks:
            _override(found, block)
        found.files.append(name)
    return found


def _is_override(name: str) -> bool:
    stem = name.removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def _read(files: Files, folder: str, name: str) -> Body:
    path = joined(folder, name)
    shown = files.shown(path)
    try:
        text = decode_source(files.read(path), shown)
        body = read_json(text, shown) if name.endswith(".json") else read_hcl(text, shown)
    except InvalidBlueprint as error:
        raise InvalidTemplate(error.message, error.faults) from error
    if body.arguments:
        stray = next(iter(body.arguments.values()))
        hint = "arguments stand inside of blocks"
        raise invalid(f"{stray.name} stands outside of any block", stray.place, hint)
    return body


def decode_source(data: bytes, shown: str) -> str:
    """Text of a file in UTF-8; controls that stand in no text are refused."""
    return decode(data, shown)


def _add(found: Configuration, block: Block) -> None:
    if block.type not in _KNOWN:
        hint = "there are " + ", ".join(sorted(_KNOWN))
        raise invalid(f"{block.type!r} is no block of Terraform", block.place, hint)
    wanted = _NAMED.get(block.type)
    if wanted is not None and len(block.labels) != wanted:
        hint = " ".join([block.type, '"TYPE"' if wanted == 2 else "", '"NAME"']).replace("  ", " ")
        raise invalid(f"{block.type} has {len(block.labels)} labels", block.place, hint)
    if block.type == "locals":
        for name, argument in block.body.arguments.items():
            _once(found.locals, name, f"local.{name}", argument.place)
            found.locals[name] = argument
        return
    if block.type == "provider":
        found.providers.append(block)
        return
    if block.type == "terraform":
        found.settings.append(block)
        return
    table = _table(found, block.type)
    if table is None:
        found.others.append(block)
        return
    key = _key(block)
    _once(table, key, f"{block.type} {key}", block.place)
    table[key] = block


def _table(found: Configuration, type: str) -> dict[str, Block] | None:
    return {
        "variable": found.variables,
        "output": found.outputs,
        "module": found.modules,
        "resource": found.resources,
        "data": found.data,
    }.get(type)


def _key(block: Block) -> str:
    name = ".".join(block.labels)
    return f"data.{name}" if block.type == "data" else name


def _once(table: dict[str, Block] | dict[str, Argument], key: str, said: str, here: Place) -> None:
    if key in table:
        first = table[key].place
        raise invalid(f"{said} is declared twice; first at {first.file}:{first.line}", here)


def _override(found: Configuration, block: Block) -> None:
    if block.type == "locals":
        found.locals.update(block.body.arguments)
        return
    if block.type == "provider":
        alias = block.body.value("alias")
        for provider in found.providers:
            if provider.labels == block.labels and provider.body.value("alias") == alias:
                _merge(provider.body, block.body)
        return
    table = _table(found, block.type)
    if table is None:
        _add(found, block)
        return
    base = table.get(_key(block))
    if base is None:
        message = f"there is no {block.type} {_key(block)} to override"
        raise invalid(message, block.place)
    _merge(base.body, block.body)


def _merge(base: Body, body: Body) -> None:
    base.arguments.update(body.arguments)
    replaced = {block.type for block in body.blocks} - {"lifecycle"}
    for lifecycle in body.of_type("lifecycle"):
        for mine in base.of_type("lifecycle"):
            mine.body.arguments.update(lifecycle.body.arguments)
            break
        else:
            base.blocks.append(lifecycle)
    base.blocks = [b for b in base.blocks if b.type not in replaced]
    base.blocks.extend(b for b in body.blocks if b.type in replaced)
