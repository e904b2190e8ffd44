"""Where an expression is evaluated: what its names stand for, and what it may cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from dharma.core.errors import LimitExceeded
from dharma.model.expressions.functions import Function
from dharma.model.expressions.nodes import ResourceRef, Symbol, Value

MAX_STEPS = 500_000


@dataclass(slots=True)
class Budget:
    """What is left to spend on one evaluation; a `for` inside a `for` is cheap to write."""

    steps: int = MAX_STEPS
    given: int = field(init=False)

    def __post_init__(self) -> None:
        self.given = self.steps

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise LimitExceeded(f"an expression takes more than {self.given} steps")


@dataclass(frozen=True, slots=True)
class Scope:
    """What names stand for. What is missing here stays an expression.

    `each` is (key, value) of a `for_each` instance, `count` the index of a `count` instance.
    `resource` says what a reference to a resource is: a value, or a (more precise) reference;
    `deeper` the same of a reference that `resource` gave, with further steps (by default
    `resource` again). `symbol` says what any other name is (data sources, `path.module`), and
    `functions` are those that only this place has: they read files. `certain` tells whether a
    reference has a value when it is applied, so that `try` needs nothing behind it. With
    `keeps_calls` a function whose result is not to be had here stays a call, as code wants it that
    will be run where it is to be had; without, the result is unknown.
    """

    variables: Mapping[str, Value] = field(default_factory=dict)
    locals: Mapping[str, Value] = field(default_factory=dict)
    each: tuple[Value, Value] | None = None
    count: int | None = None
    ambient: Mapping[str, Value] = field(default_factory=dict)
    resource: Callable[[ResourceRef], Value] | None = None
    deeper: Callable[[ResourceRef], Value] | None = None
    symbol: Callable[[Symbol], Value] | None = None
    functions: Mapping[str, Function] = field(default_factory=dict)
    bound: Mapping[str, Value] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    certain: Callable[[ResourceRef], bool] | None = None
    keeps_calls: bool = False

    def binding(self, names: Mapping[str, Value]) -> Scope:
        # Once for every round of a `for`: `replace` would take most of the time of a loop.
        return Scope(
            self.variables,
            self.locals,
            self.each,
            self.count,
            self.ambient,
            self.resource,
            self.deeper,
            self.symbol,
            self.functions,
            {**self.bound, **names},
            self.budget,
            self.certain,
            self.keeps_calls,
        )

    def hiding(self, *names: str | None) -> Scope:
        """Without the outer meaning of names that a `for` binds to something not known."""
        if not self.bound:
            return self
        return replace(self, bound={k: v for k, v in self.bound.items() if k not in names})
