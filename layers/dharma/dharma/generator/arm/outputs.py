"""The outputs of an ARM template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dharma.catalog import Catalog
from dharma.catalog.document import Part
from dharma.catalog.naming import snake
from dharma.generator.arm.parameters import arm_type, camel
from dharma.generator.arm.values import ArmValues
from dharma.generator.inexpressible import Inexpressible
from dharma.model.blueprint import Blueprint, Output
from dharma.model.expressions.inference import Declared, infer
from dharma.model.expressions.nodes import ResourceRef, Value, VariableRef, walk
from dharma.model.types import ANY, Type, parse_type


class ArmOutputs:
    """Writes outputs. Their types follow from the variables and what the catalog says of the
    attributes of Azure's resources."""

    def __init__(self, bp: Blueprint, parts: Mapping[str, Part], catalog: Catalog) -> None:
        self.parts = parts
        self.catalog = catalog
        self.secrets = frozenset(v.name for v in bp.variables if v.sensitive)
        self.types = {v.name: parse_type(v.type) for v in bp.variables}

    def section(self, outputs: Sequence[Output], values: ArmValues) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for output in outputs:
            place = f"outputs.{output.name}"
            name = camel(output.name)
            try:
                body = self.body(output.value, values, sensitive=output.sensitive)
                if output.condition is not None:
                    body = {
                        "type": body["type"],
                        "condition": values.json(output.condition),
                        **body,
                    }
            except Inexpressible as error:
                raise error.at(place) from None
            if output.description:
                body["metadata"] = {"description": output.description}
            if snake(name) != output.name:
                body.setdefault("metadata", {})["dharma"] = {"name": output.name}
            found[name] = body
        return found

    def body(self, value: Value, values: ArmValues, *, sensitive: bool = False) -> dict[str, Any]:
        """Type and value of one output."""
        leaks = any(isinstance(n, VariableRef) and n.name in self.secrets for n in walk(value))
        inferred = infer(value, Declared(self._variable_type, self._attribute_type))
        name = inferred.name if inferred.name != "any" else "string"
        kind = arm_type(name, sensitive=sensitive or leaks)
        return {"type": kind, "value": values.json(value)}

    def _variable_type(self, name: str) -> Type:
        return self.types.get(name, ANY)

    def _attribute_type(self, ref: ResourceRef) -> Type:
        """What the catalog says of a native attribute."""
        part = self.parts.get(ref.address)
        kind = self.catalog.kind((part.owner or "").partition(".")[0]) if part else None
        mapping = kind.mapping("arm") if kind is not None else None
        native = ".".join(map(str, ref.path))
        model = mapping.model_attributes.get(native) if mapping is not None else None
        said = kind.attributes.get(model) if kind is not None and model is not None else None
        return parse_type(said) if said is not None else ANY
