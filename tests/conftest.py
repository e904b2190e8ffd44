"""What tests of several folders need: an emulator of AWS. It is a process of its own; starting it
takes seconds, and the first time its packages are installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.parity.emulator import Emulator


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
