/** The network of the given number among those with `bits` more bits: `10.0.1.0/24`. */
export function cidrSubnet(network: string, bits: number, number: number): string {
    const { value, size } = parse(network);
    const length = Number(network.split("/")[1]) + bits;
    if (length > size || BigInt(number) >= BigInt(1) << BigInt(bits)) {
        throw new Error(`${network} has no network ${number} of ${bits} more bits`);
    }
    return `${format(value + (BigInt(number) << BigInt(size - length)), size)}/${length}`;
}

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
