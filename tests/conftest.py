"""What tests of several folders need: who of several workers runs which, and an emulator of AWS, a
process of its own. Starting it takes seconds, and the first time its packages are installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from tests.parity.emulator import Emulator

# How long an example takes tells of the machine and of what else it does.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# They use the emulator or SAM, and make their environments where there are none: one after another.
OF_AWS = {
    "tests/adapters/test_item_store.py",
    "tests/events/test_foreign_shapes.py",
    "tests/infra/test_sam.py",
    "tests/parity/test_installation.py",
    "tests/parity/test_state_machines.py",
}


class Scheduling(LoadFileScheduling):
    """A file's tests go to one worker: they share what the file sets up, and stacks have ports and
    folders of their own. So do all that use the emulator."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "of AWS" if file in OF_AWS else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    return Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """For several workers: what takes longest comes first, so that no worker waits in the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("stack") is None)


@pytest.fixture(scope="session")
def _emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    from tests.parity.emulator import running

    with running(tmp_path_factory.mktemp("emulator")) as started:
        yield started


@pytest.fixture(scope="module")
def emulator(_emulator: Emulator) -> Iterator[Emulator]:
    """It stands in for AWS in this process while a module's tests run."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _emulator.variables.items():
            patch.setenv(name, value)
        yield _emulator
