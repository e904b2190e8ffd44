"""Where a path leads in a shape of a foreign schema."""

from __future__ import annotations

from dharma.catalog.paths import Path, Step, print_path
from scripts.catalog_check.fitting import Contradiction, literal_fits
from scripts.catalog_check.foreign import Shape, documented_keys
from scripts.catalog_check.names import near


def follow(shape: Shape, path: Path, *, writing: bool) -> Shape:
    """The shape at a path; a Contradiction where the schema has no such path."""
    here = shape
    for position, step in enumerate(path):
        if here.kind == "any":
            return here
        if here.kind == "map" and here.item is not None:
            here = here.item
            continue
        if here.kind in ("list", "set"):
            raise Contradiction(
                f"{print_path(path[:position])} is a {here.kind}: select an element"
            )
        if step.key not in here.fields:
            raise Contradiction(f"{step.key} does not exist{near(step.key, here.fields)}")
        found = here.fields[step.key]
        if writing and found.read_only:
            raise Contradiction(f"{step.key} can only be read")
        if writing and found.older:
            raise Contradiction(f"{step.key} is of earlier releases: say `only: read`")
        if step.where:
            _selectable(found, step)
        entered = enter(found, step)
        if entered is None:
            raise Contradiction(f"{step.key} is a {found.kind}, it has no element to select")
        here = entered
    return here


def enter(found: Shape | None, step: Step) -> Shape | None:
    if found is None or found.kind == "any" or not (step.single or step.where):
        return found
    return found.item if found.kind in ("list", "set") else None


def _selectable(found: Shape, step: Step) -> None:
    assert step.where is not None
    member, wanted = step.where
    if found.item is None or member not in found.item.fields:
        raise Contradiction(f"the elements of {step.key} have no {member}")
    literal_fits(wanted, found.item.fields[member])
    known = documented_keys(step.key)
    if known and wanted not in known:
        raise Contradiction(f"no {step.key} is called {wanted}{near(str(wanted), known)}")
