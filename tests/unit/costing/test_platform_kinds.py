"""What containers, clusters and firewalls buy, and how much of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dharma.costing.estimate import CostEstimate, estimate
from dharma.costing.price_book import PriceBook
from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance
from dharma.model.expressions.nodes import ResourceRef

TASK = ResourceInstance(
    "aws_ecs_task_definition.web",
    "aws_ecs_task_definition",
    "web",
    {"cpu": "512", "memory": "1024", "ephemeral_storage": {"size_in_gib": 30}},
)
USES_TASK = ResourceRef("aws_ecs_task_definition.web", ("arn",))


def priced(
    kind: str,
    properties: dict[str, Any],
    usage: dict[str, Any] | None = None,
    *others: ResourceInstance,
) -> CostEstimate:
    instance = ResourceInstance(f"{kind}.main", kind, "main", properties)
    resolved = ResolvedBlueprint("web", "1.0.0", "aws", (instance, *others), region="us-east-1")
    given = {f"{kind}.main": usage} if usage else None
    return estimate(resolved, PriceBook.open(), given, today=date(2026, 11, 28))


def quantities(found: CostEstimate) -> dict[str, Decimal | None]:
    return {line.component: line.quantity for line in found.lines}


def dollars(found: CostEstimate) -> float:
    return found.total_monthly / 1_000_000_000


def test_a_service_on_fargate_pays_for_processors_memory_and_more_storage() -> None:
    said = {"launch_type": "FARGATE", "desired_count": 2, "task_definition": USES_TASK}
    found = priced("aws_ecs_service", said, None, TASK)
    assert quantities(found) == {
        "Per vCPU per hour": Decimal(730),
        "Per GB per hour": Decimal(1460),
        "Ephemeral storage": Decimal(14600),
    }
    assert dollars(found) == pytest.approx(730 * 0.04048 + 1460 * 0.004445 + 14600 * 0.000111)


def test_a_service_on_instances_buys_nothing_and_one_with_a_task_of_others_is_not_priced() -> None:
    assert priced("aws_ecs_service", {"launch_type": "EC2"}, None, TASK).lines == ()
    said = {"launch_type": "FARGATE", "task_definition": "arn:of-others"}
    assert "task_definition" in priced("aws_ecs_service", said).unpriced[0].reason
    spread = {"capacity_provider_strategy": [{"capacity_provider": "FARGATE"}]}
    assert "capacity_provider_strategy" in priced("aws_ecs_service", spread).unpriced[0].reason


def test_a_control_plane_pays_by_the_hour() -> None:
    assert dollars(priced("aws_eks_cluster", {})) == pytest.approx(73)


def test_a_web_acl_pays_for_itself_its_rules_and_groups_and_requests() -> None:
    rules = [
        {"name": "a", "managed_rule_group_statement": {"vendor_name": "AWS", "name": "x"}},
        {"name": "b", "rate_based_statement": {"limit": 2000}},
        {"name": "c", "rule_group_reference_statement": {"arn": "arn"}},
        {"name": "d", "geo_match_statement": {"country_codes": ["CH"]}},
    ]
    found = priced("aws_wafv2_web_acl", {"rule": rules}, {"monthly_requests": 5_000_000})
    assert quantities(found) == {
        "Web ACL usage": Decimal(1),
        "Managed rule groups": Decimal(1),
        "Rules": Decimal(2),
        "Rule groups": Decimal(1),
        "Requests": Decimal(5),
    }
    assert dollars(found) == pytest.approx(5 + 4 + 3)


def test_an_aurora_cluster_pays_for_storage_and_requests_to_it() -> None:
    usage = {"storage_gb": 100, "monthly_io_requests": 3_000_000}
    found = priced("aws_rds_cluster", {"engine": "aurora-mysql"}, usage)
    assert dollars(found) == pytest.approx(10 + 0.6)
    includes = {"engine": "aurora-mysql", "storage_type": "aurora-iopt1"}
    assert [gap.component for gap in priced("aws_rds_cluster", includes, usage).unpriced]


def test_a_serverless_member_of_a_cluster_pays_for_capacity_that_is_used() -> None:
    said = {"engine": "aurora-mysql", "instance_class": "db.serverless"}
    found = priced("aws_rds_cluster_instance", said, {"capacity_units_per_hr": 2})
    assert dollars(found) == pytest.approx(2 * 730 * 0.12)
    classed = priced("aws_rds_cluster_instance", said | {"instance_class": "db.r6g.large"})
    assert classed.lines == ()
    assert len(classed.unpriced) == 1


def test_evaluations_of_a_rule_become_cheaper() -> None:
    found = priced("aws_config_config_rule", {}, {"monthly_rule_evaluations": 600_000})
    assert dollars(found) == pytest.approx(100 + 320 + 50)


def test_an_advanced_parameter_costs_five_cents_and_a_standard_one_nothing() -> None:
    assert dollars(priced("aws_ssm_parameter", {"tier": "Advanced"})) == pytest.approx(0.05)
    assert priced("aws_ssm_parameter", {}).lines == ()


def test_a_websocket_api_pays_by_message_and_minute() -> None:
    usage = {"monthly_messages": 1_500_000_000, "monthly_connection_mins": 4_000_000}
    found = priced("aws_apigatewayv2_api", {"protocol_type": "WEBSOCKET"}, usage)
    assert dollars(found) == pytest.approx(1000 + 400 + 1)
