"""A client of the cloud behind a circuit breaker, by botocore's events around each call.

A call is one attempt here however often botocore tried. A refusal (4xx) is an answer: the service
works. No answer, a failure of the service (5xx) and throttling count as failures.
"""

from __future__ import annotations

from typing import Any

from dharma.core.breaker import CircuitBreaker

_PROBE = "dharma_probe"
_TOO_MANY_REQUESTS = 429
_THROTTLED = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded"})


def guard(client: Any, breaker: CircuitBreaker, name: str) -> None:
    """From now on calls of this client raise `Unavailable` while the circuit is open."""

    def before(context: dict[str, Any], **_: Any) -> None:
        context[_PROBE] = breaker.admit(name).probe

    def answered(
        http_response: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any
    ) -> None:
        status = int(http_response.status_code)
        code = parsed.get("Error", {}).get("Code")
        failed = status >= 500 or status == _TOO_MANY_REQUESTS or code in _THROTTLED
        breaker.report(name, ok=not failed, probe=context.get(_PROBE, False))

    def unanswered(context: dict[str, Any], **_: Any) -> None:
        breaker.report(name, ok=False, probe=context.get(_PROBE, False))

    events = client.meta.events
    events.register_first("before-call.*.*", before)
    events.register_last("after-call.*.*", answered)
    events.register_last("after-call-error.*.*", unanswered)
