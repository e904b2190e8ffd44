"""Groups of resources as Terraform modules: what crosses a border becomes a variable on one side
and an output on the other.

Every value that is printed passes its `Side` once. A reference to a resource of the same side
stays; one across becomes `var.vpc_main_id` inside a module and `module.network.vpc_main_id` in the
root module. The names are made from the address and the attribute, so that they stay when resources
come and go. Of a loop the instances cross as a list or a map, indexed where they are used.
"""

from __future__ import annotations

from collections.abc import Sequence

from dharma.catalog.document import Document, Part
from dharma.catalog.naming import Names
from dharma.core.errors import NotExpressible
from dharma.generator.terraform.hcl import Attribute, Block, Gap, Item, Raw, identifier
from dharma.generator.terraform.references import References
from dharma.generator.terraform.variables import variable_blocks
from dharma.model.ambient import AMBIENT_VARIABLES
from dharma.model.blueprint import Blueprint, Variable
from dharma.model.expressions.nodes import (
    Expression,
    ForMap,
    GetAttr,
    Index,
    ResourceRef,
    Splat,
    Symbol,
    Value,
    VariableRef,
    transform,
    walk,
)

Module = str | None


class Borders:
    """Which module every part stands in, and what crosses between them."""

    def __init__(self, bp: Blueprint, document: Document) -> None:
        of_resource = {r.address: r.module for r in bp.resources if r.module is not None}
        self._of = {p.address: of_resource.get(p.owner or p.address) for p in document.parts}
        self.parts = {p.address: p for p in document.parts}
        self.any = bool(of_resource)
        self._names = Names()
        for taken in (*(v.name for v in bp.variables), *AMBIENT_VARIABLES, "project"):
            self._names.take(taken, taken, "_")
        self._crossing: dict[Value, str] = {}
        # By module: what it gives, and what it is given by whom. In the order of first use.
        self.outputs: dict[str, dict[str, Value]] = {}
        self.inputs: dict[str, dict[str, tuple[Module, Value]]] = {}

    def module_of(self, address: str) -> Module:
        return self._of.get(address)

    def prefix(self, address: str) -> str:
        """What stands before an address of a module in the root module."""
        module = self._of.get(address)
        return "" if module is None else f"module.{module}."

    def crossed(self, value: Value, here: Module) -> Value:
        """The value with everything from beyond the border by its name on this side."""
        if not self.any or not isinstance(value, dict | list | Expression):
            return value

        def splat(node: Value) -> Value:
            match node:
                case Splat(ResourceRef(_, (), None) as owner, path) if path and self._beyond(
                    owner.address, here
                ):
                    return self._take(here, owner.address, node, f"{_base(owner, path)}_list")
            return node

        def reference(node: Value) -> Value:
            if not isinstance(node, ResourceRef) or not self._beyond(node.address, here):
                return node
            if node.instance is None:
                return self._take(here, node.address, node, _base(node, node.path))
            return Index(self._instances(node, here), node.instance)

        return transform(transform(value, splat), reference)

    def _beyond(self, address: str, here: Module) -> bool:
        return self._of.get(address) != here

    def _instances(self, ref: ResourceRef, here: Module) -> Value:
        whole = ResourceRef(ref.address)
        name = _base(ref, ref.path)
        if self.parts[ref.address].for_each is None:
            every: Value = Splat(whole, ref.path) if ref.path else whole
            return self._take(here, ref.address, every, f"{name}_list" if ref.path else name)
        if not ref.path:
            return self._take(here, ref.address, whole, name)
        member: Value = Symbol(("each_one",))
        for step in ref.path:
            member = GetAttr(member, step) if isinstance(step, str) else Index(member, step)
        every = ForMap("each_key", "each_one", whole, Symbol(("each_key",)), member)
        return self._take(here, ref.address, every, f"{name}_by_key")

    def awaited(self, address: str, here: Module) -> str:
        """How a part beyond the border is waited for."""
        taken = self._take(here, address, ResourceRef(address), _base(ResourceRef(address), ()))
        return f"var.{taken.name}" if isinstance(taken, VariableRef) else ".".join(
            map(str, taken.path)
        )  # fmt: skip

    def _take(self, here: Module, owner: str, node: Value, name: str) -> VariableRef | Symbol:
        source = self._of[owner]
        if node not in self._crossing:
            self._crossing[node] = self._names.take(name, f"{node}", "_")
        name = self._crossing[node]
        if source is not None:
            self.outputs.setdefault(source, {})[name] = node
        if here is None:
            return Symbol(("module", str(source), name))
        self.inputs.setdefault(here, {})[name] = (source, node)
        return VariableRef(name)

    def call(self, name: str, side: Side, aliases: Sequence[str]) -> Block:
        """The call of a module in the root module."""
        body: list[Item] = [Raw("source", f'"./modules/{identifier(name)}"')]
        if aliases:
            providers = sorted({alias.split(".")[0] for alias in aliases} | set(aliases))
            width = max(map(len, providers))
            lines = "".join(f"    {p:<{width}} = {p}\n" for p in providers)
            body += [Gap(), Raw("providers", f"{{\n{lines}  }}")]
        given: list[Item] = [Attribute(v, VariableRef(v)) for v in sorted(side.used)]
        for variable, (source, node) in sorted(self.inputs.get(name, {}).items()):
            value = node if source is None else Symbol(("module", source, variable))
            given.append(Attribute(variable, value))
        return Block("module", (name,), (*body, *([Gap()] if given else []), *given))


class Side(References):
    """References of one module. `used` gathers the variables of the blueprint that it needs."""

    def __init__(self, bp: Blueprint, document: Document, module: Module, borders: Borders) -> None:
        super().__init__(bp, document)
        self.module = module
        self.borders = borders
        self.used: set[str] = set()

    def adapted(self, value: Value, condition: Value, part: Part | None, place: str) -> Value:
        value = super().adapted(value, condition, part, place)
        if self.module is not None:
            self.used.update(n.name for n in walk(value) if isinstance(n, VariableRef))
        return self.borders.crossed(value, self.module)

    def awaited(self, part: Part) -> list[str]:
        return [
            address
            if self.borders.module_of(address) == self.module
            else self.borders.awaited(address, self.module)
            for address in super().awaited(part)
        ]


def module_files(
    name: str,
    side: Side,
    borders: Borders,
    blocks: Sequence[Block],
    variables: Sequence[Variable],
) -> dict[str, Sequence[Item]]:
    """The files of one module. What a variable may be is checked once, in the root module."""
    data = side.data_sources()
    for block in data:
        for item in block.body:
            if isinstance(item, Attribute) and isinstance(item.value, VariableRef):
                side.used.add(item.value.name)
    declared = {v.name: v for v in variables}
    missing = side.used - declared.keys()
    if missing:
        raise NotExpressible(f"module {name}: var.{min(missing)} is not declared")
    taken = [
        Variable(
            v.name,
            v.type,
            required=True,
            description=v.description,
            sensitive=v.sensitive,
        )
        for v in (declared[used] for used in sorted(side.used))
    ]
    given = [
        Variable(variable, "any", required=True, description=f"{_said(node)} of {_whose(source)}.")
        for variable, (source, node) in sorted(borders.inputs.get(name, {}).items())
    ]
    outputs = [
        Block(
            "output",
            (output,),
            (Attribute("description", f"{_said(node)}."), Attribute("value", node)),
        )
        for output, node in sorted(borders.outputs.get(name, {}).items())
    ]
    folder = f"modules/{name}"
    return {
        f"{folder}/main.tf": [*data, *blocks],
        f"{folder}/variables.tf": variable_blocks([*taken, *given]),
        f"{folder}/outputs.tf": outputs,
    }


def _base(ref: ResourceRef, path: Sequence[str | int]) -> str:
    native, _, name = ref.address.partition(".")
    words = [native.partition("_")[2] or native, name, *map(str, path)]
    return "_".join(words)


def _said(node: Value) -> str:
    ref = next(n for n in walk(node) if isinstance(n, ResourceRef))
    path = ref.path or (node.path if isinstance(node, Splat) else ())
    return ".".join([ref.address, *map(str, path)])


def _whose(source: Module) -> str:
    return "the root module" if source is None else f"module {source}"
