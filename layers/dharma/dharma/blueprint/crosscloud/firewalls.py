"""Firewall rules between security groups (AWS), network security groups (Azure) and firewall rules
of a network (Google Cloud).

What each does without a rule differs, and is said: a security group lets out only what its rules
say; Azure lets out everything and lets in whatever comes from the virtual network; Google Cloud
lets out everything. Security groups cannot deny.

Sources: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html,
https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules,
https://cloud.google.com/firewall/docs/firewalls#default_firewall_rules
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from dharma.blueprint.crosscloud.clusters import Cluster
from dharma.blueprint.crosscloud.listed import as_list
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Expression, ResourceRef, Value

ANYWHERE = "0.0.0.0/0"
_LAST = 4096
_CLOSED = "closed"
_AZURE_PROTOCOLS = {
    "tcp": "Tcp",
    "udp": "Udp",
    "icmp": "Icmp",
    "all": "*",
    "esp": "Esp",
    "ah": "Ah",
}


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """`direction` in or out; `protocol` tcp, udp, icmp, esp, ah or all; `ports` None for all, else
    first and last; `peer` a range of addresses, or a reference to a group."""

    direction: str
    protocol: Value
    ports: tuple[Value, Value] | None
    peer: Value
    description: Value = None


@dataclass(slots=True)
class Rules:
    """What a group says: its rules, and what could not be read of it."""

    rules: list[FirewallRule]
    lost: list[tuple[str, str]]
    out_is_open: bool = False
    in_from_network: bool = False


def read_rules(cluster: Cluster) -> Rules:
    """The rules of a group in the form that clouds share."""
    reader = {"aws": _read_aws, "azure": _read_azure, "gcp": _read_gcp}
    return reader[cluster.side.provider](cluster)


# -- AWS


def _read_aws(cluster: Cluster) -> Rules:
    rules = Rules([], [])
    for direction, name in (("in", "ingress"), ("out", "egress")):
        found = cluster.main.properties.get(name)
        if found is None:
            continue
        if not isinstance(found, list):
            rules.lost.append((name, "rules that an expression makes are not carried"))
            continue
        for position, element in enumerate(found):
            path = f"{name}.{position}"
            if not isinstance(element, dict):
                rules.lost.append((path, "a rule that an expression makes is not carried"))
                continue
            if element.get("prefix_list_id") is not None:
                rules.lost.append((path, "prefix lists are lists of AWS"))
                continue
            protocol = element.get("protocol")
            protocol = "all" if protocol == "-1" else protocol
            first, last = element.get("from_port"), element.get("to_port")
            whole = protocol in ("all", "icmp") or (first in (None, 0) and last in (None, 65535))
            peer = element.get("cidr_ipv4")
            peer = element.get("cidr_ipv6") if peer is None else peer
            peer = element.get("source_security_group_id") if peer is None else peer
            rules.rules.append(
                FirewallRule(
                    direction,
                    protocol,
                    None if whole else (first, last),
                    ANYWHERE if peer is None else peer,
                    element.get("description"),
                )
            )
    return rules


def write_aws(rules: Rules) -> tuple[dict[str, Value], list[tuple[str, str]]]:
    """`ingress` and `egress`, and what else was written."""
    written: dict[str, list[Value]] = {"ingress": [], "egress": []}
    added: list[tuple[str, str]] = []
    for rule in rules.rules:
        element: dict[str, Value] = {"protocol": "-1" if rule.protocol == "all" else rule.protocol}
        if rule.ports is not None:
            element["from_port"], element["to_port"] = rule.ports
        elif rule.protocol == "icmp":
            element["from_port"], element["to_port"] = -1, -1
        elif rule.protocol != "all":
            element["from_port"], element["to_port"] = 0, 65535
        if isinstance(rule.peer, ResourceRef):
            element["source_security_group_id"] = rule.peer
        elif isinstance(rule.peer, str) and ":" in rule.peer:
            element["cidr_ipv6"] = rule.peer
        else:
            element["cidr_ipv4"] = rule.peer
        if rule.description:
            element["description"] = rule.description
        written["ingress" if rule.direction == "in" else "egress"].append(element)
    if rules.out_is_open and not any(r.direction == "out" for r in rules.rules):
        written["egress"].append({"protocol": "-1", "cidr_ipv4": ANYWHERE})
        added.append(("egress", "the source lets everything out where no rule says otherwise"))
    return {key: value for key, value in written.items() if value}, added


# -- Azure


def _read_azure(cluster: Cluster) -> Rules:
    rules = Rules([], [], out_is_open=True, in_from_network=True)
    found = cluster.main.properties.get("security_rule")
    if found is None:
        return rules
    if not isinstance(found, list):
        return replace(rules, lost=[("security_rule", "rules made by an expression")])
    for position, element in enumerate(found):
        path = f"security_rule.{position}"
        if not isinstance(element, dict):
            rules.lost.append((path, "a rule that an expression makes is not carried"))
            continue
        inward = element.get("direction") == "Inbound"
        if element.get("access") == "Deny":
            if element.get("priority") == _LAST and element.get("protocol") == "*":
                rules.in_from_network &= not inward
                rules.out_is_open &= inward
            else:
                rules.lost.append((path, "a rule that denies is not carried"))
            continue
        far = "source" if inward else "destination"
        if any(element.get(f"{end}_application_security_group_ids") for end in (far,)):
            rules.lost.append((path, "application security groups are groups of Azure"))
            continue
        peers = element.get(f"{far}_address_prefixes") or [element.get(f"{far}_address_prefix")]
        ranges = element.get("destination_port_ranges") or [element.get("destination_port_range")]
        shared = {v.lower(): k for k, v in _AZURE_PROTOCOLS.items()}
        protocol = shared.get(str(element.get("protocol")).lower(), "all")
        for peer in as_list(peers):
            if peer in ("VirtualNetwork", "AzureLoadBalancer", "Internet") and peer != "Internet":
                rules.lost.append((path, f"{peer} is a name of Azure"))
                continue
            for ports in as_list(ranges):
                if not _readable(ports):
                    rules.lost.append((path, f"{ports} are no ports"))
                    continue
                rules.rules.append(
                    FirewallRule(
                        "in" if inward else "out",
                        protocol,
                        _ports(ports),
                        ANYWHERE if peer in (None, "*", "Internet") else peer,
                        element.get("description"),
                    )
                )
    return rules


def write_azure(rules: Rules) -> tuple[list[Value], list[tuple[str, str]], list[tuple[str, str]]]:
    """The rules of a network security group, what was added, and what is only alike."""
    written: list[Value] = []
    added: list[tuple[str, str]] = []
    alike: list[tuple[str, str]] = []
    priority = {"in": 100, "out": 100}
    for rule in rules.rules:
        peer: Value = rule.peer
        if isinstance(peer, ResourceRef):
            alike.append(
                (
                    "in" if rule.direction == "in" else "out",
                    "a rule for members of a group became one for the whole virtual network: Azure"
                    " has application security groups for that",
                )
            )
            peer = "VirtualNetwork"
        near, far = (
            ("destination", "source") if rule.direction == "in" else ("source", "destination")
        )
        element: dict[str, Value] = {
            "name": f"allow-{rule.direction}-{priority[rule.direction]}",
            "priority": priority[rule.direction],
            "direction": "Inbound" if rule.direction == "in" else "Outbound",
            "access": "Allow",
            "protocol": _AZURE_PROTOCOLS.get(str(rule.protocol), "*"),
            "source_port_range": "*",
            "destination_port_range": _range(rule.ports, "*"),
            f"{far}_address_prefix": peer,
            f"{near}_address_prefix": "*",
        }
        if rule.description:
            element["description"] = rule.description
        priority[rule.direction] += 10
        written.append(element)
    for direction, closed in (("in", not rules.in_from_network), ("out", not rules.out_is_open)):
        if closed:
            inward = direction == "in"
            written.append(
                {
                    "name": f"{_CLOSED}-{direction}",
                    "priority": _LAST,
                    "direction": "Inbound" if inward else "Outbound",
                    "access": "Deny",
                    "protocol": "*",
                    "source_port_range": "*",
                    "destination_port_range": "*",
                    "source_address_prefix": "*",
                    "destination_address_prefix": "*",
                }
            )
            said = "lets in what comes from its network" if inward else "lets everything out"
            added.append((f"security_rule {_CLOSED}-{direction}", f"else Azure {said}"))
    return written, added, alike


# -- Google Cloud


def _read_gcp(cluster: Cluster) -> Rules:
    rules = Rules([], [], out_is_open=True)
    for resource in [cluster.main, *cluster.more]:
        where = "" if resource is cluster.main else f"{resource.address} "
        said = resource.properties
        if said.get("deny"):
            if said.get("direction") == "EGRESS" and said.get("priority") == 65534:
                rules.out_is_open = False
            else:
                rules.lost.append((f"{where}deny", "a rule that denies is not carried"))
            continue
        inward = said.get("direction", "INGRESS") == "INGRESS"
        peers: Any = said.get("source_ranges" if inward else "destination_ranges")
        if said.get("source_service_accounts") or said.get("target_service_accounts"):
            rules.lost.append((f"{where}allow", "rules by service account are not carried"))
            continue
        if peers is not None and not isinstance(peers, list):
            rules.lost.append((f"{where}allow", "ranges that an expression makes are not carried"))
            continue
        peers = list(peers or [])
        tags = said.get("source_tags")
        if isinstance(tags, list):
            peers.extend(_Tag(str(tag)) for tag in tags)
        for entry in as_list(said.get("allow") or []):
            if not isinstance(entry, dict):
                rules.lost.append((f"{where}allow", "what an expression makes is not carried"))
                continue
            for ports in as_list(entry.get("ports")) or [None]:
                if not _readable(ports):
                    rules.lost.append((f"{where}allow", f"{ports} are no ports"))
                    continue
                for peer in peers or [ANYWHERE]:
                    rules.rules.append(
                        FirewallRule(
                            "in" if inward else "out",
                            entry.get("protocol"),
                            _ports(ports),
                            peer,
                            said.get("description"),
                        )
                    )
    return rules


@dataclass(frozen=True, slots=True)
class _Tag(Expression):
    """A group of machines that Google's rules name by a tag."""

    name: str


def tag_of(peer: Value) -> str | None:
    return peer.name if isinstance(peer, _Tag) else None


def write_gcp(
    rules: Rules, name: str, network: Value, tag: str, tags: dict[str, str]
) -> tuple[dict[str, dict[str, Value]], list[tuple[str, str]]]:
    """Firewall rules by the end of their names, and what was added. `tags` are those of groups, by
    the address of the group."""
    grouped: dict[tuple[str, str], list[FirewallRule]] = {}
    for rule in rules.rules:
        sort = "tag" if isinstance(rule.peer, ResourceRef) else _family(rule.peer)
        grouped.setdefault((rule.direction, sort), []).append(rule)
    written: dict[str, dict[str, Value]] = {}
    added: list[tuple[str, str]] = []
    for (direction, sort), members in grouped.items():
        for position, (peers, entries) in enumerate(_by_entries(members)):
            end = f"{direction}{'' if sort == 'v4' else f'_{sort}'}{position or ''}"
            said: dict[str, Value] = {
                "name": f"{name}-{end.replace('_', '-')}",
                "network": network,
                "direction": "INGRESS" if direction == "in" else "EGRESS",
                "allow": entries,
                "target_tags": [tag],
            }
            if sort == "tag":
                said["source_tags"] = [tags[p.address] for p in peers if isinstance(p, ResourceRef)]
            else:
                said["source_ranges" if direction == "in" else "destination_ranges"] = list(peers)
            written[end] = said
    if not rules.out_is_open and not _all_out(rules):
        written["closed"] = {
            "name": f"{name}-closed",
            "network": network,
            "direction": "EGRESS",
            "priority": 65534,
            "deny": [{"protocol": "all"}],
            "destination_ranges": [ANYWHERE],
            "target_tags": [tag],
        }
        added.append(("deny", "else Google Cloud lets everything out"))
    return written, added


def _all_out(rules: Rules) -> bool:
    return any(
        r.direction == "out" and r.protocol == "all" and r.peer == ANYWHERE for r in rules.rules
    )


def _by_entries(members: list[FirewallRule]) -> list[tuple[list[Value], list[Value]]]:
    """Peers that may use the same ports share one rule."""
    entries: dict[str, tuple[Value, list[Value]]] = {}
    for rule in members:
        key = repr(rule.peer)
        entry: dict[str, Value] = {"protocol": rule.protocol}
        if rule.ports is not None:
            entry["ports"] = [_range(rule.ports, "")]
        entries.setdefault(key, (rule.peer, []))[1].append(entry)
    shared: dict[str, tuple[list[Value], list[Value]]] = {}
    for peer, allowed in entries.values():
        shared.setdefault(repr(allowed), ([], allowed))[0].append(peer)
    return list(shared.values())


def _family(peer: Value) -> str:
    return "v6" if isinstance(peer, str) and ":" in peer else "v4"


def _range(ports: tuple[Value, Value] | None, whole: str) -> Value:
    if ports is None:
        return whole
    first, last = ports
    if first == last:
        return first if isinstance(first, Expression) else str(first)
    if isinstance(first, Expression) or isinstance(last, Expression):
        from dharma.model.expressions.templates import join_parts

        return join_parts([first, "-", last])
    return f"{first}-{last}"


def _readable(ports: Value) -> bool:
    if ports is None or isinstance(ports, Expression):
        return True
    return re.fullmatch(r"\*|[0-9]{1,5}(-[0-9]{1,5})?", str(ports)) is not None


def _ports(text: Value) -> tuple[Value, Value] | None:
    if text is None or text == "*":
        return None
    if isinstance(text, Expression):
        return text, text
    first, _, last = str(text).partition("-")
    low, high = int(first), int(last or first)
    return None if (low, high) == (0, 65535) else (low, high)


def grouped(resources: list[Resource]) -> list[list[Resource]]:
    """Google's rules for the same machines of a network, which are one group elsewhere."""
    groups: dict[str, list[Resource]] = {}
    for resource in resources:
        tags = resource.properties.get("target_tags")
        same = repr((resource.properties.get("network"), tags)) if tags else resource.address
        groups.setdefault(same, []).append(resource)
    return list(groups.values())
