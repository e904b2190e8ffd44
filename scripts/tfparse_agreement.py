"""Compare the values that our evaluator gives the arguments of resources with those of tfparse.

`python scripts/tfparse_agreement.py FOLDER...` reads every folder with `.tf` files below as a root
module, with both. tfparse (Apache-2.0, Cloud Custodian's binding of a Go evaluator on top of
HashiCorp's own HCL and function libraries) is another implementation of the same language, so two
equal values are right, or wrong twice. What only one side considers known is not compared: tfparse
has no unknown value, it drops them or puts a random id in their place, and knows nothing of what
providers say.

Where tfparse is known to be wrong, the section of that name says how, and such cases are counted.
Any other disagreement makes the exit code 2.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dharma.blueprint.readers.terraform.files import DiskFiles
from dharma.blueprint.readers.terraform.reader import parts_of_code
from dharma.catalog import load_catalog
from dharma.core.errors import DharmaError
from dharma.model.expressions.nodes import Expression, SetValue

# tfparse runs in a process of its own: the threads of a Go library do not go with ours.
_THEIRS = """
import json, sys, tfparse
for line in sys.stdin:
    try:
        found = tfparse.load_from_path(line.rstrip("\\n"), stop_on_hcl_error=True)
    except tfparse.ParseError as error:
        found = {"error": str(error)}
    print(json.dumps(found), flush=True)
"""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that one side does not know."""


UNKNOWN = Unknown()
_LARGEST = str(2**63 - 1)
Leaves = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """`path` is the argument (`ingress.0.from_port`), "" for the resource itself; a value that a
    side has not is None."""

    address: str
    path: str
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        where = f"{self.address} {self.path}".rstrip()
        return f"{where}: {json.dumps(self.ours)} here, {json.dumps(self.theirs)} there"


@dataclass(slots=True)
class Comparison:
    """`resources` are those that both have, `equal` the values that both know and have alike,
    `only_ours` and `only_theirs` those that one side knows. `excepted` counts by reason."""

    resources: int = 0
    equal: int = 0
    only_ours: int = 0
    only_theirs: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)
    excepted: Counter[str] = field(default_factory=Counter)
    error: str | None = None


class Tfparse:
    """tfparse as a process, which is asked for one folder after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _THEIRS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Tfparse:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def read(self, folder: Path) -> dict[str, Any]:
        """The blocks by label; `{"error": ...}` where it cannot read."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


def compare(root: Path, folder: Path, tfparse: Tfparse) -> Comparison:
    """Read a folder with both; modules may lie anywhere below `root`."""
    found = Comparison()
    theirs = tfparse.read(folder)
    if isinstance(theirs.get("error"), str):
        found.error = f"tfparse: {theirs['error']}"
        return found
    inside = folder.relative_to(root).as_posix()
    files = DiskFiles(root, inside, str(folder))
    try:
        parts = parts_of_code(files, inside, load_catalog())
    except DharmaError as error:
        found.error = str(error)
        return found
    ours = {part.address: part for part in parts if part.type != "module"}
    there = _resources(theirs)
    # How many instances there are, one of the sides does not know.
    unclear = {_configured(address) for address, block in there.items() if _unclear(block)}
    unclear |= {
        _configured(address)
        for address, part in ours.items()
        if part.count is not None or part.for_each is not None
    }
    # A count of one is an address without a key here, and one with [0] there.
    for address in list(ours):
        if f"{address}[0]" in there:
            ours[f"{address}[0]"] = ours.pop(address)
    for address in sorted(ours.keys() | there.keys()):
        if address in ours and address in there:
            found.resources += 1
            mine = _without_dropped_blocks(ours[address].arguments, there[address], found)
            _compare(address, leaves(mine), leaves(there[address]), found)
        elif _INNER_LOOP.match(address):
            found.excepted["a resource in a module that is repeated in a module"] += 1
        elif not any(_configured(address).startswith(known) for known in unclear):
            found.disagreements.append(Disagreement(address, "", address in ours, address in there))
    return found


# --- where tfparse is known to be wrong -----------------------------------------------------------

# Of a module that is called with for_each from inside of a module, it keeps the resources whose
# count needs nothing of the module's own, and drops the rest, or does not repeat them.
_INNER_LOOP = re.compile(r"module\.[^.]+\.(.*\.)?module\.\w+\[")


def _without_dropped_blocks(
    ours: dict[str, Any], theirs: dict[str, Any], found: Comparison
) -> dict[str, Any]:
    """Our arguments with the blocks that tfparse has, too: of each `dynamic` it makes one block,
    however many elements there are."""
    kept = {}
    for name, value in ours.items():
        kept[name] = value
        other = theirs.get(name)
        if isinstance(other, dict) and "__tfmeta" in other:
            other = [other]
        if _are_blocks(value) and _are_blocks(other) and len(other) < len(value):
            chosen = _chosen(value, other)
            if chosen is not None:
                found.excepted["a dynamic block is repeated"] += len(value) - len(other)
                kept[name] = chosen
    return kept


def _are_blocks(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _chosen(ours: list[Any], theirs: list[Any]) -> list[Any] | None:
    """For each of their blocks one of ours that is no other."""
    left = list(ours)
    chosen = []
    for block in theirs:
        wanted = leaves(block)
        alike = next((mine for mine in left if not _differ(leaves(mine), wanted)), None)
        if alike is None:
            return None
        left.remove(alike)
        chosen.append(alike)
    return chosen


def _differ(ours: Leaves, theirs: Leaves) -> bool:
    probe = Comparison()
    _compare("", ours, theirs, probe)
    return bool(probe.disagreements)


# --- values ---------------------------------------------------------------------------------------


def _configured(address: str) -> str:
    """The address without the key of its instance."""
    return address.rpartition("[")[0] if address.endswith("]") else address


def _unclear(block: dict[str, Any]) -> bool:
    """Whether tfparse has a count or for_each that it could not compute, and made one instance."""
    return any(name in block and not _known(block[name]) for name in ("count", "for_each"))


def _known(value: Any) -> bool:
    return value is not None and not (isinstance(value, dict) and "__attribute__" in value)


def _compare(address: str, ours: Leaves, theirs: Leaves, found: Comparison) -> None:
    for path in sorted(ours.keys() | theirs.keys()):
        mine = ours.get(path, _beside(path, ours))
        other = theirs.get(path, _beside(path, theirs))
        if mine is UNKNOWN and other is UNKNOWN:
            continue
        if mine is UNKNOWN:
            found.only_theirs += other is not None
        elif other is UNKNOWN:
            found.only_ours += mine is not None
        elif mine == other:
            found.equal += 1
        elif other is None and path.endswith(".id"):
            found.excepted["the id of a block, of which tfparse makes one of its own"] += 1
        elif other == _LARGEST:
            found.excepted["a number beyond 64 bits, which tfparse cuts off"] += 1
        elif other is None and _dropped(path, theirs):
            found.only_ours += 1
        else:
            found.disagreements.append(Disagreement(address, path, mine, other))


def _beside(path: str, there: Leaves) -> Any:
    """Nothing, or unknown where something around the path is."""
    while "." in path:
        path = path.rpartition(".")[0]
        if path in there:
            return there[path] if there[path] is UNKNOWN else None
    return None


def _dropped(path: str, there: Leaves) -> bool:
    """Whether tfparse has nothing of the whole argument: it leaves out what it does not know."""
    top = path.split(".", 1)[0]
    return not any(other == top or other.startswith(f"{top}.") for other in there)


# --- both as leaves -------------------------------------------------------------------------------


def leaves(arguments: dict[str, Any]) -> Leaves:
    """Plain values by path. A list of one block is the block, numbers and booleans are their text:
    providers convert, and neither side knows the types."""
    found: Leaves = {}
    for name, value in arguments.items():
        if name not in _META:
            _collect(name, value, found)
    return found


_META = frozenset(
    {"id", "count", "for_each", "__tfmeta", "lifecycle", "provider", "depends_on", "dynamic",
     "provisioner", "connection"}
)  # fmt: skip


def _collect(path: str, value: Any, found: Leaves) -> None:
    if isinstance(value, Expression):
        found[path] = UNKNOWN
    elif isinstance(value, dict) and "__attribute__" in value:
        found[path] = UNKNOWN  # A reference, and nothing of its value.
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key != "__tfmeta" and not (key == "id" and _UUID.fullmatch(str(inner))):
                _collect(f"{path}.{key}", inner, found)
    elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        _collect(path, value[0], found)
    elif isinstance(value, list):
        if isinstance(value, SetValue):
            value = sorted(value, key=str)
        for index, inner in enumerate(value):
            _collect(f"{path}.{index}", inner, found)
    elif isinstance(value, str) and (_UUID.search(value) or "${" in value):
        # Something that tfparse does not know: an id that it made up, or the text of the code.
        found[path] = UNKNOWN
    elif value is not None:
        found[path] = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _resources(theirs: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        block["__tfmeta"]["path"]: block
        for blocks in theirs.values()
        for block in blocks
        if block["__tfmeta"].get("type") == "resource"
    }


# --- what is shown --------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    if not arguments or not all(Path(a).is_dir() for a in arguments):
        print("usage: python scripts/tfparse_agreement.py FOLDER...", file=sys.stderr)
        return 1
    print("| corpus | folders | resources | equal | only here | only there | excepted | differ |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    wrong: list[str] = []
    reasons: Counter[str] = Counter()
    with Tfparse() as tfparse:
        for corpus in (Path(a).resolve() for a in arguments):
            results = {f: compare(corpus, f, tfparse) for f in configurations(corpus)}
            found = list(results.values())
            for result in found:
                reasons.update(result.excepted)
            cells = (
                corpus.name,
                len(found),
                sum(r.resources for r in found),
                sum(r.equal for r in found),
                sum(r.only_ours for r in found),
                sum(r.only_theirs for r in found),
                sum(r.excepted.total() for r in found),
                sum(len(r.disagreements) for r in found),
            )
            print(f"| {' | '.join(map(str, cells))} |")
            for folder, result in results.items():
                wrong += [f"{folder}: {disagreement}" for disagreement in result.disagreements]
                wrong += [f"{folder}: {result.error}"] if result.error else []
    for reason, count in reasons.items():
        print(f"\nexcepted {count} times: {reason}")
    for line in wrong:
        print(line)
    return 2 if wrong else 0


def configurations(corpus: Path) -> Iterator[Path]:
    yield from sorted({path.parent for path in corpus.rglob("*.tf") if path.is_file()})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
