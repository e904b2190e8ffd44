"""Address ranges. The rules are those of Terraform's cidr functions, for IPv4 and IPv6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dharma.model.expressions.conversion import as_integer, as_text
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.functions.registry import function
from dharma.model.expressions.nodes import Value

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network


def _network(text: Value) -> IPv4Network | IPv6Network:
    import ipaddress

    prefix = as_text(text)
    if "/" not in prefix:
        raise EvaluationError(f"{prefix!r} is no address range such as 10.0.0.0/16")
    try:
        return ipaddress.ip_network(prefix, strict=False)
    except ValueError as error:
        raise EvaluationError(f"{prefix!r} is no address range such as 10.0.0.0/16") from error


@function("cidrsubnet", "string")
def cidrsubnet(prefix: Value, newbits: Value, netnum: Value) -> Value:
    network, bits, number = _network(prefix), as_integer(newbits), as_integer(netnum)
    length = network.prefixlen + bits
    if bits < 0 or length > network.max_prefixlen:
        raise EvaluationError(f"cidrsubnet: {network} cannot be extended by {bits} bits")
    if not 0 <= number < 2**bits:
        raise EvaluationError(f"cidrsubnet: {bits} bits have no room for number {number}")
    start = int(network.network_address) + (number << (network.max_prefixlen - length))
    return f"{type(network.network_address)(start)}/{length}"


@function("cidrhost", "string")
def cidrhost(prefix: Value, hostnum: Value) -> Value:
    network, number = _network(prefix), as_integer(hostnum)
    size = 2 ** (network.max_prefixlen - network.prefixlen)
    if not -size <= number < size:
        raise EvaluationError(f"cidrhost: {network} has no address number {number}")
    offset = number if number >= 0 else size + number
    return str(type(network.network_address)(int(network.network_address) + offset))


@function("cidrnetmask", "string")
def cidrnetmask(prefix: Value) -> Value:
    network = _network(prefix)
    if network.version != 4:
        raise EvaluationError("cidrnetmask: IPv6 has no network masks")
    return str(network.netmask)


@function("cidrsubnets", "list(string)")
def cidrsubnets(prefix: Value, *newbits: Value) -> Value:
    network = _network(prefix)
    result: list[Value] = []
    position = int(network.network_address)
    end = int(network.broadcast_address) + 1
    for value in newbits:
        bits = as_integer(value)
        length = network.prefixlen + bits
        if bits < 1 or length > network.max_prefixlen:
            raise EvaluationError(f"cidrsubnets: {network} cannot be extended by {bits} bits")
        size = 1 << (network.max_prefixlen - length)
        position = -(-position // size) * size
        if position + size > end:
            raise EvaluationError(f"cidrsubnets: {network} has no room for all these ranges")
        result.append(f"{type(network.network_address)(position)}/{length}")
        position += size
    return result
