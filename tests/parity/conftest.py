"""The product on an emulator of AWS beside the product on one machine. The emulator is a process of
its own; starting it takes seconds, and the first time its packages are installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .emulator import Emulator, running


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running(tmp_path_factory.mktemp("emulator")) as started:
        yield started
