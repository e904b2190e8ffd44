"""A state folder that came with somebody else's project leads to no file outside of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dharma.core.errors import Misconfigured
from dharma_local import supervisor
from dharma_local.stack_settings import StackSettings
from dharma_local.supervisor import Stack


@pytest.mark.parametrize("foreground", [True, False])
@pytest.mark.parametrize(
    "place",
    ["run/engine.pid", "logs/engine.log", "sandbox/requests.jsonl", "store.sqlite3", "artifacts"],
)
def test_a_link_is_refused_before_anything_is_written(
    place: str, foreground: bool, tmp_path: Path
) -> None:
    outside, link = tmp_path / "outside", tmp_path / "state" / place
    outside.write_text("precious")
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    stack = Stack(StackSettings(state_dir=tmp_path / "state", template=tmp_path / "t.yaml"))
    with pytest.raises(Misconfigured, match=f"{place} is a link"):
        stack.start(foreground=foreground)
    assert outside.read_text() == "precious"
    assert [p for p in (tmp_path / "state").rglob("*") if p.is_file() and p != link] == []


def test_the_state_folder_itself_may_be_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "state").symlink_to(tmp_path / "elsewhere")
    supervisor.refuse_links(tmp_path / "state")


def test_what_is_noted_for_others_goes_through_no_prepared_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("precious")
    for name in ("stack.json", "stack.new"):
        (tmp_path / name).symlink_to(outside)
    supervisor._write_json(tmp_path / "stack.json", {"pid": 1})
    assert outside.read_text() == "precious"
    assert not (tmp_path / "stack.json").is_symlink()
