"""The state of a circuit breaker, and when it opens.

    closed      calls go through and are counted, in windows of a minute
    open        after a window in which half of at least `least_calls` failed: none goes through
    half open   when the pause is over: one call goes through, and its outcome closes or opens

The numbers are a pure function of state, time and outcome, so that every cache does the same
(`Cache.admit`, `Cache.report`). Source of the pattern: M. Nygard, "Release It!", 2nd edition,
chapter 5.
"""

from __future__ import annotations

from dataclasses import dataclass

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is known of one callee. Moments in microseconds since 1970, 0 for never.

    `since`: when the window began in which `ok` and `failed` were counted. `open_until` is 0 while
    closed; `probe_until`: until when a call that was let through half open may take.
    """

    since: int = 0
    ok: int = 0
    failed: int = 0
    open_until: int = 0
    probe_until: int = 0


@dataclass(frozen=True, slots=True)
class Admission:
    """`probe`: the one call that tries whether it works again. `retry_after` in seconds."""

    admitted: bool
    probe: bool = False
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """When to open. `threshold` in percent of a window's calls; `window`, `pause` and `probe` (how
    long one may take) in seconds."""

    threshold: int = 50
    least_calls: int = 5
    window: int = 60
    pause: int = 30
    probe: int = 60

    def admit(self, circuit: Circuit, now: int) -> tuple[Admission, Circuit]:
        if circuit.open_until == 0:
            return Admission(True), circuit
        # Half open while a probe is under way, it is the same as open until that should have ended.
        until = max(circuit.open_until, circuit.probe_until)
        if now < until:
            return Admission(False, retry_after=(until - now) / _MICROSECONDS), circuit
        probing = now + self.probe * _MICROSECONDS
        return Admission(True, probe=True), Circuit(open_until=now, probe_until=probing)

    def report(self, circuit: Circuit, now: int, *, ok: bool, probe: bool) -> Circuit:
        paused = now + self.pause * _MICROSECONDS
        if circuit.open_until:
            if not probe:
                # It was let through before, and says nothing about what is now.
                return circuit
            return Circuit(since=now) if ok else Circuit(open_until=paused)
        if now - circuit.since >= self.window * _MICROSECONDS:
            circuit = Circuit(since=now)
        good, bad = circuit.ok + ok, circuit.failed + (not ok)
        enough = good + bad >= self.least_calls
        if not ok and enough and bad * 100 >= self.threshold * (good + bad):
            return Circuit(open_until=paused)
        return Circuit(circuit.since, good, bad)
