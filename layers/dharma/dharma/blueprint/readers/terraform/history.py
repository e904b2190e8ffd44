"""`moved`, `import` and `removed` blocks, and aliased providers: what a configuration says of its
past and of other regions, in the words of blueprints."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dharma.blueprint.readers.terraform.body import Block
from dharma.blueprint.readers.terraform.modules import Module
from dharma.blueprint.readers.terraform.providers import Provider
from dharma.model.addresses import Address, parse_address
from dharma.model.blueprint import Removed, Resource
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import (
    ResourceRef,
    Symbol,
    Unknown,
    Value,
    VariableRef,
    walk,
)
from dharma.model.origin import Origin

HISTORY = frozenset({"moved", "import", "removed"})
_EACH = re.compile(r"\[\s*each\s*\.\s*key\s*\]\Z")
_MODULE = re.compile(r"(module\.[A-Za-z_][\w-]*\.)*module\.[A-Za-z_][\w-]*\Z")
_PAIR = re.compile(r"([A-Za-z_][\w.-]*)\s*[=:]\s*([A-Za-z_][\w.-]*)")


def with_history(
    root: Module, resources: Sequence[Resource], parts: Sequence[str]
) -> tuple[list[Resource], list[Removed]]:
    """The resources with their former names and the ids that they are adopted by, and what was
    removed. `parts` are the addresses of the document. What blueprints cannot say is noted."""
    reading = _History(root, resources, frozenset(parts))
    for block in root.configuration.others:
        if block.type == "import":
            reading.adopt(block)
        elif block.type == "removed":
            reading.remove(block)
    reading.move([b for b in root.configuration.others if b.type == "moved"])
    return list(reading.resources.values()), reading.removed


class _History:
    def __init__(self, root: Module, resources: Sequence[Resource], parts: frozenset[str]) -> None:
        self.root = root
        # By Terraform's address, which the origin keeps.
        self.resources = {r.origin.address or r.address: r for r in resources}
        self.parts = parts
        self.removed: list[Removed] = []

    def _tell(self, block: Block, message: str, path: str = "") -> None:
        said = _text(block, "to") or _text(block, "from") or ""
        address = f"{block.type} {said}".strip()
        self.root.reading.tell("no_counterpart", address, path, message, block.place)

    # -- moved

    def move(self, blocks: Sequence[Block]) -> None:
        former = _Former()
        for block in blocks:
            before, after = _text(block, "from") or "", _text(block, "to") or ""
            old, new = parse_address(before), parse_address(after)
            if _MODULE.match(before) and _MODULE.match(after):
                former.modules.append((f"{before}.", f"{after}.", block))
            elif old is None or new is None or old.key or new.key:
                self._tell(block, "blueprints rename whole resources and modules, no instances")
            elif str(new) in former.resources:
                self._tell(block, "a second former name: a resource had one before each other")
            else:
                former.resources[str(new)] = (old, block)
        used: set[int] = set()
        for address, resource in self.resources.items():
            chain = _chain(address, former)
            if chain:
                used.update(id(block) for _, block in chain)
                self.resources[address] = _renamed(resource, address, [old for old, _ in chain])
        told = {old.name for old, block in former.resources.values() if id(block) in used}
        for successor, (old, block) in former.resources.items():
            piece = successor in self.parts and old.name in told
            if id(block) not in used and not piece:
                self._tell(block, "what it was renamed to is not there")
        for _, _, block in former.modules:
            if id(block) not in used:
                self._tell(block, "there are no resources of the module that it names")

    # -- import

    def adopt(self, block: Block) -> None:
        text = _text(block, "to") or ""
        each = block.body.value("for_each")
        plain = _EACH.sub("", text)
        address = parse_address(plain)
        resource = self.resources.get(f"{address.modules}{address.resource}" if address else "")
        if address is None or resource is None:
            self._tell(block, "what it adopts is not there")
            return
        looped = plain != text and resource.for_each is not None
        conditional = address.key == "[0]" and resource.condition is not None
        plain_one = each is None and not address.key and resource.for_each is None
        if not (looped or conditional or (plain_one and resource.count is None)):
            self._tell(block, "blueprints adopt a resource or all of a loop, not one of several")
            return
        identity = block.body.value("id")
        found = self._identity(identity, looped=looped)
        if found is None:
            self._tell(block, "the id is not known from variables alone", "id")
            return
        self.resources[f"{address.modules}{address.resource}"] = replace(resource, import_id=found)

    def _identity(self, value: Value, *, looped: bool) -> Value:
        if not looped:
            try:
                value = evaluate(value, self.root.scope)
            except EvaluationError:
                return None
        for node in walk(value):
            if isinstance(node, Unknown | ResourceRef):
                return None
            if isinstance(node, Symbol) and not (looped and node.path[0] == "each"):
                return None
        return value

    # -- removed

    def remove(self, block: Block) -> None:
        address = parse_address(_text(block, "from") or "")
        if address is None or "[" in str(address):
            self._tell(block, "blueprints release whole resources, no modules and no instances")
            return
        destroy = True
        for rules in block.body.of_type("lifecycle"):
            destroy = rules.body.value("destroy") is not False
        place = block.place
        origin = Origin(place.file, place.line, place.column, str(address))
        self.removed.append(Removed(str(address), destroy, origin))


@dataclass(slots=True)
class _Former:
    """Former names: of resources by their successor, of modules as what their addresses begin with,
    before and after."""

    resources: dict[str, tuple[Address, Block]] = field(default_factory=dict)
    modules: list[tuple[str, str, Block]] = field(default_factory=list)

    def before(self, address: str) -> tuple[Address, Block] | None:
        """The name right before this one, and the block that says so."""
        if address in self.resources:
            return self.resources[address]
        for old, new, block in self.modules:
            if address.startswith(new):
                found = parse_address(old + address.removeprefix(new))
                if found is not None:
                    return found, block
        return None


def _chain(address: str, former: _Former) -> list[tuple[Address, Block]]:
    """The former names of a resource, oldest first."""
    found: list[tuple[Address, Block]] = []
    seen = {address}
    here = former.before(address)
    while here is not None and str(here[0]) not in seen:
        found.insert(0, here)
        seen.add(str(here[0]))
        here = former.before(str(here[0]))
    return found


def _renamed(resource: Resource, address: str, chain: Sequence[Address]) -> Resource:
    """Inside a module a resource has another address than in the blueprint: one more step."""
    words = [
        old.name if old.resource == str(old) and old.type == resource.type else str(old)
        for old in chain
    ]
    if address != resource.address:
        words.append(address)
    return replace(resource, renamed_from=tuple(words))


def _text(block: Block, name: str) -> str | None:
    argument = block.body.arguments.get(name)
    if argument is None or argument.raw is None:
        return None
    return argument.raw.strip()


# -- regions


def with_region(resource: Resource, providers: Mapping[str, Provider], root: Module) -> Resource:
    """The region of an aliased provider as the resource's own; an alias that says none stays."""
    native = resource.native.get("terraform", {})
    chosen = native.get("provider")
    if not isinstance(chosen, str) or "." not in chosen:
        return resource
    address = parse_address(resource.origin.address or "")
    name = chosen if address is None else _in_root(chosen, address, root)
    provider = providers.get(name or "")
    if provider is None or not isinstance(provider.place, str | VariableRef):
        return resource
    rest = {k: v for k, v in native.items() if k != "provider"}
    formats = {k: v for k, v in resource.native.items() if k != "terraform"}
    if rest:
        formats["terraform"] = rest
    return replace(resource, region=provider.place, native=formats)


def _in_root(alias: str, address: Address, root: Module) -> str | None:
    """What the root module calls a provider that a module knows by another name."""
    if not address.modules:
        return alias
    calls = [
        re.sub(r"\[.*", "", c) for c in address.modules.removeprefix("module.").split(".module.")
    ]
    block = root.configuration.modules.get(calls[0].rstrip("."))
    argument = block.body.arguments.get("providers") if block is not None else None
    if len(calls) != 1 or argument is None or argument.raw is None:
        return None
    return dict(_PAIR.findall(argument.raw)).get(alias)
