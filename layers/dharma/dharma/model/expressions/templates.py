"""The one normal form of a template: no empty and no neighbouring strings, none nested."""

from __future__ import annotations

from collections.abc import Iterable

from dharma.model.expressions.nodes import Template, Value


def join_parts(parts: Iterable[Value]) -> Value:
    """The value of a quoted template with these parts.

    Only literal text gives a plain string; one interpolation alone gives its expression, with its
    own type, as in Terraform (`"${var.ports}"` is the list).
    """
    flat: list[Value] = []
    for part in parts:
        inner = part.parts if isinstance(part, Template) else (part,)
        for piece in inner:
            if isinstance(piece, str):
                if not piece:
                    continue
                if flat and isinstance(flat[-1], str):
                    flat[-1] += piece
                    continue
            flat.append(piece)
    if not flat:
        return ""
    if len(flat) == 1:
        return flat[0]
    return Template(tuple(flat))
