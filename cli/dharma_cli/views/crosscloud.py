"""The report of a proposal for another cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dharma_cli.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from dharma.blueprint.crosscloud import ResourceReview, Review


def report(console: Console, review: Review) -> None:
    """Each resource with its counterpart, then what a person has to look at."""
    for resource in review.resources:
        for line in _lines(resource):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    for subject, message in review.notes:
        console.print(f"{subject}: {message}", markup=False, highlight=False, soft_wrap=True)
    counts = review.counts()
    console.print(
        f"{review.source} to {review.target}: {counted(len(review.resources), 'resource')};"
        f" {counts['carried']} carried, {counts['partial']} in part,"
        f" {counts['none']} without counterpart; for review",
        markup=False,
        soft_wrap=True,
    )


def _lines(resource: ResourceReview) -> Iterator[str]:
    there = ", ".join(resource.counterparts) or "no counterpart"
    reason = f" ({resource.reason})" if resource.reason else ""
    yield f"{resource.address} -> {there}{reason}"
    if resource.carried:
        pairs = (a if a == b else f"{a} -> {b}" for a, b in resource.carried)
        yield f"  carried: {', '.join(pairs)}"
    for source, target, why in resource.approximated:
        yield f"  alike: {source} -> {target}: {why}"
    for path, why in resource.dropped:
        yield f"  left out: {path}: {why}"
    for path, why in resource.added:
        yield f"  added: {path}: {why}"
    for variable, why in resource.needed:
        yield f"  to be given: {variable}: {why}"
