"""Tables: as wide as a terminal, and as wide as their text where there is none."""

from __future__ import annotations

import io

import pytest

from dharma_cli.screen import Screen
from dharma_cli.views.progress import resource_table

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/24c06aeb2d99aafd"
RESOURCES = [
    {"type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "logicalId": "Web", "physicalId": ARN},
    {"type": "AWS::SQS::Queue", "logicalId": "Jobs", "physicalId": "jobs"},
]


def shown(screen: Screen) -> list[str]:
    resource_table(screen, RESOURCES)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue().splitlines()


def test_away_from_a_terminal_a_row_is_a_line_without_blanks_behind_it() -> None:
    lines = shown(Screen(file=io.StringIO(), width=1000))
    assert [line.split() for line in lines] == [
        ["Type", "Logical", "id", "Physical", "id"],
        ["AWS::ElasticLoadBalancingV2::LoadBalancer", "Web", ARN],
        ["AWS::SQS::Queue", "Jobs", "jobs"],
    ]
    assert lines == [line.rstrip() for line in lines]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_on_a_terminal_nothing_is_wider_than_that_and_nothing_is_cut(width: int) -> None:
    lines = shown(Screen(file=io.StringIO(), width=width, force_terminal=True, color_system=None))
    assert max(map(len, lines)) <= width
    # Folded, column by column: what one column says is found whole, top to bottom.
    start = lines[0].index("Physical id")
    assert "".join(line[start:].strip() for line in lines[1:]) == f"{ARN}jobs"
