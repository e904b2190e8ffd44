"""References on the way to another cloud: to the counterpart, by its own attribute there."""

from __future__ import annotations

from collections.abc import Mapping

from dharma.blueprint.crosscloud.clusters import Cluster
from dharma.blueprint.crosscloud.conversions import Uncarried
from dharma.blueprint.crosscloud.equivalents import MAIN, Place
from dharma.blueprint.crosscloud.paths import get_at
from dharma.model.expressions.nodes import (
    Ambient,
    Expression,
    ResourceRef,
    Splat,
    Symbol,
    Unknown,
    Value,
    VariableRef,
    transform,
    walk,
)

# What the place of deployment gives in each cloud. The number of an account, the id of a
# subscription and a project are what their resources belong to.
_AMBIENT = {
    "aws": {"account": "account_id"},
    "azure": {"account": "subscription_id"},
    "gcp": {"account": "project"},
}
_SHARED_AMBIENT = {"account_id": "account", "subscription_id": "account", "project": "account"}


class References:
    """`clusters` by the address of each of their resources."""

    def __init__(
        self, clusters: Mapping[str, Cluster], target: str, region: VariableRef | None
    ) -> None:
        self.clusters = clusters
        self.target = target
        self.region = region

    def carried(self, value: Value, attribute: str | None = None) -> Value:
        """The value with every reference changed; Uncarried where one has no counterpart.

        `attribute` is the one that is named of the counterpart, whatever the source names.
        """
        self._require_known(value)
        return transform(_splats(value, self, attribute), lambda n: self._node(n, attribute))

    def _require_known(self, value: Value) -> None:
        for node in walk(value):
            if isinstance(node, Symbol) and node.path[0] in ("data", "local", "module", "path"):
                raise Uncarried(f"{'.'.join(map(str, node.path))} is looked up in the source cloud")
            if isinstance(node, Unknown):
                raise Uncarried(f"its value is not known: {node.reason}")

    def _node(self, node: Value, attribute: str | None) -> Value:
        if isinstance(node, Ambient):
            return self._ambient(node)
        if isinstance(node, ResourceRef) and node.address in self.clusters:
            return self._reference(node, attribute)
        if isinstance(node, ResourceRef) and node.address not in self._made():
            raise Uncarried(f"{node.address} has no counterpart")
        return node

    def _made(self) -> set[str]:
        return {a for cluster in self.clusters.values() for a in cluster.addresses.values()}

    def _ambient(self, node: Ambient) -> Value:
        if node.name == "region":
            if self.region is None:
                return node
            return self.region
        shared = _SHARED_AMBIENT.get(node.name)
        if shared is not None:
            return Ambient(_AMBIENT[self.target][shared])
        if node.name in ("deployment_name", "deployment_id"):
            return node
        raise Uncarried(f"{node.name} is a thing of the source cloud")

    def _reference(self, node: ResourceRef, attribute: str | None) -> ResourceRef:
        cluster = self.clusters[node.address]
        if cluster.target is None or MAIN not in cluster.addresses:
            raise Uncarried(f"{node.address} has no counterpart")
        if attribute is not None:
            place = self._named(cluster, attribute)
        else:
            place = self._place(cluster, node)
        address = cluster.addresses.get(place.part)
        if address is None:
            raise Uncarried(f"{node.address} has no counterpart of {'.'.join(map(str, node.path))}")
        return ResourceRef(address, place.steps, node.instance)

    def _named(self, cluster: Cluster, attribute: str) -> Place:
        assert cluster.target is not None
        shared = cluster.target.attributes.get(attribute)
        if shared:
            return shared[0]
        return Place(MAIN, (attribute,))

    def _place(self, cluster: Cluster, node: ResourceRef) -> Place:
        """Where the counterpart has what the source names: an attribute or a carried property."""
        assert cluster.target is not None
        part = next(a for a, r in cluster.members.items() if r.address == node.address)
        for shared, places in cluster.side.attributes.items():
            if Place(part, node.path) in places:
                there = cluster.target.attributes.get(shared)
                if there:
                    return there[0]
                raise Uncarried(f"{'.'.join(map(str, node.path))} has no counterpart there")
        name = cluster.side.name
        if name is not None and name == Place(part, node.path) and cluster.target.name:
            return cluster.target.name
        for carried in cluster.concept.carries:
            end = carried.ends.get(cluster.side.provider)
            other = carried.ends.get(cluster.target.provider)
            if end is None or other is None or end.place != Place(part, node.path):
                continue
            if end.conversions == other.conversions and self._is_set(cluster, other.place):
                return other.place
        raise Uncarried(f"{'.'.join(map(str, node.path)) or 'all'} of it has no counterpart there")

    def _is_set(self, cluster: Cluster, place: Place) -> bool:
        made = cluster.made.get(place.part)
        return made is not None and get_at(made.properties, place.steps) is not None


def _splats(value: Value, references: References, attribute: str | None) -> Value:
    """`aws_subnet.app[*].id`: the attribute stands behind the splat, not in the reference."""

    def change(node: Value) -> Value:
        if not isinstance(node, Splat) or not isinstance(node.collection, ResourceRef):
            return node
        whole = node.collection
        if whole.path or whole.address not in references.clusters:
            return node
        one = references.carried(ResourceRef(whole.address, node.path), attribute)
        assert isinstance(one, ResourceRef)
        return Splat(ResourceRef(one.address), one.path)

    if isinstance(value, Expression | list | dict):
        return transform(value, change)
    return value
