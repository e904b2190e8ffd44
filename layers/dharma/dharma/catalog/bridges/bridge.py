"""What a bridge is: a rule that no mapping table can say, as Python."""

from __future__ import annotations

from dharma.catalog.document import Part
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Value


class Bridge:
    """Both directions of one such rule.

    `completes` are the native arguments that it writes where the table leaves them out;
    `properties` the model's properties that it says alone, of which the table says nothing;
    `refuses` what it says of values that the format cannot express.
    """

    completes: frozenset[str] = frozenset()
    refuses: str | None = None
    properties: frozenset[str] = frozenset()

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        """Complete the main part; the properties without counterpart that are said by that."""
        return frozenset()

    def claim(self, arguments: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        """Before the table reads: the arguments that are left to it, and the properties that the
        others say."""
        return arguments, {}

    def read(self, part: Part, properties: dict[str, Value]) -> frozenset[str]:
        """Complete the properties; the native resource attributes that were understood."""
        return frozenset()
