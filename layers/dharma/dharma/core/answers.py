"""A value or an exception as bytes, from one process of this program to another.

They are pickles, but only classes of this project and Python's own exceptions come out of them:
whoever wrote the bytes cannot have anything else called.
"""

from __future__ import annotations

import builtins
import io
import pickle
from decimal import Decimal
from typing import Any

from dharma.core.errors import DharmaError
from dharma.core.garbage import seldom_collected

# Behind a whole answer, so that half of one is not taken for it.
_WHOLE = b"whole"
_PLAIN = {("decimal", "Decimal"): Decimal}
_OWN = ("dharma.", "dharma_cli.", "dharma_local.", "functions.")


def packed(succeeded: bool, value: Any) -> bytes:
    """`value` is a result, or the exception that there was. One that cannot travel becomes a
    RuntimeError that tells of it."""
    if isinstance(value, BaseException) and not _travels(value):
        told = RuntimeError(f"{type(value).__name__}: {value}")
        for note in getattr(value, "__notes__", ()):
            told.add_note(note)
        value = told
    return pickle.dumps((succeeded, value), protocol=5) + _WHOLE


@seldom_collected()
def unpacked(answer: bytes) -> tuple[bool, Any] | None:
    """Whether it is a result, and the value. None for an answer that is not whole."""
    if not answer.endswith(_WHOLE):
        return None
    found: tuple[bool, Any] = _Unpickler(io.BytesIO(answer)).load()
    return found


def _travels(error: BaseException) -> bool:
    return isinstance(error, DharmaError) or type(error).__module__ == builtins.__name__


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return _PLAIN[module, name]
        if module == builtins.__name__ or module.startswith(_OWN):
            found = super().find_class(module, name)
            own = isinstance(found, type) and found.__module__ == module
            if own and (
                module != builtins.__name__ or issubclass(found, (BaseException, set, frozenset))
            ):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an answer")
