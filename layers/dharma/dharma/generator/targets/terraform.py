"""Terraform: six files, as `terraform fmt` leaves them.

`versions.tf`, `providers.tf`, `variables.tf`, `main.tf`, `outputs.tf`, `backend.tf`, and where the
blueprint speaks of its past `moved.tf`, `imports.tf`, `removed.tf`; a group of resources with a
`module` becomes `modules/<name>/` (`generator.terraform.modules`). Resources in
the blueprint's order with their satellites behind them, so that a changed resource changes its own
lines only. References are never replaced by values. The place of deployment (region, account,
zones) is read through data sources, those that are used. A conditional resource has
`count = condition ? 1 : 0`; where the same condition holds it is referred to as `x[0]`, elsewhere
as `one(x[*].attribute)`, which is null when there is none.

The state stays local unless a bucket is named: `backend "local" {}` is written out, so that the
choice is visible and `terraform init -migrate-state` finds it when a bucket comes later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from dharma.catalog.document import Document, Note, Part
from dharma.catalog.kept import with_kept
from dharma.core.errors import NotExpressible
from dharma.generator.code import GenerateOptions
from dharma.generator.terraform.hcl import Attribute, Block, Gap, Item, Raw, print_body
from dharma.generator.terraform.modules import Borders, Side, module_files
from dharma.generator.terraform.past import Past, adoption_notes
from dharma.generator.terraform.providers import (
    Aliases,
    backend_block,
    provider_blocks,
    providers_of,
    versions_block,
)
from dharma.generator.terraform.references import References
from dharma.generator.terraform.variables import variable_blocks
from dharma.model.ambient import AMBIENT_VARIABLES
from dharma.model.blueprint import Blueprint, Output, Variable
from dharma.model.expressions.negation import negated
from dharma.model.expressions.nodes import (
    Binary,
    Conditional,
    Expression,
    ForList,
    Symbol,
    Unary,
    Value,
    VariableRef,
    transform,
    walk,
)

_PROVIDER_REFERENCE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)?\Z")
# An argument, or what lies in it: `tags["Name"]`, `scaling_config[0].desired_size`.
_PATH = re.compile(r'[^\W\d][\w-]*+(?:\.[^\W\d][\w-]*+|\[\d+\]|\["[^"\\$%\n]*"\])*+\Z')
_PROVIDER_MAP = re.compile(r"\{[A-Za-z0-9_.=, -]*\}\Z")


def write_terraform(
    bp: Blueprint, document: Document, outputs: Sequence[Output], options: GenerateOptions
) -> dict[str, str]:
    """The files. `document` holds the resources and `outputs` the outputs, both in Terraform's own
    attribute names. Raises `NotExpressible` naming the path."""
    borders = Borders(bp, document)
    aliases = Aliases(bp)
    document = Document("terraform", [aliases.applied(_normal(p)) for p in document.parts])
    sides: dict[str | None, Side] = {None: Side(bp, document, None, borders)}
    blocks: dict[str | None, list[Block]] = {None: []}
    for part in document.parts:
        module = borders.module_of(part.address)
        if module not in sides:
            sides[module], blocks[module] = Side(bp, document, module, borders), []
        blocks[module].append(_resource(part, sides[module]))
    root = sides[None]
    shown = [_output(o, root, bp.variables) for o in outputs]
    past = Past(bp, document, borders, root)
    state_files = past.files()
    ambient = {name for side in sides.values() for name in side.variables}
    # A version is pinned in the root module, also for a function that a child calls.
    called = {name for side in sides.values() for name in side.providers}
    variables = _with_ambient_variables(bp, ambient, options)
    files: dict[str, Sequence[Item]] = {
        "backend.tf": [backend_block(options.backend)],
        "outputs.tf": shown,
        "providers.tf": [*provider_blocks(bp), *aliases.blocks(bp)],
        "variables.tf": variable_blocks(variables),
        "versions.tf": [versions_block(providers_of(bp, document, called))],
        **state_files,
    }
    calls = []
    for name, side in sides.items():
        if name is not None:
            used = aliases.used_in(blocks[name])
            calls.append(borders.call(name, side, used))
            owned = [p for p in document.parts if borders.module_of(p.address) == name]
            needed = providers_of(bp, Document("terraform", owned), side.providers, own=False)
            files.update(
                module_files(name, side, borders, blocks[name], variables)
                | {f"modules/{name}/versions.tf": [versions_block(needed, used, pinned=False)]}
            )
    files["main.tf"] = [*root.data_sources(), *blocks[None], *calls]
    return {path: print_body(files[path]) for path in sorted(files)}


def warnings(bp: Blueprint, document: Document) -> list[Note]:
    """What the reader of the code should know."""
    used = {
        node.name
        for part in document.parts
        for node in walk(part.arguments)
        if isinstance(node, Expression) and hasattr(node, "name")
    }
    notes = adoption_notes(bp, document)
    if "deployment_id" in used:
        message = "Terraform has no id of a deployment: it became a variable without default"
        notes.append(Note("approximated", "variables.deployment_id", "", message))
    return notes


def _normal(part: Part) -> Part:
    """Condition and native arguments put in place."""
    arguments = with_kept(part.arguments, part.native)
    assert isinstance(arguments, dict)
    if part.condition is not None:
        return replace(part, arguments=arguments, count=Conditional(part.condition, 1, 0))
    return replace(part, arguments=arguments)


def _resource(part: Part, references: References) -> Block:
    name = part.address.split(".", 1)[-1]
    head: list[Item] = []
    if part.count is not None:
        head.append(Attribute("count", references.adapted(part.count, None, part, "count")))
    if part.for_each is not None:
        head.append(
            Attribute("for_each", references.adapted(part.for_each, None, part, "for_each"))
        )
    body: list[Item] = []
    for key, value in part.arguments.items():
        if value is None:
            continue
        if key == "provider" and isinstance(value, str) and _PROVIDER_REFERENCE.match(value):
            head.append(Raw("provider", value))
            continue
        if key == "providers" and isinstance(value, str) and _PROVIDER_MAP.match(value):
            head.append(Raw("providers", value))
            continue
        body.extend(_argument(key, references.adapted(value, part.condition, part, key)))
    body = _attributes_first(body)
    tail: list[Item] = []
    if lifecycle := _lifecycle(part):
        tail.append(lifecycle)
    if waits := references.awaited(part):
        tail.append(Raw("depends_on", _list_of_addresses(waits)))
    items: list[Item] = []
    for group in (head, body, tail):
        # Blocks bring their own empty line.
        if items and group and not isinstance(items[-1], Block) and not isinstance(group[0], Block):
            items.append(Gap())
        items.extend(group)
    # A call of a module that is not on disk was kept as it is.
    labels = (name,) if part.type == "module" else (part.type, name)
    return Block("module" if part.type == "module" else "resource", labels, tuple(items))


def _list_of_addresses(addresses: Sequence[str]) -> str:
    line = f"[{', '.join(addresses)}]"
    if len(line) <= 80:
        return line
    return "[\n" + "".join(f"    {a},\n" for a in addresses) + "  ]"


def _attributes_first(items: Iterable[Item]) -> list[Item]:
    items = list(items)
    blocks = [i for i in items if isinstance(i, Block)]
    return [i for i in items if not isinstance(i, Block)] + list(blocks)


def _argument(name: str, value: Value) -> list[Item]:
    """An attribute, or the blocks of that name: a list of maps is written as blocks, conditional
    and repeated ones as `dynamic`."""
    if value is None:
        return []
    if name == "timeouts" and isinstance(value, dict):
        value = [value]
    if isinstance(value, list) and value and all(_is_block(v) for v in value):
        return [item for v in value for item in _blocks(name, v)]
    if isinstance(value, Conditional) and _is_block_list(value.then, value.otherwise):
        then, otherwise = (
            branch if isinstance(branch, list) else [] for branch in (value.then, value.otherwise)
        )
        elements = [
            *(Conditional(value.condition, element, None) for element in then),
            *(Conditional(value.condition, None, element) for element in otherwise),
        ]
        return [item for element in elements for item in _blocks(name, element)]
    if isinstance(value, ForList) and isinstance(value.result, dict):
        return [_repeated(name, value)]
    return [Attribute(name, value)]


def _is_block(value: Value) -> bool:
    if isinstance(value, Conditional):
        branches = (value.then, value.otherwise)
        return any(b is not None for b in branches) and all(
            b is None or _is_block(b) for b in branches
        )
    return isinstance(value, dict)


def _is_block_list(*branches: Value) -> bool:
    some = [b for b in branches if b]
    return bool(some) and all(isinstance(b, list) and all(_is_block(v) for v in b) for b in some)


def _blocks(name: str, value: Value) -> list[Item]:
    if isinstance(value, dict):
        return [Block(name, (), _block_body(value))]
    if not isinstance(value, Conditional):
        return []
    found: list[Item] = []
    for condition, branch in (
        (value.condition, value.then),
        (negated(value.condition), value.otherwise),
    ):
        if isinstance(branch, Conditional):
            for sub, inner in (
                (branch.condition, branch.then),
                (negated(branch.condition), branch.otherwise),
            ):
                both = Binary("&&", condition, sub)
                found.extend(_blocks(name, Conditional(both, inner, None)) if inner else [])
        elif isinstance(branch, dict):
            content = Block("content", (), _block_body(branch))
            once: Value = Conditional(condition, [1], [])
            if branch is value.otherwise and not _is_not(value.condition):
                # Said the way round in which it is read.
                once = Conditional(value.condition, [], [1])
            repeat = Attribute("for_each", once)
            found.append(Block("dynamic", (name,), (repeat, content)))
    return found


def _is_not(condition: Value) -> bool:
    return isinstance(condition, Unary) and condition.operator == "!"


def _repeated(name: str, value: ForList) -> Block:
    """`[for v in xs : {...}]` as a dynamic block with `v` as its iterator."""
    collection = value.collection
    if value.condition is not None:
        collection = ForList(
            value.key, value.value, collection, Symbol((value.value,)), value.condition
        )

    def bound(node: Value) -> Value:
        if isinstance(node, Symbol) and node.path[0] == value.value:
            return Symbol((value.value, "value", *node.path[1:]))
        if isinstance(node, Symbol) and value.key and node.path[0] == value.key:
            return Symbol((value.value, "key", *node.path[1:]))
        return node

    content = transform(value.result, bound)
    assert isinstance(content, dict)
    return Block(
        "dynamic",
        (name,),
        (
            Attribute("for_each", collection),
            Raw("iterator", value.value),
            Block("content", (), _block_body(content)),
        ),
    )


def _block_body(value: dict[str, Value]) -> tuple[Item, ...]:
    return tuple(_attributes_first(i for k, v in value.items() for i in _argument(k, v)))


def _lifecycle(part: Part) -> Block | None:
    rules = part.lifecycle
    body: list[Item] = []
    if rules.create_before_destroy:
        body.append(Attribute("create_before_destroy", True))
    if rules.prevent_destroy:
        body.append(Attribute("prevent_destroy", True))
    if rules.ignore_changes:
        if tuple(rules.ignore_changes) == ("all",):
            body.append(Raw("ignore_changes", "all"))
        else:
            bad = next((p for p in rules.ignore_changes if not _is_path(p)), None)
            if bad is not None:
                raise NotExpressible(f"{part.address}.lifecycle.ignore_changes: {bad!r} is no path")
            body.append(Raw("ignore_changes", f"[{', '.join(rules.ignore_changes)}]"))
    return Block("lifecycle", (), tuple(body)) if body else None


def _is_path(text: str) -> bool:
    return _PATH.match(text) is not None


def _output(output: Output, references: References, variables: Sequence[Variable]) -> Block:
    value = output.value
    if output.condition is not None:
        value = Conditional(output.condition, value, None)
    place = f"outputs.{output.name}"
    adapted = references.adapted(value, output.condition, None, place)
    secret = {v.name for v in variables if v.sensitive}
    leaks = any(isinstance(n, VariableRef) and n.name in secret for n in walk(adapted))
    body: list[Item] = []
    if output.description:
        body.append(Attribute("description", output.description))
    body.append(Attribute("value", adapted))
    # Terraform refuses an output that shows a sensitive variable openly.
    if output.sensitive or leaks:
        body.append(Attribute("sensitive", True))
    return Block("output", (output.name,), tuple(body))


def _with_ambient_variables(
    bp: Blueprint, used: set[str], options: GenerateOptions
) -> list[Variable]:
    """The blueprint's variables and those that the place of deployment needs here."""
    declared = {v.name for v in bp.variables}
    wanted: list[Variable] = []
    if bp.provider in ("aws", "gcp") or "region" in used:
        default = options.region
        wanted.append(_ambient("region", default=default, required=default is None))
    if bp.provider == "gcp":
        wanted.append(Variable("project", required=True, description="The project to deploy into."))
    if "deployment_name" in used:
        wanted.append(_ambient("deployment_name", default=bp.name))
    if "deployment_id" in used:
        wanted.append(_ambient("deployment_id", required=True))
    return [*(v for v in wanted if v.name not in declared), *bp.variables]


def _ambient(name: str, *, default: Value = None, required: bool = False) -> Variable:
    described = AMBIENT_VARIABLES[name]
    return Variable(name, default=default, required=required, description=described)
