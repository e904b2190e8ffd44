"""Every state machine does the same on the local engine and on the emulator's Step Functions: the
same end, output and error, the same states in the same order with the same input, the same calls of
functions. What the emulator cannot do is said with the case.

The table of all cases is docs/parity.md; `scripts/parity --write` renews it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from . import catalog, table
from .emulator import ROOT, Emulator
from .scenario import Outcome, Scenario
from .worlds import EmulatorWorld, LocalWorld

pytestmark = pytest.mark.stack

SCENARIOS = catalog.scenarios()
# The emulator's executions mostly wait; this many of them side by side.
SIDE_BY_SIDE = 8


@dataclass
class Both:
    """What came out, by scenario. All of them run on the emulator while the local ones do."""

    local: LocalWorld
    there: dict[str, Future[Outcome]]
    here: dict[str, Outcome]

    def of(self, scenario: Scenario) -> tuple[Outcome, Outcome]:
        if scenario.id not in self.here:
            self.here[scenario.id] = self.local.run(scenario, catalog.answers(scenario))
        return self.here[scenario.id], self.there[scenario.id].result()


@pytest.fixture(scope="module")
def both(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("worlds")
    world = EmulatorWorld(emulator, folder / "emulator")
    local = LocalWorld(folder / "local")
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        there = {s.id: pool.submit(world.run, s, catalog.answers(s)) for s in SCENARIOS}
        yield Both(local, there, {})
    local.close()


def test_every_state_machine_has_scenarios() -> None:
    assert catalog.files() == sorted(catalog.MODULES)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_both_worlds_do_the_same(both: Both, scenario: Scenario) -> None:
    here, there = both.of(scenario)
    if scenario.differs:
        assert here.way[-1] == scenario.ends
        assert here != there, f"the emulator can do it by now, or never could: {scenario.differs}"
        return
    assert here.way == there.way
    assert here == there


@pytest.mark.parametrize("machine", catalog.files())
def test_every_state_is_reached_on_the_emulator(both: Both, machine: str) -> None:
    seen = {state for s in SCENARIOS if s.machine == machine for state in both.of(s)[1].way}
    assert seen == set(catalog.definition(machine)["States"])


def test_the_table_in_the_documentation_is_what_came_out(both: Both) -> None:
    written = table.page([(s, *both.of(s)) for s in SCENARIOS])
    page = ROOT / "docs" / "parity.md"
    if os.environ.get("DHARMA_WRITE_PARITY"):
        page.write_text(written)
    assert Path(page).read_text() == written, "scripts/parity --write renews it"
