"""EKS cluster. Price rule: hours while the control plane exists; a version in extended support
costs more, which no property tells (https://aws.amazon.com/eks/pricing/)."""

from __future__ import annotations

from dharma.costing.component import HOURS_PER_MONTH, Component, PricedKind, PricedResource

priced = PricedKind("aws_eks_cluster")


@priced.component
def control_plane(_: PricedResource) -> Component:
    return Component(("EKS cluster",), "eks", "cluster/standard", HOURS_PER_MONTH)
