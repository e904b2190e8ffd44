"""How much one reading may take (`dharma.core.box`), and blueprints read so.

Other sources are read by `dharma.blueprint.readers.boxed`, which loads the readers of all formats.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping

from dharma.blueprint.source import load_blueprint
from dharma.core.box import Limits, boxed
from dharma.core.errors import Fault, Misconfigured
from dharma.model.blueprint import Blueprint

_MEGABYTE = 1024**2
_LEAST = 64 * _MEGABYTE
_MOST = 1_000_000


def read_blueprint(text: str) -> Blueprint:
    """As `load_blueprint`; raises what `boxed` raises, too."""
    return boxed(lambda: load_blueprint(text), None, limits())


def limits(environment: Mapping[str, str] = os.environ) -> Limits:
    """What one reading may take: `DHARMA_READING_SECONDS` of CPU, four times as many on the clock,
    and `DHARMA_READING_MEMORY_MB`.

    On Lambda, unless they are set, the box is over in time for the function to answer, and takes
    two thirds of the memory that is left, since the answer needs some in the function, too. Raises
    `Misconfigured`.
    """
    usual = Limits()
    if megabytes := environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"):
        # Kilobytes, on Linux.
        taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        left = max(0, int(megabytes) * _MEGABYTE - taken)
        usual = Limits(25, 25, max(_LEAST, left * 2 // 3))
    seconds = _whole(environment, "DHARMA_READING_SECONDS")
    memory = _whole(environment, "DHARMA_READING_MEMORY_MB")
    return Limits(
        cpu_seconds=seconds or usual.cpu_seconds,
        seconds=4 * seconds if seconds else usual.seconds,
        memory_bytes=memory * _MEGABYTE if memory else usual.memory_bytes,
    )


def _whole(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) <= _MOST):
        message = f"{name} is {text!r}: a whole number from 1 to {_MOST}"
        raise Misconfigured(message, [Fault(message, path=name)])
    return int(text)
