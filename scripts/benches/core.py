"""The budgets of the design that hold without a running stack; `gateway` measures the rest."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from figures import Row, cpu_seconds, percentile
from processes import command_cpu
from workload import blueprint_text

EXAMPLE = "examples/aws-three-tier-web.yaml"


def measure() -> Iterator[Row]:
    yield from _cold_commands()
    yield from _compiler()
    yield from _store()


def _cold_commands() -> Iterator[Row]:
    for command, budget in (("validate", None), ("check", 0.6), ("cost", None)):
        cpu, peak = command_cpu(command, EXAMPLE)
        yield Row(f"{command}, cold process", cpu, "s CPU", budget)
        yield Row(f"{command}, peak memory of a process", peak, "MiB")


def _compiler() -> Iterator[Row]:
    from dharma.blueprint.resolution import resolve
    from dharma.blueprint.source import load_blueprint
    from dharma.blueprint.validation import validate
    from dharma.catalog import load_catalog
    from dharma.costing.estimate import estimate
    from dharma.costing.price_book import PriceBook
    from dharma.generator import generate
    from dharma.guardrails.check import check
    from dharma.guardrails.engine import PolicyEngine
    from dharma.guardrails.library import load_policies

    catalog = load_catalog()
    book = PriceBook.open()
    today = datetime.now(UTC).date()
    yield Row("catalog load, warm", cpu_seconds(load_catalog.__wrapped__), "s CPU", 0.06)
    with PolicyEngine(load_policies()) as engine:
        for count in (10, 100, 1000, 10_000):
            runs = 1 if count == 10_000 else 3
            text = blueprint_text(count)
            blueprint = load_blueprint(text)
            resolved = resolve(blueprint, region="us-east-1")

            def parse_and_validate(text: str = text) -> None:
                validate(load_blueprint(text), catalog)

            budget = {1000: 1.0}.get(count)
            yield Row(
                f"parse and validate, {count}",
                cpu_seconds(parse_and_validate, runs),
                "s CPU",
                budget,
            )
            targets = ("terraform", "cloudformation", "pulumi-typescript", "pulumi-python")
            for target in targets:
                yield Row(
                    f"generate {target}, {count}",
                    cpu_seconds(lambda t=target, b=blueprint: generate(b, t, catalog), runs),
                    "s CPU",
                    budget,
                )
            yield Row(
                f"cost, {count}",
                cpu_seconds(lambda r=resolved: estimate(r, book, today=today), runs),
                "s CPU",
                {1000: 0.15}.get(count),
            )
            start = time.perf_counter()
            check(resolved, catalog, engine, "blocking")
            yield Row(
                f"check, {count} (wall)", time.perf_counter() - start, "s", {1000: 2.0}.get(count)
            )


def _store() -> Iterator[Row]:
    from dharma.adapters.local.sqlite_store import SqliteStore
    from dharma.core.clock import SystemClock
    from dharma.core.store import Item

    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(
            Path(folder) / "store.sqlite3", b"cursor key of a bench" * 2, SystemClock()
        )
        items = [
            Item(pk=f"p{number % 20}", sk=f"s{number:05d}", data={"n": number})
            for number in range(2000)
        ]
        writes = [_timed(lambda i=item: store.put(i)) for item in items]
        reads = [_timed(lambda i=item: store.get(i.pk, i.sk)) for item in items]
        queries = [_timed(lambda i=item: store.query(i.pk, limit=50)) for item in items[:500]]
        for name, values in (("put", writes), ("get", reads), ("query of 50", queries)):
            yield Row(f"store {name}, p95", percentile(values, 0.95) * 1000, "ms", 10)


def _timed(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start
