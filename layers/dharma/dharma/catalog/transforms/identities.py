"""Ids of resources that the format knows by their names, and of their parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dharma.catalog.transforms.base import Transform, Untransformable
from dharma.model.arm_functions import OWN_PART
from dharma.model.expressions.nodes import Call, ResourceRef, Value


@dataclass(frozen=True, slots=True)
class Named(Transform):
    """An id in the model; in the format the name of the same resource, as older arguments want it
    (`storage_account_name`). The name alone is no id: only a reference says whose it is."""

    def _write(self, value: Value) -> Value:
        if isinstance(value, ResourceRef) and value.path == ("id",):
            return replace(value, path=("name",))
        raise Untransformable("an id of which the name is not known")

    def _read(self, value: Value) -> Value:
        if isinstance(value, ResourceRef) and value.path == ("name",):
            return replace(value, path=("id",))
        raise Untransformable("a name of which the id is not known: refer to the resource")


@dataclass(frozen=True, slots=True)
class OwnPart(Transform):
    """A name in the model; in ARM the id of what is called so in a collection of the same
    resource, or of its parent if it stands in that, which the template's reader and writer
    spell."""

    collection: str

    def _write(self, value: Value) -> Value:
        return Call(OWN_PART, (self.collection, value))

    def _read(self, value: Value) -> Value:
        if isinstance(value, Call) and value.name == OWN_PART and len(value.arguments) == 2:
            collection, name = value.arguments
            if isinstance(collection, str) and collection.lower() == self.collection.lower():
                return name
        raise Untransformable(f"the id of none of the resource's own {self.collection}")
