"""No figure without its row in the price files: every example, every component of every kind."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dharma.blueprint.resolution import resolve
from dharma.blueprint.source import load_blueprint
from dharma.costing.component import Answer, PricedResource
from dharma.costing.components import PRICED
from dharma.costing.cost_line import CostLine
from dharma.costing.estimate import CostEstimate, Unpriced, estimate
from dharma.costing.money import NanoDollars, from_dollars, times
from dharma.costing.price_book import PRICES, PriceBook
from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance
from dharma.model.expressions.nodes import ResourceRef
from tests.unit.examples import EXAMPLES, KINDS

Row = dict[str, str]
TODAY = date(2026, 11, 1)
REGIONS = ("us-east-1", "eu-west-1")
# So much of everything that the dearest tier of each price is reached.
USAGE = 5_000_000_000
# What no example buys: other variants of its kinds, and types that the catalog passes through.
# The first resource is the one meant; each is called `x`.
VARIANTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "a WebSocket API": [("aws_apigatewayv2_api", {"protocol_type": "WEBSOCKET"})],
    "a database with more IOPS than are included": [
        (
            "aws_db_instance",
            {
                "engine": "postgres",
                "instance_class": "db.t3.micro",
                "allocated_storage": 100,
                "storage_type": "gp3",
                "iops": 12_000,
            },
        )
    ],
    "a gp2 volume": [("aws_ebs_volume", {"type": "gp2", "size": 100})],
    "a magnetic volume": [("aws_ebs_volume", {"type": "standard", "size": 10})],
    "a serverless member of a cluster": [
        (
            "aws_rds_cluster_instance",
            {"engine": "aurora-postgresql", "instance_class": "db.serverless"},
        )
    ],
    "a topic": [("aws_sns_topic", {})],
    "an advanced parameter": [("aws_ssm_parameter", {"tier": "Advanced"})],
    "a pipe": [("AWS::Pipes::Pipe", {})],
    "a serverless cache": [("AWS::ElastiCache::ServerlessCache", {"Engine": "valkey"})],
    "a burstable instance with a volume of its own": [
        (
            "aws_instance",
            {
                "instance_type": "t3.medium",
                "ebs_block_device": [{"device_name": "/dev/sdf", "volume_size": 10}],
            },
        )
    ],
    "an instance of a type that is optimized at a price": [
        ("aws_instance", {"instance_type": "r3.xlarge", "ebs_optimized": True})
    ],
    "a group of types that are optimized at a price": [
        (
            "aws_autoscaling_group",
            {
                "min_size": 2,
                "launch_configuration": ResourceRef("aws_launch_configuration.x", ("name",)),
            },
        ),
        ("aws_launch_configuration", {"instance_type": "r3.xlarge", "ebs_optimized": True}),
    ],
    "a group of burstable types": [
        (
            "aws_autoscaling_group",
            {
                "min_size": 2,
                "launch_template": {"id": ResourceRef("aws_launch_template.x", ("id",))},
            },
        ),
        ("aws_launch_template", {"instance_type": "t3.medium"}),
    ],
}
# Figures that are asked for beside those that an estimate names by itself.
_CREDITS = ("monthly_cpu_credit_hrs", "vcpu_count")
FURTHER_USAGE = {
    "aws_sns_topic": ("http_subscriptions",),
    "aws_instance": _CREDITS,
    "aws_autoscaling_group": _CREDITS,
}
DESIGNS = [*EXAMPLES, *KINDS, *VARIANTS]


@cache
def rows() -> dict[tuple[str, str, str], Row]:
    """The files as people review them, not as the book compiled them."""
    found: dict[tuple[str, str, str], Row] = {}
    for path in sorted(PRICES.glob("aws-*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                found[row["service"], row["region"], row["sku"]] = row
    return found


@cache
def sources() -> dict[str, Row]:
    with (PRICES / "sources.csv").open(newline="") as file:
        return {row["source"]: row for row in csv.DictReader(file)}


@cache
def resolved(design: Path | str) -> ResolvedBlueprint:
    if isinstance(design, Path):
        return resolve(load_blueprint(design.read_bytes(), design.name))
    instances = (ResourceInstance(f"{kind}.x", kind, "x", p) for kind, p in VARIANTS[design])
    return ResolvedBlueprint("variant", "1.0.0", "aws", tuple(instances))


def estimates(design: Path | str, region: str, book: PriceBook) -> tuple[CostEstimate, ...]:
    """One without usage, and one with every usage figure stated that any component asks for."""
    blueprint = replace(resolved(design), region=region)
    usage: dict[str, dict[str, int]] = {
        instance.address: dict.fromkeys(FURTHER_USAGE.get(instance.type, ()), USAGE)
        for instance in blueprint.resources
    }
    plain = estimate(blueprint, book, today=TODAY)
    found = estimate(blueprint, book, usage, today=TODAY)
    while asked := [line for line in found.lines if line.quantity is None]:
        for line in asked:
            assert line.usage_key, f"{line.component} hangs on usage and does not say on which"
            assert line.usage_key not in usage[line.address]
            usage[line.address][line.usage_key] = USAGE
        found = estimate(blueprint, book, usage, today=TODAY)
    return plain, found


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return PriceBook.open()


@pytest.fixture(scope="module")
def empty_book(tmp_path_factory: pytest.TempPathFactory) -> PriceBook:
    folder = tmp_path_factory.mktemp("prices")
    (folder / "sources.csv").write_text("source,title,address,licence\n")
    return PriceBook.open(folder)


every_design = pytest.mark.parametrize(
    "design", DESIGNS, ids=lambda design: design.stem if isinstance(design, Path) else design
)


@every_design
@pytest.mark.parametrize("region", REGIONS)
def test_every_figure_is_a_row_of_the_price_files(
    design: Path | str, region: str, book: PriceBook
) -> None:
    for found in estimates(design, region, book):
        document = found.to_dict()
        with_money = [line for line in found.lines if line.monthly is not None]
        by_usage = [line for line in found.lines if line.monthly is None]
        for lines, shown in ((with_money, "breakdown"), (by_usage, "usageBased")):
            for line, said in zip(lines, document[shown], strict=True):
                assert_traced(line, said, document["sources"])
        assert found.total_monthly == sum(line.monthly or 0 for line in with_money)
        for saving, said in zip(found.savings, document["optimizations"], strict=True):
            row = traced_row(said, document["sources"])
            (line,) = [
                line
                for line in with_money
                if (line.address, line.component) == (saving.address, saving.component)
            ]
            assert line.monthly is not None
            assert line.quantity is not None
            assert saving.monthly == line.monthly - times(from_dollars(row["usd"]), line.quantity)


def assert_traced(line: CostLine, said: dict[str, Any], named: dict[str, str]) -> None:
    """The line and what is shown of it are the row's figure, times the quantity."""
    row = traced_row(said, named)
    assert (said["unit"], said["quality"]) == (row["unit"], row["quality"])
    assert line.unit_price == from_dollars(row["usd"]) > 0
    assert said["unitPrice"] == pytest.approx(float(row["usd"]))
    if line.quantity is None:
        assert line.monthly is None
    else:
        assert line.monthly == times(line.unit_price, line.quantity)


def traced_row(said: dict[str, Any], named: dict[str, str]) -> Row:
    row = rows()[said["service"], said["region"], said["sku"]]
    assert (said["source"], said["asOf"]) == (row["source"], row["as_of"])
    assert named[row["source"]] == sources()[row["source"]]["title"]
    assert sources()[row["source"]]["address"].startswith("https://")
    assert date.fromisoformat(said["asOf"]) <= TODAY
    return row


@every_design
def test_without_prices_every_component_is_listed_and_none_is_0(
    design: Path | str, book: PriceBook, empty_book: PriceBook
) -> None:
    full = estimate(resolved(design), book, today=TODAY)
    bare = estimate(resolved(design), empty_book, today=TODAY)
    assert (bare.lines, bare.total_monthly, bare.savings) == ((), 0, ())
    assert bare.free == full.free
    assert [(gap.address, gap.component) for gap in without_reason(full, bare)] == [
        (line.address, line.component) for line in full.lines
    ]
    assert all(gap.reason for gap in bare.unpriced)


def without_reason(full: CostEstimate, bare: CostEstimate) -> list[Unpriced]:
    """What is listed for want of a price alone."""
    known = set(full.unpriced)
    return [gap for gap in bare.unpriced if gap not in known]


def test_every_component_of_every_kind_is_among_the_designs(
    book: PriceBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new component needs an example that buys it, so that its figures are looked at above."""
    priced: set[tuple[str, str]] = set()
    wanted = {(kind.kind, name) for kind in PRICED.values() for name, _ in kind.components}

    def watched(
        kind: str, name: str, function: Callable[[PricedResource], Answer]
    ) -> Callable[[PricedResource], Answer]:
        def watching(resource: PricedResource) -> Answer:
            answer = function(resource)
            components = [answer] if not hasattr(answer, "__iter__") else list(answer)
            for component in components:
                if component and book.price(component.service, "us-east-1", component.sku):
                    priced.add((kind, name))
            return [component for component in components if component]

        return watching

    for kind in PRICED.values():
        watching = [(name, watched(kind.kind, name, fn)) for name, fn in kind.components]
        monkeypatch.setattr(kind, "components", watching)
    for design in DESIGNS:
        estimates(design, "us-east-1", book)
    assert wanted - priced == set()


def test_an_amount_of_nothing_is_the_only_0(book: PriceBook) -> None:
    for design in DESIGNS:
        for found in estimates(design, "us-east-1", book):
            for line in found.lines:
                assert line.monthly != NanoDollars(0) or line.quantity == 0, line
