"""What the expressions of an ARM template ask of the resources around them."""

from __future__ import annotations

from dharma.model.expressions.nodes import ResourceRef, Value


class Surroundings:
    """No resources at all: what a parameter's default sees, for instance.

    References to a resource have the path `id`.
    """

    def resource(self, native: str, names: list[Value], group: Value) -> ResourceRef | None:
        """The resource of a type with these names in a group (any where None), if it is here."""
        return None

    def by_name(self, name: Value) -> ResourceRef | None:
        """The one resource that is called so, by its full or its symbolic name."""
        return None

    def answers(self, deployment: ResourceRef) -> dict[str, Value] | None:
        """What `reference` of a nested deployment gives; None of anything else."""
        return None

    def is_known(self, address: str) -> bool:
        return False

    def count_of(self, address: str) -> Value:
        return None

    def as_id(self, value: Value) -> Value:
        """The reference for an id that is put together out of names; other values stay."""
        return value
