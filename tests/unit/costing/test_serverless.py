"""What serverless kinds buy, and how much of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dharma.costing.estimate import CostEstimate, estimate
from dharma.costing.price_book import PriceBook
from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance
from dharma.model.expressions.nodes import Unknown


def priced(
    kind: str, properties: dict[str, Any], usage: dict[str, Any] | None = None
) -> CostEstimate:
    instance = ResourceInstance(f"{kind}.main", kind, "main", properties)
    resolved = ResolvedBlueprint("web", "1.0.0", "aws", (instance,), region="us-east-1")
    given = {f"{kind}.main": usage} if usage else None
    return estimate(resolved, PriceBook.open(), given, today=date(2026, 11, 28))


def quantities(found: CostEstimate) -> dict[str, Decimal | None]:
    return {line.component: line.quantity for line in found.lines}


def dollars(found: CostEstimate) -> float:
    return found.total_monthly / 1_000_000_000


def test_a_function_pays_for_requests_and_memory_times_time() -> None:
    usage = {"monthly_requests": 1_000_000, "request_duration_ms": 100}
    found = priced("aws_lambda_function", {"memory_size": 512, "architectures": ["arm64"]}, usage)
    assert quantities(found) == {"Requests": Decimal(1), "Duration": Decimal("0.05")}
    assert dollars(found) == pytest.approx(0.2 + 0.05 * 13.3334)
    intel = priced("aws_lambda_function", {"memory_size": 512}, usage)
    assert dollars(intel) == pytest.approx(0.2 + 0.05 * 16.6667)


def test_without_usage_a_function_is_by_usage_and_not_free() -> None:
    found = priced("aws_lambda_function", {})
    assert quantities(found) == {"Requests": None, "Duration": None}
    assert [line.usage_key for line in found.lines] == ["monthly_requests", "request_duration_ms"]


def test_memory_that_is_not_known_leaves_the_duration_unpriced() -> None:
    found = priced("aws_lambda_function", {"memory_size": Unknown("later")})
    assert [gap.component for gap in found.unpriced] == ["duration"]


def test_a_table_on_demand_pays_by_request_and_a_provisioned_one_by_capacity() -> None:
    usage = {
        "monthly_write_request_units": 3_000_000,
        "monthly_read_request_units": 8_000_000,
        "storage_gb": 230,
        "pitr_backup_storage_gb": 2300,
    }
    asked = {"billing_mode": "PAY_PER_REQUEST", "point_in_time_recovery": {"enabled": True}}
    assert quantities(priced("aws_dynamodb_table", asked, usage)) == {
        "Write request unit (WRU)": Decimal(3),
        "Read request unit (RRU)": Decimal(8),
        "Data storage": Decimal(230),
        "Point-In-Time Recovery (PITR) backup storage": Decimal(2300),
    }
    fixed = {"read_capacity": 20, "write_capacity": 10}
    assert quantities(priced("aws_dynamodb_table", fixed)) == {
        "Write capacity unit (WCU)": Decimal(10),
        "Read capacity unit (RCU)": Decimal(20),
        "Data storage": None,
    }


def test_a_topic_pays_by_pieces_of_64_kb() -> None:
    usage = {"monthly_requests": 1_000_000, "request_size_kb": 65}
    assert quantities(priced("aws_sns_topic", {}, usage)) == {"API requests": Decimal(2)}
    assert priced("aws_sns_topic", {"fifo_topic": True}, usage).lines == ()


def test_an_http_api_has_a_lower_price_behind_300_million() -> None:
    found = priced("aws_apigatewayv2_api", {}, {"monthly_requests": 500_000_000})
    assert quantities(found) == {
        "Requests (first 300M)": Decimal(300),
        "Requests (over 300M)": Decimal(200),
    }
    large = {"monthly_requests": 1_000_000, "request_size_kb": 513}
    assert quantities(priced("aws_apigatewayv2_api", {}, large)) == {
        "Requests (first 300M)": Decimal(2)
    }


def test_a_standard_state_machine_pays_by_transition() -> None:
    kind = "aws_sfn_state_machine"
    assert dollars(priced(kind, {}, {"monthly_transitions": 10_000})) == pytest.approx(0.25)
    assert priced(kind, {"type": "EXPRESS"}).lines == ()


def test_a_serverless_cache_meters_at_least_a_tenth_of_a_gigabyte() -> None:
    found = priced("AWS::ElastiCache::ServerlessCache", {"Engine": "valkey"})
    assert quantities(found) == {
        "Data stored": Decimal("73.0"),
        "ElastiCache processing units": None,
    }


def test_an_alarm_costs_by_its_metric_and_a_computed_one_is_listed() -> None:
    kind = "aws_cloudwatch_metric_alarm"
    assert dollars(priced(kind, {"metric_name": "5xx", "period": 60})) == pytest.approx(0.1)
    assert dollars(priced(kind, {"metric_name": "5xx", "period": 10})) == pytest.approx(0.3)
    assert "metric_name" in priced(kind, {}).unpriced[0].reason
