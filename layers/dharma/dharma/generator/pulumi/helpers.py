"""Functions of Terraform that neither language has: a module of the project with those it uses."""

from __future__ import annotations

from collections.abc import Iterable

_TYPESCRIPT = {
    "cidrHost": """
/** The address of the given number in a network: `10.0.0.5`. */
export function cidrHost(network: string, number: number): string {
    const { value, size } = parse(network);
    const at = BigInt(number);
    const whole = BigInt(1) << BigInt(size - Number(network.split("/")[1]));
    return format(value + (at < BigInt(0) ? whole + at : at), size);
}
""",
    "cidrSubnet": """
/** The network of the given number among those with `bits` more bits: `10.0.1.0/24`. */
export function cidrSubnet(network: string, bits: number, number: number): string {
    const { value, size } = parse(network);
    const length = Number(network.split("/")[1]) + bits;
    if (length > size || BigInt(number) >= BigInt(1) << BigInt(bits)) {
        throw new Error(`${network} has no network ${number} of ${bits} more bits`);
    }
    return `${format(value + (BigInt(number) << BigInt(size - length)), size)}/${length}`;
}
""",
    "flatten": """
/** The elements of all lists, however deep. */
export function flatten(lists: any[]): any[] {
    return lists.flat(Infinity);
}
""",
    "trimPrefix": """
/** The text without the prefix, if it begins with it. */
export function trimPrefix(text: string, prefix: string): string {
    return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}
""",
    "trimSuffix": """
/** The text without the suffix, if it ends with it. */
export function trimSuffix(text: string, suffix: string): string {
    return suffix && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}
""",
    "values": """
/** The values of an object in the order of its keys. */
export function values<T>(object: Record<string, T>): T[] {
    return Object.keys(object)
        .sort()
        .map((key) => object[key]);
}
""",
    "zipMap": """
/** An object of the keys and the values at the same places. */
export function zipMap<T>(keys: string[], values: T[]): Record<string, T> {
    return Object.fromEntries(keys.map((key, n) => [key, values[n]]));
}
""",
}

_ADDRESSES = """
/** The first address of a network as a number, and how many bits an address has. */
function parse(network: string): { value: bigint; size: number } {
    const [address, length] = network.split("/");
    const [group, size, base] = address.includes(":") ? [16, 128, 16] : [8, 32, 10];
    const [head, tail] = address.split("::");
    const words = (text?: string) => (text ? text.split(base === 16 ? ":" : ".") : []);
    const gap = size / group - words(head).length - words(tail).length;
    const all = [...words(head), ...Array(Math.max(0, gap)).fill("0"), ...words(tail)];
    let value = BigInt(0);
    for (const word of all) {
        value = (value << BigInt(group)) + BigInt(parseInt(word, base));
    }
    const host = BigInt(size - Number(length));
    return { value: (value >> host) << host, size };
}

/** The text of an address; of IPv6, its longest run of zeros left out. */
function format(value: bigint, size: number): string {
    const group = size === 32 ? 8 : 16;
    const words: string[] = [];
    for (let shift = size - group; shift >= 0; shift -= group) {
        const word = (value >> BigInt(shift)) & ((BigInt(1) << BigInt(group)) - BigInt(1));
        words.push(word.toString(size === 32 ? 10 : 16));
    }
    if (size === 32) {
        return words.join(".");
    }
    const runs = words.join(":").match(/(?:^|:)0(?::0)+(?=:|$)/g) ?? [];
    const longest = runs.reduce((best, run) => {
        const length = run.replace(/:/g, "").length;
        return length > best.replace(/:/g, "").length ? run : best;
    }, "");
    const text = words.join(":");
    return longest ? text.replace(longest, ":").replace(/^:$|^:(?!:)|(?<!:):$/, "::") : text;
}
"""

_PYTHON = {
    "cidr_host": '''
def cidr_host(network: str, number: int) -> str:
    """The address of the given number in a network: `10.0.0.5`."""
    return str(ipaddress.ip_network(network, strict=False)[number])
''',
    "cidr_subnet": '''
def cidr_subnet(network: str, bits: int, number: int) -> str:
    """The network of the given number among those with `bits` more bits: `10.0.1.0/24`."""
    whole = ipaddress.ip_network(network, strict=False)
    length = whole.prefixlen + bits
    if length > whole.max_prefixlen or number >= 1 << bits:
        raise ValueError(f"{network} has no network {number} of {bits} more bits")
    first = int(whole.network_address) + (number << (whole.max_prefixlen - length))
    return f"{type(whole.network_address)(first)}/{length}"
''',
    "flatten": '''
def flatten(lists: list) -> list:
    """The elements of all lists, however deep."""
    found = []
    for item in lists:
        found.extend(flatten(item) if isinstance(item, list) else [item])
    return found
''',
}


def typescript_helpers(used: Iterable[str]) -> str:
    names = sorted(set(used))
    parts = [_TYPESCRIPT[name].strip("\n") for name in names]
    if any(name.startswith("cidr") for name in names):
        parts.append(_ADDRESSES.strip("\n"))
    return "\n\n".join(parts) + "\n"


def python_helpers(used: Iterable[str]) -> str:
    names = sorted(set(used))
    parts = [_PYTHON[name].strip("\n") for name in names]
    text = "\n\n\n".join(parts) + "\n"
    return f"import ipaddress\n\n\n{text}" if any(n.startswith("cidr") for n in names) else text
