"""Estimates of hand-made blueprints, against figures worked out by hand from the price book."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dharma.costing.estimate import CostEstimate, estimate
from dharma.costing.money import from_dollars
from dharma.costing.price_book import PriceBook
from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance
from dharma.model.expressions.nodes import ResourceRef, Unknown

TODAY = date(2026, 11, 1)


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return PriceBook.open()


def resource(kind: str, name: str = "x", **properties: Any) -> ResourceInstance:
    return ResourceInstance(f"{kind}.{name}", kind, name, properties)


def priced(
    book: PriceBook,
    *resources: ResourceInstance,
    region: str = "us-east-1",
    usage: dict[str, dict[str, Any]] | None = None,
) -> CostEstimate:
    resolved = ResolvedBlueprint("b", "1.0.0", "aws", tuple(resources), region=region)
    return estimate(resolved, book, usage, today=TODAY)


def monthly(result: CostEstimate) -> dict[str, str]:
    return {
        line.component: str(Decimal(line.monthly) / 10**9)
        for line in result.lines
        if line.monthly is not None
    }


def test_a_nat_gateway_costs_its_hours_and_lists_its_data_as_usage(book: PriceBook) -> None:
    result = priced(book, resource("aws_nat_gateway", subnet_id="subnet-1"))
    assert result.total_monthly == from_dollars("32.85")
    assert [line.component for line in result.lines if line.monthly is None] == ["Data processed"]


def test_stated_usage_turns_a_usage_based_line_into_money(book: PriceBook) -> None:
    usage = {"aws_nat_gateway.x": {"monthly_data_processed_gb": 100}}
    result = priced(book, resource("aws_nat_gateway"), usage=usage)
    assert monthly(result)["Data processed"] == "4.5"


def test_usage_of_all_instances_of_a_loop_is_stated_with_a_star(book: PriceBook) -> None:
    queue = ResourceInstance("aws_sqs_queue.q[0]", "aws_sqs_queue", "q", {}, key=0)
    usage = {"aws_sqs_queue.q[*]": {"monthly_requests": 2_000_000}}
    result = priced(book, queue, usage=usage)
    assert monthly(result)["Requests"] == "0.8"


def test_a_standby_doubles_instance_and_storage(book: PriceBook) -> None:
    properties = {
        "engine": "postgres",
        "instance_class": "db.t3.micro",
        "allocated_storage": 20,
        "storage_type": "gp3",
    }
    single = priced(book, resource("aws_db_instance", **properties))
    double = priced(book, resource("aws_db_instance", multi_az=True, **properties))
    assert monthly(single) == {
        "Database instance (on-demand, Single-AZ, db.t3.micro)": "13.14",
        "Storage (general purpose SSD, gp3)": "2.3",
    }
    assert double.total_monthly == 2 * single.total_monthly


def test_an_autoscaling_group_pays_for_the_instances_of_its_template(book: PriceBook) -> None:
    template = resource(
        "aws_launch_template",
        "web",
        instance_type="t3.micro",
        monitoring_enabled=True,
        block_device_mappings=[
            {"device_name": "/dev/xvda", "volume_size": 20, "volume_type": "gp3"}
        ],
    )
    group = resource(
        "aws_autoscaling_group",
        "web",
        min_size=2,
        max_size=4,
        launch_template={"id": ResourceRef("aws_launch_template.web", ("id",))},
    )
    result = priced(book, template, group)
    assert monthly(result) == {
        "aws_launch_template.web > Instance usage (Linux/UNIX, on-demand, t3.micro)": "15.184",
        "aws_launch_template.web > EC2 detailed monitoring": "4.2",
        "aws_launch_template.web > block_device_mapping[0] > Storage (general purpose SSD, gp3)": (
            "3.2"
        ),
    }
    assert [f.address for f in result.free] == ["aws_launch_template.web"]


def group(**properties: Any) -> ResourceInstance:
    return resource("aws_autoscaling_group", "web", **properties)


CONFIGURATION = {"launch_configuration": ResourceRef("aws_launch_configuration.web", ("name",))}


def mixed(**distribution: int) -> dict[str, Any]:
    template = ResourceRef("aws_launch_template.web", ("id",))
    return {
        "launch_template": {
            "launch_template_specification": {"launch_template_id": template},
            "override": [
                {"instance_type": "t2.large", "weighted_capacity": "2"},
                {"instance_type": "t2.xlarge", "weighted_capacity": "4"},
            ],
        },
        "instances_distribution": distribution,
    }


def test_a_launch_configuration_monitors_and_has_a_root_volume_unless_it_says_otherwise(
    book: PriceBook,
) -> None:
    launched = resource(
        "aws_launch_configuration",
        "web",
        instance_type="t2.medium",
        ebs_block_device=[{"device_name": "xvdf", "volume_size": 10, "volume_type": "gp3"}],
    )
    at = "aws_launch_configuration.web >"
    assert monthly(priced(book, launched, group(desired_capacity=2, **CONFIGURATION))) == {
        f"{at} Instance usage (Linux/UNIX, on-demand, t2.medium)": "67.744",
        f"{at} EC2 detailed monitoring": "4.2",
        f"{at} root_block_device > Storage (general purpose SSD, gp2)": "1.6",
        f"{at} ebs_block_device[0] > Storage (general purpose SSD, gp3)": "1.6",
    }


def test_a_group_of_mixed_types_counts_the_weight_of_the_type_that_it_prefers(
    book: PriceBook,
) -> None:
    template = resource("aws_launch_template", "web", instance_type="t2.medium")
    policy = mixed(on_demand_base_capacity=1, on_demand_percentage_above_base_capacity=100)
    result = priced(book, template, group(desired_capacity=6, mixed_instances_policy=policy))
    (line,) = result.lines
    assert line.component.endswith("Instance usage (Linux/UNIX, on-demand, t2.large)")
    assert line.quantity == 3 * 730


def test_spot_instances_have_no_price_and_are_listed(book: PriceBook) -> None:
    template = resource("aws_launch_template", "web", instance_type="t2.medium")
    policy = mixed(on_demand_base_capacity=1, on_demand_percentage_above_base_capacity=0)
    result = priced(book, template, group(desired_capacity=6, mixed_instances_policy=policy))
    assert [line.quantity for line in result.lines] == [730]
    assert [gap.component.split(" > ")[1] for gap in result.unpriced] == [
        "Instance usage (Linux/UNIX, spot, t2.large)"
    ]
    bidding = resource(
        "aws_launch_configuration",
        "web",
        instance_type="t2.medium",
        spot_price="0.01",
        enable_monitoring=False,
    )
    result = priced(book, bidding, group(desired_capacity=1, **CONFIGURATION))
    assert [gap.component.split(" > ")[1] for gap in result.unpriced] == [
        "Instance usage (Linux/UNIX, spot, t2.medium)"
    ]


def test_machines_of_ones_own_hardware_are_not_priced_as_shared_ones(book: PriceBook) -> None:
    dedicated = resource("aws_instance", instance_type="m3.medium", tenancy="dedicated")
    assert (
        monthly(priced(book, dedicated))["Instance usage (Linux/UNIX, on-demand, m3.medium)"]
        == "54.02"
    )
    other = resource("aws_instance", instance_type="t3.medium", tenancy="dedicated")
    (gap,) = priced(book, other).unpriced
    assert "t3.medium/dedicated in us-east-1" in gap.reason
    hosted = resource("aws_instance", instance_type="m3.medium", tenancy="host")
    assert set(monthly(priced(book, hosted))) == {
        "root_block_device > Storage (general purpose SSD, gp2)"
    }


def test_the_operating_system_and_credits_of_instances_are_usage(book: PriceBook) -> None:
    machine = resource("aws_instance", instance_type="t3.medium")
    usage = {
        "aws_instance.x": {
            "operating_system": "windows",
            "monthly_cpu_credit_hrs": 350,
            "vcpu_count": 2,
        }
    }
    assert monthly(priced(book, machine, usage=usage)) == {
        "Instance usage (Windows, on-demand, t3.medium)": "43.8",
        "CPU credits": "35",
        "root_block_device > Storage (general purpose SSD, gp2)": "0.8",
    }


def test_an_instance_without_a_type_has_that_of_its_template(book: PriceBook) -> None:
    template = resource("aws_launch_template", "web", instance_type="t3.micro")
    reference = ResourceRef("aws_launch_template.web", ("id",))
    machine = resource("aws_instance", launch_template={"id": reference})
    assert "Instance usage (Linux/UNIX, on-demand, t3.micro)" in monthly(
        priced(book, template, machine)
    )


def test_a_load_balancer_needs_the_units_of_its_busiest_dimension(book: PriceBook) -> None:
    def units(kind: str, **usage: int) -> dict[str, str]:
        balancer = resource("aws_lb", load_balancer_type=kind, internal=True)
        found = monthly(priced(book, balancer, usage={"aws_lb.x": usage}))
        return {k: v for k, v in found.items() if k == "Load balancer capacity units"}

    transferred = {"new_connections": 10_000, "active_connections": 1_000}
    assert units("application", processed_bytes_gb=1_000, **transferred) == {
        "Load balancer capacity units": "8"
    }
    assert units("network", processed_bytes_gb=1_000, **transferred) == {
        "Load balancer capacity units": "6"
    }
    assert units("application", rule_evaluations=3_000, **transferred) == {
        "Load balancer capacity units": "17.52"
    }
    assert units("application", capacity_units=2, processed_bytes_gb=9_999) == {
        "Load balancer capacity units": "11.68"
    }


def test_an_unknown_property_is_listed_with_its_path_and_never_counted_as_zero(
    book: PriceBook,
) -> None:
    database = resource(
        "aws_db_instance",
        engine="postgres",
        instance_class=Unknown("variable size has no value"),
        allocated_storage=10,
    )
    result = priced(book, database)
    assert [(gap.component, gap.reason) for gap in result.unpriced] == [
        (
            "instance",
            "instance_class is not known before apply (variable size has no value)",
        )
    ]
    assert monthly(result) == {"Storage (general purpose SSD, gp2)": "1.15"}
    assert result.confidence < 100


def test_an_instance_class_that_the_book_lacks_is_listed_by_name(book: PriceBook) -> None:
    database = resource("aws_db_instance", engine="postgres", instance_class="db.x9.mega")
    (gap,) = priced(book, database).unpriced
    assert "postgres/single-az/db.x9.mega in us-east-1" in gap.reason


def test_a_region_without_prices_prices_nothing_and_says_so(book: PriceBook) -> None:
    result = priced(book, resource("aws_nat_gateway"), region="mars-north-1")
    assert result.total_monthly == 0
    assert len(result.unpriced) == 2
    assert result.confidence == 0


def test_a_kind_without_price_rules_is_listed(book: PriceBook) -> None:
    (gap,) = priced(book, resource("aws_quantum_computer")).unpriced
    assert gap.reason == "this kind is not priced yet"


def test_storage_above_fifty_tebibytes_gets_the_lower_tiers(book: PriceBook) -> None:
    usage = {"aws_s3_bucket.x": {"standard": {"storage_gb": 600_000}}}
    result = priced(book, resource("aws_s3_bucket"), usage=usage)
    assert monthly(result) == {
        "Standard > Storage": "1177.6",
        "Standard > Storage (over 50 TB)": "10137.6",
        "Standard > Storage (over 500 TB)": "1848",
    }


def test_a_gp2_volume_shows_what_gp3_would_save(book: PriceBook) -> None:
    result = priced(book, resource("aws_ebs_volume", type="gp2", size=100))
    (saving,) = result.savings
    assert (saving.instead, saving.monthly) == ("gp3", from_dollars("2"))
    assert result.to_dict()["optimizationSavings"] == 2.0


def test_an_internal_load_balancer_has_no_public_addresses(book: PriceBook) -> None:
    public = priced(book, resource("aws_lb", subnets=["a", "b"]))
    internal = priced(book, resource("aws_lb", subnets=["a", "b"], internal=True))
    assert monthly(public)["Public IPv4 addresses"] == "7.3"
    assert "Public IPv4 addresses" not in monthly(internal)


def test_every_figure_names_its_source_and_date(book: PriceBook) -> None:
    document = priced(book, resource("aws_eip"), resource("aws_kms_key")).to_dict()
    for line in [*document["breakdown"], *document["usageBased"]]:
        assert line["source"] in document["sources"]
        date.fromisoformat(line["asOf"])
    assert document["totalMonthlyCost"] == pytest.approx(3.65 + 1)


@pytest.mark.parametrize("size", ["x", "", "NaN", "Infinity", [], {}, True])
def test_a_size_that_is_no_number_is_listed_and_not_priced(book: PriceBook, size: Any) -> None:
    result = priced(book, resource("aws_ebs_volume", type="gp3", size=size))
    assert monthly(result) == {}
    assert any("size is no number" in line.reason for line in result.unpriced)


def test_an_instance_type_that_is_no_text_is_not_priced(book: PriceBook) -> None:
    result = priced(book, resource("aws_instance", instance_type={"a": 1}))
    assert not any("instance" in name for name in monthly(result))
