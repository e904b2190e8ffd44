"""Requests per second and latency of a running gateway.

`python -m dharma_local.bench [--path /health] [--token TOKEN] [--seconds 5] [--connections 16]`

Keeps some connections busy, one request after the other on each, from this one process: what it
costs itself is taken from the same machine. Prints a table and, as the last line, one JSON object
(`requests_per_second`; latencies in milliseconds).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from dharma_local.supervisor import Stack


@dataclass(frozen=True, slots=True)
class Figures:
    path: str
    connections: int
    seconds: float
    requests: int
    errors: int
    requests_per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


async def measure(
    url: str, path: str, *, token: str | None = None, seconds: float = 5.0, connections: int = 16
) -> Figures:
    """Load one path for so long; answers other than 2xx count as errors."""
    place = urlsplit(url)
    authorization = f"authorization: Bearer {token}\r\n" if token else ""
    request = f"GET {path} HTTP/1.1\r\nhost: {place.netloc}\r\n{authorization}\r\n".encode()
    host, port = place.hostname or "127.0.0.1", place.port or 80
    await _load(host, port, request, time.perf_counter() + 0.5, connections)  # warm
    begin = time.perf_counter()
    times, errors = await _load(host, port, request, begin + seconds, connections)
    took = time.perf_counter() - begin
    times.sort()

    def at(share: float) -> float:
        return round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 2)

    return Figures(
        path=path,
        connections=connections,
        seconds=round(took, 2),
        requests=len(times),
        errors=errors,
        requests_per_second=round(len(times) / took, 1),
        p50_ms=at(0.5),
        p95_ms=at(0.95),
        p99_ms=at(0.99),
        max_ms=at(1.0),
    )


async def _load(
    host: str, port: int, request: bytes, until: float, connections: int
) -> tuple[list[float], int]:
    results = await asyncio.gather(
        *(_one_connection(host, port, request, until) for _ in range(connections))
    )
    return [t for times, _ in results for t in times], sum(errors for _, errors in results)


async def _one_connection(
    host: str, port: int, request: bytes, until: float
) -> tuple[list[float], int]:
    reader, writer = await asyncio.open_connection(host, port)
    times: list[float] = []
    errors = 0
    while time.perf_counter() < until:
        begin = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().split(b"content-length:")[1].split(b"\r\n")[0]
        await reader.readexactly(int(length))
        times.append(time.perf_counter() - begin)
        if head[9:10] != b"2":
            errors += 1
    writer.close()
    return times, errors


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", default=None, help="default: the running stack")
    parser.add_argument("--path", default="/health")
    parser.add_argument("--token", default=None)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=16)
    given = parser.parse_args()
    figures = asyncio.run(
        measure(
            given.url or Stack().url(),
            given.path,
            token=given.token,
            seconds=given.seconds,
            connections=given.connections,
        )
    )
    for name, value in asdict(figures).items():
        print(f"{name:>20}  {value}")
    print(json.dumps(asdict(figures)))


if __name__ == "__main__":
    main()
