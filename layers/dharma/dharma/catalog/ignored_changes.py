"""What `ignore_changes` names, in the words of the model and in those of Terraform.

A blueprint names properties (`versioning.enabled`), Terraform arguments of the part that has them
(`versioning_configuration[0].status` of the bucket's versioning). Several paths stand for one where
the other side cuts things otherwise; an object that is named stands for all its members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dharma.catalog.document import Part
from dharma.catalog.kinds import Attachment, Bag, FormatMapping, Table
from dharma.catalog.paths import Path
from dharma.catalog.transforms import SAME
from dharma.model.blueprint import Steps, path_steps

ALL = "all"


def shared_out(parts: list[Part], mapping: FormatMapping, ignored: tuple[str, ...]) -> list[Part]:
    """The parts of one resource, the main one first, each with what of it is to be ignored. A name
    that no rule knows stays with the main part."""
    main = IgnoredChanges(mapping.table, mapping.bags, to_model=False)
    apart = [(a.type, IgnoredChanges(a.table, to_model=False)) for a in mapping.attachments]
    shares: dict[str, dict[str, None]] = {part.address: {} for part in parts}
    for path in ignored:
        own = main.translated(path)
        pieces = [(type, texts) for type, known in apart if (texts := known.translated(path))]
        shares[parts[0].address].update(dict.fromkeys(own if own or pieces else (path,)))
        for part in parts[1:]:
            for type, texts in pieces:
                if part.type == type:
                    shares[part.address].update(dict.fromkeys(texts))
    return [
        replace(part, lifecycle=replace(part.lifecycle, ignore_changes=tuple(shares[part.address])))
        for part in parts
    ]


def gathered(
    part: Part, attached: Sequence[tuple[Part, Attachment]], mapping: FormatMapping
) -> tuple[str, ...]:
    """What is to be ignored of a resource: what its main part says, and what those say that are
    folded into it."""
    if not any(p.lifecycle.ignore_changes for p in (part, *(piece for piece, _ in attached))):
        return ()
    main = IgnoredChanges(mapping.table, mapping.bags, to_model=True)
    found: dict[str, None] = {}
    for path in part.lifecycle.ignore_changes:
        found.update(dict.fromkeys(main.translated(path) or (path,)))
    for piece, attachment in attached:
        known = IgnoredChanges(attachment.table, to_model=True)
        for path in piece.lifecycle.ignore_changes:
            found.update(dict.fromkeys(known.translated(path)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Line:
    """A rule of a table as two paths without positions, and what is inside of its elements. `same`:
    keys and positions behind the paths mean the same in both."""

    here: Steps
    there: Steps
    elements: tuple[_Line, ...]
    same: bool


class IgnoredChanges:
    """The paths of one part's table and of the bags that stand in it, one way or the other."""

    def __init__(self, table: Table, bags: Iterable[Bag] = (), *, to_model: bool) -> None:
        self._lines = tuple(_lines(table, bags, to_model))

    def translated(self, path: str) -> tuple[str, ...]:
        """The counterparts of a path, none where no rule is of it."""
        steps = path_steps(path)
        found = list(_counterparts(steps, self._lines))
        # What reads the same stays as it was written: `labels.app` and `labels["app"]` are one.
        return tuple(path if path_steps(text) == steps else text for text in found)


def _lines(table: Table, bags: Iterable[Bag], to_model: bool) -> Iterator[_Line]:
    unused = "write" if to_model else "read"
    for rule in table.all_rules():
        if rule.only != unused:
            selects = any(step.where for step in rule.native)
            elements = () if rule.each is None else tuple(_lines(rule.each, (), to_model))
            same = rule.transform is SAME and not selects
            yield _line(rule.model, _positions(rule.native), elements, same, to_model)
    for bag in bags:
        form = bag.inline
        if form is not None and form.path is not None and form.only != unused:
            elements = tuple(_lines(form.table, (), to_model))
            yield _line((bag.declared.name,), _positions(form.path), elements, True, to_model)


def _line(
    model: Steps, native: Steps, elements: tuple[_Line, ...], same: bool, to_model: bool
) -> _Line:
    here, there = (native, model) if to_model else (model, native)
    return _Line(here, there, elements, same)


def _positions(path: Path) -> Steps:
    """A path as Terraform spells it. An element that is told by what it holds has no position:
    its list stands for it."""
    steps: list[str | int] = []
    for step in path:
        steps += [step.key, 0] if step.single else [step.key]
        if step.where:
            break
    return tuple(steps)


def _counterparts(steps: Steps, lines: tuple[_Line, ...]) -> Iterator[str]:
    """Texts, each once; what has all that there is below a path is that path."""
    reached = [(line, rest) for line in lines if (rest := _behind(line.here, steps)) is not None]
    whole = _common([line.there for line, _ in reached])
    if len(reached) > 1 and whole and not any(rest for _, rest in reached):
        others = [line for line in lines if line not in [found for found, _ in reached]]
        if not any(line.there[: len(whole)] == whole for line in others):
            yield _printed(whole)
            return
    found: dict[str, None] = {}
    for line, rest in reached:
        found.update(dict.fromkeys(_continued(line, rest)))
    yield from found


def _behind(path: Steps, steps: Steps) -> Steps | None:
    """What the steps name behind a path, nothing where they end on the way; None for another path.
    The position of a single block may be said or left out."""
    rest = list(steps)
    for number, step in enumerate(path):
        if step == 0:
            continue
        if number and rest and rest[0] == 0:
            del rest[0]
        if not rest:
            return ()
        if rest.pop(0) != step:
            return None
    return tuple(rest)


def _continued(line: _Line, rest: Steps) -> Iterator[str]:
    start = _printed(line.there)
    if not rest:
        yield start
    elif isinstance(rest[0], int) and line.elements:
        element = f"{start}[{rest[0]}]"
        inner = list(_counterparts(rest[1:], line.elements)) if rest[1:] else [""]
        yield from (f"{element}.{text}" if text else element for text in inner)
    elif line.same and not line.elements:
        yield start + "".join(f"[{s}]" if isinstance(s, int) else f'["{s}"]' for s in rest)
    else:
        yield start  # An element that the other side does not have by itself: all of them.


def _common(paths: list[Steps]) -> Steps:
    shortest = min(map(len, paths), default=0)
    length = next((n for n in range(shortest) if len({path[n] for path in paths}) > 1), shortest)
    common = paths[0][:length] if paths else ()
    return common[:-1] if common and common[-1] == 0 else common


def _printed(path: Steps) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
