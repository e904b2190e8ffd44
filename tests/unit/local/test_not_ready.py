"""What is told of a stack that does not become ready."""

from __future__ import annotations

from pathlib import Path

import pytest

from dharma.core.errors import Unavailable
from dharma_local.stack_settings import StackSettings
from dharma_local.supervisor import ProcessStatus, Stack


def test_a_process_that_ends_again_and_again_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(StackSettings(state_dir=tmp_path, template=tmp_path / "template.yaml"))
    stack.settings.log_dir.mkdir()
    (stack.settings.log_dir / "engine.log").write_text("Traceback\n  ...\nthe file is damaged\n")
    status = [
        ProcessStatus("engine", "waiting", restarts=6),
        ProcessStatus("sandbox", "waiting"),
        ProcessStatus("cache", "starting"),
        ProcessStatus("gateway-1", "ready"),
    ]
    monkeypatch.setattr(stack, "status", lambda: status)
    with pytest.raises(Unavailable) as told:
        stack.wait_ready(0)
    assert "engine (ended 7 times: the file is damaged)" in told.value.message
    assert "sandbox (ended 1 times: without a word)" in told.value.message
    assert "cache (starting)" in told.value.message
    assert "gateway" not in told.value.message
