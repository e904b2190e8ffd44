"""What Terraform is told of a blueprint's past: `moved`, `import` and `removed` blocks.

All three stand in the root module, each in a file of its own. A resource that is unfolded into
several takes its pieces along when it is renamed; adopted is the main one alone, because the others
are settings that are put again.
"""

from __future__ import annotations

from collections.abc import Sequence

from dharma.catalog.document import Document, Note, Part
from dharma.core.errors import NotExpressible
from dharma.generator.terraform.hcl import Attribute, Block, Item, Raw
from dharma.generator.terraform.modules import Borders, Side
from dharma.model.addresses import Address, former_address, parse_address
from dharma.model.blueprint import Blueprint, Resource
from dharma.model.expressions.nodes import Call, Conditional, Value


class Past:
    """The blocks of one configuration. `root` adapts the values that stand in the root module."""

    def __init__(self, bp: Blueprint, document: Document, borders: Borders, root: Side) -> None:
        self.bp = bp
        self.borders = borders
        self.root = root
        self.parts: dict[str, list[Part]] = {}
        for part in document.parts:
            self.parts.setdefault(part.owner or part.address, []).append(part)

    def files(self) -> dict[str, Sequence[Item]]:
        """The files that there is something to say in."""
        found: dict[str, Sequence[Item]] = {
            "moved.tf": [b for r in self.bp.resources if r.renamed_from for b in self._moved(r)],
            "imports.tf": [self._import(r) for r in self.bp.resources if r.import_id is not None],
            "removed.tf": [self._removed(r.address, destroy=r.destroy) for r in self.bp.removed],
        }
        return {name: blocks for name, blocks in found.items() if blocks}

    def _moved(self, resource: Resource) -> list[Block]:
        """One block a step: whoever applied any of the versions in between is taken along."""
        former = []
        for word in resource.renamed_from:
            address = former_address(resource, word)
            if address is None:
                raise NotExpressible(f"{resource.address}.renamed_from: {word!r} is no address")
            former.append(address)
        blocks = []
        for part in self.parts[resource.address]:
            own = parse_address(part.address)
            if own is None:
                raise NotExpressible(f"{part.address} is no address")
            chain = [_piece(address, own, resource.name) for address in former]
            if part.type == "module":
                raise NotExpressible(f"{resource.address}.renamed_from: it is a call of a module")
            ends = [*chain[1:], f"{self.borders.prefix(part.address)}{part.address}"]
            blocks += [
                Block("moved", (), (Raw("from", old), Raw("to", new)))
                for old, new in zip(chain, ends, strict=True)
            ]
        return blocks

    def _import(self, resource: Resource) -> Block:
        main = self.parts[resource.address][0]
        to = f"{self.borders.prefix(main.address)}{main.address}"
        body: list[Item] = []
        each: Value = None
        if main.count is not None:
            if main.condition is None:
                raise NotExpressible(f"{resource.address}.import: which of several is not said")
            to, each = f"{to}[0]", Conditional(main.condition, ["0"], [])
            each = Call("toset", (each,))
        elif main.for_each is not None:
            to, each = f"{to}[each.key]", main.for_each
        if each is not None:
            body.append(Attribute("for_each", self.root.adapted(each, None, main, "import")))
        body.append(Raw("to", to))
        identity = resource.import_id
        if isinstance(identity, int | float):
            identity = str(identity)
        body.append(Attribute("id", self.root.adapted(identity, None, main, "import.id")))
        return Block("import", (), tuple(body))

    def _removed(self, address: str, *, destroy: bool) -> Block:
        if parse_address(address) is None or "[" in address:
            raise NotExpressible(f"removed: {address!r} is no address of a resource")
        keep = Block("lifecycle", (), (Attribute("destroy", destroy),))
        return Block("removed", (), (Raw("from", address), keep))


def _piece(former: Address, part: Address, name: str) -> str:
    """The former address of one of a resource's pieces: its own name with the former one in it."""
    rest = part.name[len(name) :] if part.name.startswith(name) else ""
    return str(Address(former.modules, part.type, f"{former.name}{rest}", former.key))


def adoption_notes(bp: Blueprint, document: Document) -> list[Note]:
    """What an adopted resource brings along that is not adopted with it."""
    pieces: dict[str, list[str]] = {}
    for part in document.parts:
        if part.owner is not None:
            pieces.setdefault(part.owner, []).append(part.address)
    notes = []
    for resource in bp.resources:
        others = pieces.get(resource.address, [])[1:]
        if resource.import_id is not None and others:
            message = f"adopted without {', '.join(others)}: these are put anew"
            notes.append(Note("approximated", resource.address, "import", message, resource.origin))
    return notes
