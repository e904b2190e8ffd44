"""What a priced kind says about itself.

A priced kind is one file under `components/`: a `PricedKind` and one small function per price
component. A function looks at the resource and answers with a `Component` (what is bought, how much
of it), with None (this resource does not buy it), or raises `Undetermined` (the answer hangs on a
value that is not known before apply). It never sees a price: prices are in the book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from dharma.costing.usage import Usage
from dharma.model.addresses import referred_address
from dharma.model.blueprint import ResourceInstance
from dharma.model.expressions.nodes import Expression, ResourceRef, Unknown, Value

HOURS_PER_MONTH = Decimal(730)


class Undetermined(Exception):
    """A property that the price hangs on is not known, or is no figure."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} is {reason}")


@dataclass(frozen=True, slots=True)
class Component:
    """One line of a bill: `quantity` of `sku` per month, in the price's `unit`.

    `path` leads from the resource to the component, sub-resource first. `quantity` is None when it
    depends on usage that nobody stated. `usage_key` names the usage figure behind it.
    """

    path: tuple[str, ...]
    service: str
    sku: str
    quantity: Decimal | None
    usage_key: str | None = None


Answer = Component | Iterable[Component] | None


class PricedResource:
    """A resource as a component function sees it: known properties, usage, neighbours."""

    def __init__(
        self,
        instance: ResourceInstance,
        usage: Usage,
        neighbours: Mapping[str, ResourceInstance],
    ) -> None:
        self.instance = instance
        self.usage = usage
        self._neighbours = neighbours

    @property
    def address(self) -> str:
        return self.instance.address

    def get(self, path: str, default: Any = None) -> Any:
        """The plain value at a dotted path; `default` when absent; `Undetermined` when unknown."""
        value: Value = dict(self.instance.properties)
        for step in path.split("."):
            if isinstance(value, Expression):
                break
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, Unknown):
            raise Undetermined(path, f"not known before apply ({value.reason})")
        if isinstance(value, Expression):
            raise Undetermined(path, "not known before apply")
        return default if value is None else value

    def number(self, path: str, default: int | str | None = None) -> Decimal | None:
        """The plain number at a dotted path; `Undetermined` also for a text that is none, which a
        template of others may hold."""
        value = self.get(path, default)
        if value is None:
            return None
        try:
            found = Decimal(str(value))
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite():
            raise Undetermined(path, "no number")
        return found

    def length(self, path: str) -> int:
        """How many elements a list has; the elements themselves may be unknown."""
        value = self.instance.properties.get(path)
        if isinstance(value, Expression):
            raise Undetermined(path, "not known before apply")
        return len(value) if isinstance(value, list) else 0

    def referenced(self, path: str) -> PricedResource | None:
        """The resource that the reference at `path` points to; None when it is not one of ours."""
        value: Value = dict(self.instance.properties)
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if not isinstance(value, ResourceRef):
            return None
        found = self._neighbours.get(referred_address(value))
        if found is None:
            return None
        return PricedResource(found, self.usage, self._neighbours)


class PricedKind:
    """The components of one kind, in the order in which a bill lists them."""

    def __init__(self, kind: str, *, free: str | None = None) -> None:
        self.kind = kind
        # Why a kind costs nothing by itself, in the provider's own terms.
        self.free = free
        self.components: list[tuple[str, Callable[[PricedResource], Answer]]] = []

    def component(
        self, function: Callable[[PricedResource], Answer]
    ) -> Callable[[PricedResource], Answer]:
        self.components.append((function.__name__.replace("_", " "), function))
        return function
