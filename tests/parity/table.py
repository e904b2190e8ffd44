"""The page docs/parity.md, out of what came out of the scenarios."""

from __future__ import annotations

from collections.abc import Sequence

from .installation import DEVIATIONS
from .scenario import Outcome, Scenario

_HEAD = (
    "# Parity of the two worlds\n",
    "`scripts/parity` runs all of this (it is part of `scripts/test`), `scripts/parity --write` "
    "renews this page. `scripts/emulator` starts the emulator alone (ministack, on loopback), with "
    "its packages in `.venv-emulator`.\n",
    "## The suite on an emulator of AWS\n",
    "`tests/parity/test_installation.py` builds infra/template.yaml with `sam build`, deploys it "
    "with `sam deploy` as samconfig.toml says, and does the main job on it: a blueprint and an "
    "environment over HTTP with tokens of the authorizer, a deployment with its approval, an "
    "update, the destruction. API Gateway, Lambda, DynamoDB with its stream, EventBridge, Step "
    "Functions, S3, KMS and CloudFormation are the emulator's, everything else is what AWS gets, "
    "but for this:\n",
    "| what is different | because |",
    "|---|---|",
    *(f"| {what} | {why} |" for what, why in DEVIATIONS),
    "",
    "## State machines\n",
    "Every state machine of `statemachines/` runs here twice, with the same input and the same "
    "answers of its functions: on the engine of one machine, and on the Step Functions of an AWS "
    "emulator (ministack, on loopback) through the product's own adapter, "
    "`adapters/aws/step_functions.py`. The functions are stand-ins that answer by script. On the "
    "emulator AWS's own runtime client for Python (`awslambdaric`) runs them, so errors carry the "
    "names of their classes, as on AWS.\n",
    "Compared: how it ends, with output, error and cause; the states in their order, each with its "
    "input; every call of a function with its payload. Left out: ARNs, request ids, stack traces, "
    "and the wording of `States.*` errors, which Step Functions does not fix. Waits and pauses "
    "between attempts are shortened in both worlds. A *limit* is what the emulator cannot do: "
    "there the column *in* is the state that the States Language asks for, and the test fails "
    "as soon as the emulator can do it.\n",
)


def page(rows: Sequence[tuple[Scenario, Outcome, Outcome]]) -> str:
    lines = [*_HEAD]
    for machine in dict.fromkeys(scenario.machine for scenario, _, _ in rows):
        own = [row for row in rows if row[0].machine == machine]
        same = sum(not scenario.differs for scenario, _, _ in own)
        lines.append(f"### {machine}.asl.json\n")
        lines.append(f"{len(own)} cases, {same} the same, {len(own) - same} beyond the emulator.\n")
        lines.append("| case | ends | in | states | calls | both worlds |")
        lines.append("|---|---|---|---:|---:|---|")
        lines += [_row(*row) for row in own]
        lines.append("")
    return "\n".join(lines)


def _row(scenario: Scenario, here: Outcome, there: Outcome) -> str:
    status = here.status.lower() + (f": {here.error}" if here.error else "")
    verdict = f"limit: {scenario.differs}" if scenario.differs else _verdict(here, there)
    cells = (scenario.name, status, here.way[-1], len(here.way), len(here.calls), verdict)
    return "| " + " | ".join(map(str, cells)) + " |"


def _verdict(here: Outcome, there: Outcome) -> str:
    return "same" if here == there else "NOT THE SAME"
