"""Which name every part of a document gets. The schemes themselves are in `naming`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dharma.catalog.formats import ADDRESSED, Format
from dharma.catalog.kinds import FormatMapping
from dharma.catalog.naming import (
    REFERABLE,
    Names,
    deployment_name,
    logical_id,
    name_in_logical_id,
    pascal,
)
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Value


class PartNames:
    """The names of one document. `main` has the main part's name for each address.

    Who is given a name depends on addresses alone, never on the order of resources: names that were
    chosen by hand come first, then those that read back by themselves.
    """

    def __init__(
        self,
        resources: Sequence[Resource],
        mappings: Mapping[str, FormatMapping | None],
        format: Format,
    ) -> None:
        self._mappings = mappings
        self._format = format
        self._names = Names()
        joint = {"cloudformation": "", "deployment_manager": "-"}.get(format, "_")
        self.main = {
            resource.address: self._names.take(self._wanted(resource), resource.address, joint)
            for resource in sorted(resources, key=self._order)
        }

    def piece(self, resource: Resource, native_type: str, suffix: str = "") -> str:
        """A name for a part that is unfolded from a resource; `suffix` tells several apart."""
        purpose = f"{resource.address}:{native_type}:{suffix}"
        if self._format in ADDRESSED:
            name = f"{resource.name}_{suffix}" if suffix else resource.name
            return self._names.take(f"{native_type}.{name}", purpose, "_")
        noun = native_type.rsplit("::", 1)[-1]
        mapping, chosen = self._mappings[resource.address], chosen_id(resource)
        stem = pascal(resource.name)
        if chosen is not None:
            stem = chosen.removesuffix(mapping.noun) if mapping is not None else chosen
        return self._names.take(f"{stem}{noun}{pascal(suffix)}", purpose)

    def with_metadata(self, resource: Resource, native: dict[str, Value]) -> dict[str, Value]:
        """The attributes of a CloudFormation resource, with its name where the logical id does not
        tell it."""
        native = {key: value for key, value in native.items() if key != "LogicalId"}
        if not self._tells(resource, self.main[resource.address]):
            metadata = native.get("Metadata")
            given = dict(metadata) if isinstance(metadata, dict) else {}
            native["Metadata"] = {**given, "Dharma": {"Name": resource.name}}
        return native

    def _wanted(self, resource: Resource) -> str:
        mapping = self._mappings[resource.address]
        if self._format in ADDRESSED:
            return f"{mapping.type if mapping is not None else resource.type}.{resource.name}"
        chosen = self._chosen(resource)
        if chosen is not None:
            return chosen
        if mapping is None:
            return resource.name
        if self._format == "deployment_manager":
            return deployment_name(resource.name, mapping.noun)
        return logical_id(resource.name, mapping.noun)

    def _chosen(self, resource: Resource) -> str | None:
        if self._format == "deployment_manager":
            return chosen_deployment_name(resource)
        return chosen_id(resource)

    def _order(self, resource: Resource) -> tuple[bool, bool, str]:
        if self._format in ADDRESSED:
            return False, False, resource.address
        tells = self._tells(resource, self._wanted(resource))
        return self._chosen(resource) is None, not tells, resource.address

    def _tells(self, resource: Resource, identifier: str) -> bool:
        mapping = self._mappings[resource.address]
        if self._format == "deployment_manager":
            return self._chosen(resource) is None
        return mapping is None or name_in_logical_id(identifier, mapping.noun) == resource.name


def chosen_id(resource: Resource) -> str | None:
    """The logical id that the author wants, if it is a valid one."""
    chosen = resource.native.get("cloudformation", {}).get("LogicalId")
    if isinstance(chosen, str) and chosen.isalnum() and chosen.isascii():
        return chosen
    return None


def chosen_deployment_name(resource: Resource) -> str | None:
    """The name that the author wants in a Deployment Manager configuration, if references can
    carry it."""
    chosen = resource.native.get("deployment_manager", {}).get("name")
    return chosen if isinstance(chosen, str) and REFERABLE.match(chosen) else None
