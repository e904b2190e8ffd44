"""What the parts of a document are called inside of its templates, worked out once for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from dharma.catalog.document import Part
from dharma.catalog.naming import Names, pascal
from dharma.model.expressions.nodes import ResourceRef, Value, references, walk

VARIABLES_MAX = 256


class ArmParts:
    """The parts of a document by their addresses. `across`: whether they are told apart into
    several templates, each of which may speak of the parts of another."""

    def __init__(self, parts: Iterable[Part], *, across: bool) -> None:
        self.by_address = {part.address: part for part in parts}
        self._across = across
        self._variables: dict[frozenset[str], Mapping[str, str]] = {}

    def variables(self, asked: frozenset[str]) -> Mapping[str, str]:
        """The variable that holds the name of a part, for those whose name others use, or that is
        `asked` for from outside; none where Azure would not take as many of them."""
        if asked not in self._variables:
            names = Names()
            found = {
                address: names.take(variable_of(part), address)
                for address, part in self.by_address.items()
                if (address in self._used or address in asked)
                and part.count is None
                and all(self._is_early(n) for n in walk(part.arguments.get("name")))
            }
            self._variables[asked] = found if len(found) <= VARIABLES_MAX else {}
        return self._variables[asked]

    @cached_property
    def copies(self) -> Mapping[str, str]:
        """What the loop of each counted part is called."""
        names = Names()
        return {
            address: names.take(f"{_word(part)}Copy", address)
            for address, part in self.by_address.items()
            if part.count is not None
        }

    @cached_property
    def _used(self) -> frozenset[str]:
        return frozenset(
            ref.address
            for part in self.by_address.values()
            for ref in references(dict(part.arguments))
            if ref.path == ("name",)
        )

    def _is_early(self, node: Value) -> bool:
        """Whether a variable may hold it. Across templates a name is told by its variable, also
        where it is made of other names."""
        if not isinstance(node, ResourceRef):
            return True
        plain = node.instance is None or isinstance(node.instance, int)
        return self._across and plain and node.path in (("id",), ("name",))


def variable_of(part: Part, argument: str = "name") -> str:
    """The variable for an argument of a part: `mainVirtualNetworkName`."""
    return f"{_word(part)}{argument.capitalize()}"


def _word(part: Part) -> str:
    """`azurerm_virtual_network.main` as `mainVirtualNetwork`."""
    kind, _, name = (part.owner or part.address).rpartition(".")
    noun = kind.removeprefix("azurerm_").split("::")[-1]
    word = f"{pascal(name)}{pascal(noun)}"
    return word[:1].lower() + word[1:]
