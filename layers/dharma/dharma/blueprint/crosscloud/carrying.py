"""The way of a blueprint to another cloud, told once.

1. Resources are grouped into clusters, one for each thing of the table of equivalents.
2. Every cluster gets the addresses of its counterparts, so that references can be carried.
3. Cluster by cluster: the properties that both clouds can say, then what the target must have.
4. Variables, outputs, and the report.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from dharma.blueprint.crosscloud.clusters import Cluster, clusters_of
from dharma.blueprint.crosscloud.conversions import Uncarried
from dharma.blueprint.crosscloud.equivalents import MAIN, Equivalents, load_equivalents
from dharma.blueprint.crosscloud.firewalls import grouped
from dharma.blueprint.crosscloud.journey import Journey
from dharma.blueprint.crosscloud.one_cluster import counterpart
from dharma.blueprint.crosscloud.references import References
from dharma.blueprint.crosscloud.report import ResourceReview, Review
from dharma.blueprint.crosscloud.variables import Variables
from dharma.catalog.catalog import Catalog
from dharma.core.errors import InvalidInput
from dharma.model.blueprint import Blueprint, Output, Provider, Resource, Variable
from dharma.model.expressions.nodes import VariableRef, references

GROUP = "azurerm_resource_group"
_PLACES = ("location", "region")


@dataclass(frozen=True, slots=True)
class CrossCloud:
    """The proposal and the report of it."""

    blueprint: Blueprint
    review: Review


def carry_over(
    blueprint: Blueprint,
    target: Provider,
    catalog: Catalog,
    region: str | None = None,
) -> CrossCloud:
    """The blueprint as a proposal for another cloud.

    `region` is the source's, where the blueprint itself does not say it. Raises InvalidInput when
    the blueprint is the target's already.
    """
    if blueprint.provider == target:
        raise InvalidInput(f"{blueprint.name} is a blueprint of {target} already")
    return _Crossing(blueprint, target, catalog, load_equivalents(), region).carried()


class _Crossing:
    def __init__(
        self,
        blueprint: Blueprint,
        target: Provider,
        catalog: Catalog,
        table: Equivalents,
        region: str | None,
    ) -> None:
        self.blueprint = blueprint
        self.target = target
        self.catalog = catalog
        self.table = table
        self.variables = Variables(blueprint)
        self.notes: list[tuple[str, str]] = []
        self.region = self._region(region)

    def carried(self) -> CrossCloud:
        clusters, rest = clusters_of(self.blueprint, self.table)
        clusters = _merged(clusters)
        place = self.variables.new(
            Variable(
                "location" if self.target == "azure" else "region",
                default=self.region,
                description="The region to deploy into.",
            )
        )
        self._address(clusters)
        by_address = {r.address: cluster for cluster in clusters for r in cluster.resources()}
        self.references = References(by_address, self.target, place)
        made: list[Resource] = []
        reviews: dict[str, ResourceReview] = {}
        tags = {c.main.address: c.tag for c in clusters}
        journey = Journey(
            self.blueprint, self.catalog, self.references, self.variables, place, tags
        )
        for cluster in clusters:
            review = ResourceReview(cluster.main.address, cluster.concept.name)
            reviews[cluster.main.address] = review
            for alias, member in cluster.members.items():
                if alias != MAIN:
                    reviews[member.address] = ResourceReview(
                        member.address,
                        cluster.concept.name,
                        list(cluster.addresses.values())[:1],
                        f"part of {cluster.main.address}",
                    )
            for further in cluster.more:
                reviews[further.address] = ResourceReview(
                    further.address,
                    cluster.concept.name,
                    list(cluster.addresses.values())[:1],
                    f"together with {cluster.main.address}",
                )
            if cluster.target is None:
                review.reason = cluster.concept.absent.get(
                    self.target, f"no counterpart in {self.target}"
                )
                continue
            resources = counterpart(journey, cluster, review)
            made.extend(self._ordered(resource, review) for resource in resources)
            review.counterparts = [r.address for r in cluster.made.values()]
            for alias, member in cluster.members.items():
                if alias != MAIN:
                    reviews[member.address].counterparts = review.counterparts[:1]
        for resource in rest:
            reviews[resource.address] = ResourceReview(
                resource.address,
                reason=self.table.unmatched.get(
                    resource.type, "it has no counterpart in the table of equivalents"
                ),
            )
        if self.target == "azure":
            made.insert(0, self._group(place))
        outputs = [o for output in self.blueprint.outputs if (o := self._output(output))]
        variables, settled, outputs = self.variables.settle(made, outputs)
        ordered = [reviews[r.address] for r in self.blueprint.resources if r.address in reviews]
        review_of_all = Review(
            self.blueprint.provider,
            self.target,
            self.region,
            ordered,
            [*self.notes, *self.variables.notes],
        )
        return CrossCloud(self._proposal(variables, settled, outputs), review_of_all)

    # -- what holds for the whole

    def _region(self, given: str | None) -> str:
        """Where the target stands: near the source, where that is known."""
        source = given
        if source is None:
            literal = Counter(
                place
                for resource in self.blueprint.resources
                for key in _PLACES
                if isinstance(place := resource.properties.get(key), str)
            )
            literal.update(
                variable.default
                for variable in self.blueprint.variables
                if variable.name in _PLACES and isinstance(variable.default, str)
            )
            source = literal.most_common(1)[0][0].lower() if literal else None
        if source is not None:
            near = self.table.near(source, self.blueprint.provider, self.target)
            if near is not None:
                self.notes.append(("region", f"{near} lies near {source}"))
                return near
            self.notes.append(("region", f"{source} is not in the table of regions"))
        default = self.table.default_region[self.target]
        self.notes.append(("region", f"{default} is the default: say where it shall stand"))
        return default

    def _address(self, clusters: list[Cluster]) -> None:
        """The addresses of counterparts; two kinds may become one, then names are told apart."""
        taken: set[str] = set()
        if self.target == "azure":
            taken.add(f"{GROUP}.main")
        for cluster in clusters:
            side = cluster.concept.sides.get(self.target)
            if side is None or self.catalog.kind(side.kind) is None:
                continue
            cluster.target = side
            name, count = cluster.main.name, 1
            kinds = [(MAIN, side.kind), *((part.alias, part.kind) for part in side.parts)]
            while any(f"{kind}.{name}" in taken for _, kind in kinds):
                count += 1
                name = f"{cluster.main.name}_{count}"
            cluster.addresses = {alias: f"{kind}.{name}" for alias, kind in kinds}
            taken.update(cluster.addresses.values())
            cluster.tag = cluster.main.name.lower().replace("_", "-")

    def _group(self, place: VariableRef) -> Resource:
        return Resource(GROUP, "main", {"name": self.blueprint.name, "location": place})

    def _ordered(self, resource: Resource, review: ResourceReview) -> Resource:
        """Order that was stated, as far as the others are there."""
        found: list[str] = []
        for address in resource.depends_on:
            cluster = self.references.clusters.get(address)
            if cluster is not None and MAIN in cluster.addresses:
                found.append(cluster.addresses[MAIN])
            else:
                review.dropped.append(("depends_on", f"{address} has no counterpart"))
        return replace(resource, depends_on=tuple(dict.fromkeys(found)))

    def _output(self, output: Output) -> Output | None:
        try:
            value = self.references.carried(output.value)
            condition = self.references.carried(output.condition)
        except Uncarried as reason:
            self.notes.append((f"output.{output.name}", f"left out: {reason.reason}"))
            return None
        return replace(output, value=value, condition=condition)

    def _proposal(
        self, variables: list[Variable], resources: list[Resource], outputs: list[Output]
    ) -> Blueprint:
        known = {resource.address for resource in resources}
        kept: list[Output] = []
        for output in outputs:
            if all(node.address in known for node in references(output.value)):
                kept.append(output)
            else:
                self.notes.append((f"output.{output.name}", "left out: nothing has it there"))
        tags = [*self.blueprint.metadata.get("tags", ()), "needs-review"]
        source = f"{self.blueprint.name} {self.blueprint.version} ({self.blueprint.provider})"
        return Blueprint(
            self.blueprint.name,
            self.blueprint.version,
            self.target,
            f"Proposed counterpart of {source}: review before use",
            variables=tuple(variables),
            resources=tuple(resources),
            outputs=tuple(kept),
            metadata={"tags": list(dict.fromkeys(tags))},
        )


def _merged(clusters: list[Cluster]) -> list[Cluster]:
    """Firewall rules of Google Cloud for the same machines as one cluster."""
    rules = [c for c in clusters if c.side.provider == "gcp" and c.side.rules]
    if not rules:
        return clusters
    by_main = {cluster.main.address: cluster for cluster in rules}
    further: set[str] = set()
    for group in grouped([cluster.main for cluster in rules]):
        cluster = by_main[group[0].address]
        cluster.more = group[1:]
        further.update(resource.address for resource in cluster.more)
    return [cluster for cluster in clusters if cluster.main.address not in further]
