"""What no mapping table can say, as named Python functions.

A bridge is named under `bridges` in a kind's section for a format. `Catalog.bridges()` counts them:
each one is a rule that readers of the kind file cannot see.
"""

from __future__ import annotations

from typing import Protocol

from dharma.catalog.document import Part
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Value


class Bridge(Protocol):
    """Both directions of one such rule."""

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        """Complete the main part; the properties that are said by that."""

    def read(self, part: Part, properties: dict[str, Value]) -> frozenset[str]:
        """Complete the properties; the native resource attributes that were understood."""


class FinalSnapshot:
    """`skip_final_snapshot` is the resource's `DeletionPolicy` in CloudFormation, whose own default
    for a database instance is a snapshot. The policy is no property: it takes no expression.

    Source: "DeletionPolicy attribute", AWS CloudFormation template reference.
    """

    _ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy")

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        skip = resource.properties.get("skip_final_snapshot")
        if not isinstance(skip, bool) or resource.lifecycle.prevent_destroy:
            return frozenset()
        if skip:
            for name in self._ATTRIBUTES:
                part.native.setdefault(name, "Delete")
        return frozenset({"skip_final_snapshot"})

    def read(self, part: Part, properties: dict[str, Value]) -> frozenset[str]:
        said = [part.native.get(name) for name in self._ATTRIBUTES]
        if said[0] != "Delete" or said[1] not in ("Delete", None):
            return frozenset()
        properties["skip_final_snapshot"] = True
        return frozenset(self._ATTRIBUTES)


BRIDGES: dict[str, Bridge] = {"final_snapshot": FinalSnapshot()}
