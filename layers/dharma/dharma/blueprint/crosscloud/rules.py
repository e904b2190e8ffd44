"""The counterpart of a group of firewall rules: its rules, in the form that they have there."""

from __future__ import annotations

from dataclasses import replace

from dharma.blueprint.crosscloud import firewalls, naming
from dharma.blueprint.crosscloud.additions import ask_for, complete
from dharma.blueprint.crosscloud.building import built, loops
from dharma.blueprint.crosscloud.conversions import Uncarried
from dharma.blueprint.crosscloud.draft import Draft
from dharma.blueprint.crosscloud.equivalents import MAIN, Place
from dharma.blueprint.crosscloud.properties import groups_of_tags
from dharma.blueprint.crosscloud.remainder import review_rest
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import ResourceRef, Value


def with_rules(draft: Draft) -> list[Resource]:
    found = firewalls.read_rules(draft.cluster)
    for path, why in found.lost:
        draft.review.dropped.append((path, why))
    found.rules = [kept for rule in found.rules if (kept := _peer(draft, rule)) is not None]
    for resource in draft.cluster.resources():
        for name in draft.source.rules:
            if name in resource.properties and resource is draft.cluster.main:
                draft.consumed.add(Place(MAIN, (name,)))
    kinds = " and ".join(draft.target.rules[:2])
    for name in draft.source.rules:
        if draft.cluster.main.properties.get(name) is not None and name in (
            "ingress", "egress", "security_rule", "allow",
        ):  # fmt: skip
            draft.review.carried.append((name, kinds))
    if draft.target.provider == "aws":
        written, added = firewalls.write_aws(found)
        draft.properties[MAIN].update(written)
        if found.in_from_network:
            draft.review.dropped.append(
                ("security_rule", "Azure lets in what comes from the virtual network; add it")
            )
    elif draft.target.provider == "azure":
        rules, added, alike = firewalls.write_azure(found)
        if rules:
            draft.properties[MAIN]["security_rule"] = rules
        for path, why in alike:
            draft.review.approximated.append((path, "security_rule", why))
    else:
        return _gcp_rules(draft, found)
    draft.review.added.extend(added)
    complete(draft)
    made = built(draft)
    review_rest(draft)
    return made


def _gcp_rules(draft: Draft, found: firewalls.Rules) -> list[Resource]:
    network = draft.made(Place(MAIN, ("network",)))
    if network is None:
        ask_for(draft, Place(MAIN, ("network",)), "the network that the rules belong to")
        network = draft.made(Place(MAIN, ("network",)))
    base = draft.cluster.addresses[MAIN]
    _, _, name = base.partition(".")
    plain = naming.spelled(name, "gcp")
    written, added = firewalls.write_gcp(
        found, plain, network, draft.cluster.tag, dict(draft.journey.tags)
    )
    draft.review.added.extend(added)
    made = []
    if written:
        draft.review.added.append(("target_tags", "machines are found by their tag"))
    for end, properties in written.items():
        resource = Resource(
            draft.target.kind,
            f"{name}_{end}",
            properties,
            **loops(draft),
            lifecycle=replace(draft.cluster.main.lifecycle, ignore_changes=()),
        )
        made.append(resource)
        draft.cluster.made[end] = resource
    draft.cluster.addresses[MAIN] = made[0].address if made else ""
    if not made:
        draft.cluster.addresses.pop(MAIN)
        draft.review.reason = "a group without rules is nothing there"
    review_rest(draft)
    return made


def _peer(draft: Draft, rule: firewalls.FirewallRule) -> firewalls.FirewallRule | None:
    tag = firewalls.tag_of(rule.peer)
    peer = rule.peer
    if tag is not None:
        try:
            groups = groups_of_tags(draft, [tag])
        except Uncarried as reason:
            draft.review.dropped.append(("allow", f"tag {tag}: {reason.reason}"))
            return None
        assert isinstance(groups, list)
        peer = groups[0]
    if isinstance(peer, ResourceRef):
        if draft.target.provider == "gcp":
            if rule.direction == "out":
                draft.review.dropped.append(
                    ("egress", f"to {peer.address}: rules outward name ranges there")
                )
                return None
            if peer.address not in draft.journey.tags:
                draft.review.dropped.append(("ingress", f"{peer.address} has no counterpart"))
                return None
        elif draft.target.provider == "aws":
            peer = draft.journey.references.carried(peer, "id")
    return _settled(draft, rule, peer)


def _settled(
    draft: Draft, rule: firewalls.FirewallRule, peer: Value
) -> firewalls.FirewallRule | None:
    carried = draft.journey.references.carried
    try:
        return replace(
            rule,
            protocol=carried(rule.protocol),
            ports=rule.ports and (carried(rule.ports[0]), carried(rule.ports[1])),
            peer=peer if isinstance(peer, ResourceRef) else carried(peer),
            description=carried(rule.description),
        )
    except Uncarried as reason:
        draft.review.dropped.append((rule.direction, reason.reason))
        return None
