"""Compare the modules that are understood from their inputs with the modules themselves.

`python scripts/known_modules_agreement.py FOLDER`, where FOLDER holds checkouts of
https://github.com/terraform-aws-modules by the names of the modules (`vpc`, `s3-bucket`). Each call
of `known_module_calls/` is read twice, with the module on disk and without. Of resources that both
ways know, every argument that both know has to be equal; what the description leaves out is
counted. Anything else makes the exit code 2.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfparse_agreement import UNKNOWN, Leaves, leaves

from dharma.blueprint.readers.terraform.files import SentFiles
from dharma.blueprint.readers.terraform.reader import parts_of_code
from dharma.catalog import load_catalog

CALLS = Path(__file__).parent / "known_module_calls"


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("usage: python scripts/known_modules_agreement.py FOLDER", file=sys.stderr)
        return 1
    print("| module | resources: both | left out | values: equal | left out | unknown | differ |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    wrong: list[str] = []
    for call in sorted(CALLS.glob("*.tf")):
        wrong += [f"{call.stem}: {line}" for line in compare(Path(arguments[0]), call)]
    for line in wrong:
        print(line)
    return 2 if wrong else 0


def compare(checkouts: Path, call: Path) -> Iterator[str]:
    """Print the row of a call; yields what differs."""
    text = call.read_text()
    source = re.search(r'source\s*=\s*"terraform-aws-modules/([\w-]+)/aws(//[\w/-]+)?"', text)
    assert source is not None
    module, part = source[1], (source[2] or "").removeprefix("/")
    here = _read(text, {})
    on_disk = text.replace(source[0], f'source = "./{module}{part}"')
    there = _read(on_disk, dict(_code(checkouts, module)))
    counts = dict.fromkeys(("equal", "left out", "unknown", "differ"), 0)
    for address in here.keys() & there.keys():
        for line in _values(here[address], there[address], counts):
            yield f"{address} {line}"
    for address in sorted(here.keys() - there.keys()):
        yield f"{address} is not in the module"
    both = len(here.keys() & there.keys())
    cells = (call.stem, both, len(there) - both, *counts.values())
    print(f"| {' | '.join(map(str, cells))} |")


def _values(ours: Leaves, theirs: Leaves, counts: dict[str, int]) -> Iterator[str]:
    for path in sorted(ours.keys() | theirs.keys()):
        mine, other = _at(path, ours), _at(path, theirs)
        if mine is UNKNOWN or other is UNKNOWN:
            counts["unknown"] += 1
        elif mine is None:
            counts["left out"] += 1
        elif mine == other:
            counts["equal"] += 1
        else:
            counts["differ"] += 1
            yield f"{path}: {mine!r} here, {other!r} in the module"


def _at(path: str, there: Leaves) -> Any:
    """The value; unknown where something around it is."""
    whole = path
    while path:
        if path in there and (path == whole or there[path] is UNKNOWN):
            return there[path]
        path = path.rpartition(".")[0]
    return None


def _read(text: str, code: dict[str, bytes]) -> dict[str, Leaves]:
    files = SentFiles({"main.tf": text.encode(), **code})
    # Modules inside of the module are told apart by nothing but their kinds of resources.
    return {
        _flat(part.address): leaves(part.arguments)
        for part in parts_of_code(files, ".", load_catalog(), known_modules=True)
        if part.type.startswith("aws_")
    }


def _flat(address: str) -> str:
    """`module.m.module.db.aws_x.y[0]` as `aws_x.y`: whether a thing that is there once was written
    with a count makes no difference."""
    words = address.split(".")
    at = max(i for i, word in enumerate(words) if word.startswith("aws_"))
    return ".".join(words[at:]).removesuffix("[0]")


def _code(checkouts: Path, module: str) -> Iterator[tuple[str, bytes]]:
    folder = checkouts / module
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in (".tf", ".json", ".yaml", ".tpl", ".tftpl"):
            yield f"{module}/{path.relative_to(folder).as_posix()}", path.read_bytes()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
