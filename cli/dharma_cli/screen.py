"""A console on which the text of others stays text.

Names, messages of policies and answers of clouds come from elsewhere. Escape sequences in them
would colour, move or rewrite what is on the screen, and marks of writing direction would show it in
another order than it is read.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

_HARMFUL = (
    {*range(0x20), 0x7F, *range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
) - {ord("\t"), ord("\n")}
_SHOWN = dict.fromkeys(_HARMFUL, "\N{REPLACEMENT CHARACTER}")


def harmless(text: str) -> str:
    """Control characters, line ends and tabs excepted, replaced by one that can be seen."""
    return text.translate(_SHOWN)


class Screen(Console):
    """Rich's console, every piece of text made harmless before it gets its style."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(harmless(segment.text), segment.style)
