import ipaddress


def cidr_subnet(network: str, bits: int, number: int) -> str:
    """The network of the given number among those with `bits` more bits: `10.0.1.0/24`."""
    whole = ipaddress.ip_network(network, strict=False)
    length = whole.prefixlen + bits
    if length > whole.max_prefixlen or number >= 1 << bits:
        raise ValueError(f"{network} has no network {number} of {bits} more bits")
    first = int(whole.network_address) + (number << (whole.max_prefixlen - length))
    return f"{type(whole.network_address)(first)}/{length}"
