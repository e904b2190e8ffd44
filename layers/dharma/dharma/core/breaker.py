"""A circuit breaker for what the product calls: it stops calling who fails half of the time.

Failing fast spares the caller the time-outs and the callee the load. The state (`circuit`) is
shared through the cache by all who call; a cache that does not answer lets every call through.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from dharma.core.cache import Cache
from dharma.core.circuit import Admission, Rule
from dharma.core.errors import Unavailable

_log = logging.getLogger(__name__)


class Call:
    """One call that was let through: say `failed` where the answer, though one came, is none."""

    def __init__(self) -> None:
        self.ok = True

    def failed(self) -> None:
        self.ok = False


class CircuitBreaker:
    """Guards the calls of one sort; each callee by name has a circuit of its own."""

    def __init__(self, cache: Cache, sort: str, rule: Rule | None = None) -> None:
        self._cache = cache
        self._sort = sort
        self._rule = rule or Rule()

    @contextmanager
    def calling(self, name: str) -> Iterator[Call]:
        """Call inside; `Unavailable` without a call while the circuit is open. An `Unavailable`
        that leaves counts as a failure, any other exception as an answer."""
        admission = self.admit(name)
        call = Call()
        try:
            yield call
        except Unavailable:
            call.failed()
            raise
        finally:
            self.report(name, ok=call.ok, probe=admission.probe)

    def admit(self, name: str) -> Admission:
        """Ask before a call whose end is told by `report`; `Unavailable` when there is to be none.
        For callers whose call has no one place around it."""
        admission = self._cache.admit(self._key(name), self._rule)
        if admission is None:
            return Admission(True)
        if not admission.admitted:
            raise Unavailable(
                f"{name} is not called for another {admission.retry_after:.0f} s: "
                f"{self._rule.threshold} % or more of the calls to it failed"
            )
        return admission

    def report(self, name: str, *, ok: bool, probe: bool) -> None:
        before_and_after = self._cache.report(self._key(name), self._rule, ok=ok, probe=probe)
        if before_and_after is None:
            return
        before, after = before_and_after
        if before != after or (after and probe):
            level, told = (logging.WARNING, "opened") if after else (logging.INFO, "closed")
            _log.log(level, "circuit %s", told, extra={"circuit": f"{self._sort}/{name}"})

    def _key(self, name: str) -> str:
        return f"circuit/{self._sort}/{name}"
