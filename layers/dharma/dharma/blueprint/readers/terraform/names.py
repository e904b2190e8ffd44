"""Named values that are computed when they are first asked for, each once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.nodes import Value


class Chain:
    """The names that are being computed right now; a name that needs itself has no value."""

    def __init__(self) -> None:
        self._open: dict[str, None] = {}

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        if name in self._open:
            names = list(self._open)
            circle = [*names[names.index(name) :], name]
            raise EvaluationError(f"a cycle: {' needs '.join(circle)}")
        self._open[name] = None
        try:
            yield
        finally:
            del self._open[name]


class Lazy(Mapping[str, Value]):
    """`compute` gives the value of a name; `prefix` is put before names in messages."""

    def __init__(
        self,
        names: Collection[str],
        compute: Callable[[str], Value],
        chain: Chain,
        prefix: str,
    ) -> None:
        self._names = names
        self._compute = compute
        self._chain = chain
        self._prefix = prefix
        self._values: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        if name in self._values:
            return self._values[name]
        if name not in self._names:
            raise KeyError(name)
        with self._chain.within(f"{self._prefix}{name}"):
            value = self._compute(name)
        self._values[name] = value
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
