"""What the suite costs on AWS a month, priced by the product from its own template.

Counts a request and a deployment (`aws_counts`), writes the usage of each scale to infra/usage, and
prices infra/template.yaml with it. What cannot be counted here is assumed, and said below.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import aws_counts
from figures import Row

ROOT = Path(__file__).resolve().parents[2]
USAGE = ROOT / "infra" / "usage"
SCALES = {"idle": 0, "1-thousand": 1_000, "100-thousand": 100_000, "10-million": 10_000_000}
DAYS = 730 / 24
# Assumed: what callers do, and how often one of them asks for a deployment.
MIX = {"read one": 0.60, "read a blueprint": 0.20, "list deployments": 0.15, "change": 0.05}
REQUESTS_PER_DEPLOYMENT = 1_000
# Assumed: API Gateway keeps an authorizer's answer for a minute, so one request in ten asks it.
AUTHORIZED = 0.1
# Assumed, in milliseconds: nothing here ran on Lambda.
API_MS, AUTHORIZER_MS, STEP_MS, EVENT_MS = 50, 20, 300, 50
# Assumed, in bytes: log lines of an invocation, of a request, of a transition; what one deployment
# leaves in the table and in the bucket.
LOGGED, ACCESS_LOGGED, TRANSITION_LOGGED = 1_500, 300, 1_000
KEPT_IN_TABLE, KEPT_AS_DOCUMENTS = 200_000, 500_000
# The schedule of the audit trail's anchors.
ANCHORS = 2 * 730
_GIB = 2**30
WITH_A_CACHE = (
    "--var",
    "cache_vpc_id=vpc-0a1b2c3d",
    "--var",
    "cache_subnet_ids=subnet-0a1b2c3d,subnet-0b1c2d3e",
)


def measure() -> Iterator[Row]:
    counts = {row.name: row.value for row in aws_counts.measure()}
    for scale, a_day in SCALES.items():
        path = USAGE / f"{scale}.yaml"
        path.write_text(_yaml(usage(counts, round(a_day * DAYS)), scale, a_day))
        for title, parameters in (("without a cache", ()), ("with a cache", WITH_A_CACHE)):
            yield Row(f"{scale} requests a day, {title}", priced(path, *parameters), "USD/month")


def usage(counts: dict[str, float], requests: int) -> dict[str, dict[str, int | float]]:
    """Usage by address, for so many requests a month."""
    deployments = requests // REQUESTS_PER_DEPLOYMENT

    def of_requests(name: str) -> float:
        return sum(share * counts.get(f"request, {kind}: {name}", 0) for kind, share in MIX.items())

    def of_deployment(name: str) -> float:
        return counts.get(f"deployment: {name}", 0)

    def total(name: str) -> int:
        return round(requests * of_requests(name) + deployments * of_deployment(name))

    steps = deployments * of_deployment("invocations of steps")
    events = round(total("events"))
    transitions = deployments * of_deployment("state transitions")
    invoked = requests * (1 + AUTHORIZED) + steps + 2 * events + ANCHORS
    other_steps = 4 * deployments
    lists = MIX["list deployments"]
    functions = {
        "authorizer": (requests * AUTHORIZED, AUTHORIZER_MS),
        "blueprint": (requests * (1 - lists), API_MS),
        "orchestrator": (requests * lists, API_MS),
        "monitoring_events": (ANCHORS, EVENT_MS),
        "events": (events, EVENT_MS),
        "orchestrator_projections": (events, EVENT_MS),
        "orchestrator_tasks": (max(0, steps - other_steps), STEP_MS),
        "generator_tasks": (deployments, STEP_MS),
        "guardrails_tasks": (2 * deployments, STEP_MS),
        "costing_tasks": (deployments, STEP_MS),
        "monitoring": (0, API_MS),
        "generator": (0, API_MS),
        "guardrails": (0, API_MS),
        "costing": (0, API_MS),
    }
    found: dict[str, dict[str, int | float]] = {
        f"aws_lambda_function.{name}": {
            "monthly_requests": round(calls),
            "request_duration_ms": milliseconds,
        }
        for name, (calls, milliseconds) in functions.items()
    }
    return {
        **found,
        "aws_apigatewayv2_api.api": {"monthly_requests": requests},
        "aws_sfn_state_machine.deploy": {"monthly_transitions": round(transitions)},
        "aws_cloudwatch_event_bus.bus": {"monthly_custom_events": events},
        "AWS::Pipes::Pipe.EventPipe": {"monthly_requests": events},
        "AWS::ElastiCache::ServerlessCache.Cache": {"monthly_processing_units": requests},
        "aws_dynamodb_table.table": {
            "monthly_write_request_units": total("write request units"),
            "monthly_read_request_units": total("read request units"),
            "storage_gb": round(deployments * KEPT_IN_TABLE / _GIB, 3),
            "pitr_backup_storage_gb": round(deployments * KEPT_IN_TABLE / _GIB, 3),
        },
        "aws_s3_bucket.artifacts": {
            "standard.storage_gb": round(deployments * KEPT_AS_DOCUMENTS / _GIB, 3),
            "standard.monthly_tier_1_requests": total("s3 PutObject"),
            "standard.monthly_tier_2_requests": total("s3 GetObject"),
        },
        "aws_s3_bucket.anchors": {
            "standard.storage_gb": 0.001,
            "standard.monthly_tier_1_requests": 2 * ANCHORS,
            "standard.monthly_tier_2_requests": 0,
        },
        "aws_kms_key.data": {
            "monthly_requests": total("kms Decrypt") + total("kms Encrypt"),
            "monthly_ecc_data_key_pair_requests": 0,
            "monthly_rsa_data_key_pair_requests": 0,
        },
        "aws_cloudwatch_log_group.function_logs": _logs(invoked * LOGGED),
        "aws_cloudwatch_log_group.api_logs": _logs(requests * ACCESS_LOGGED),
        "aws_cloudwatch_log_group.state_machine_logs": _logs(transitions * TRANSITION_LOGGED),
        "aws_sqs_queue.undelivered_events": {"monthly_requests": 0},
        "aws_sns_topic.alarms": {"monthly_requests": 0},
    }


def priced(path: Path, *parameters: str) -> float:
    program = Path(sys.executable).parent / "iac-dharma"
    template = ROOT / "infra" / "template.yaml"
    run = subprocess.run(
        [program, "cost", template, "--usage-file", path, *parameters, "--format", "json"],
        capture_output=True,
        text=True,
        check=True,
    )
    estimate: dict[str, Any] = json.loads(run.stdout)
    return float(Decimal(str(estimate["totalMonthlyCost"])))


def _logs(size: float) -> dict[str, int | float]:
    gib = round(size / _GIB, 3)
    return {"monthly_data_ingested_gb": gib, "storage_gb": gib, "monthly_data_scanned_gb": 0}


def _yaml(said: dict[str, dict[str, int | float]], scale: str, a_day: int) -> str:
    lines = [
        f"# The usage of infra/template.yaml at {a_day:,} requests a day; what is counted and what",
        "# assumed stands in docs/aws-cost.md. Written by `scripts/bench aws_cost`.",
        "resource_usage:",
    ]
    for address, values in said.items():
        lines.append(f"  {address}:")
        lines += [f"    {key}: {value}" for key, value in values.items()]
    return "\n".join(lines) + "\n"
