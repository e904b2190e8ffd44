"""The Lambda authorizer in front of a route, with API Gateway's cache of its answers.

No identity source in the request: 401 without asking. The function raises "Unauthorized": 401.
It answers `isAuthorized: false`: 403. Anything else that goes wrong: 500. Answers (yes and no, not
errors) are kept per authorizer and identity for its `ReauthorizeEvery` seconds.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from dharma_local.functions import FunctionError
from dharma_local.gateway.payload import Request, authorizer_event
from dharma_local.template import ACCOUNT, REGION, Authorizer

_CACHE_SIZE = 4096


class Refused(Exception):
    """The request goes no further; `status` 401, 403 or 500."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Gatekeeper:
    """`invoke(function, event)` runs the authorizer and may raise `FunctionError`."""

    def __init__(
        self,
        authorizers: Mapping[str, Authorizer],
        invoke: Callable[[str, Mapping[str, Any]], Any],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authorizers = authorizers
        self._invoke = invoke
        self._now = now
        self._known: OrderedDict[tuple[str, ...], tuple[float, dict[str, Any]]] = OrderedDict()

    def admit(self, name: str, request: Request, event: Mapping[str, Any]) -> dict[str, Any]:
        """The context to hand on in `requestContext.authorizer.lambda`, or `Refused`."""
        authorizer = self._authorizers[name]
        identity = [request.header(header) for header in authorizer.identity]
        values = [value for value in identity if value]
        if len(values) < len(identity):
            raise Refused(401, "Unauthorized")
        key = (name, *values)
        verdict = self._remembered(key)
        if verdict is None:
            verdict = self._ask(authorizer, event, values)
            if authorizer.ttl > 0:
                self._known[key] = (self._now() + authorizer.ttl, verdict)
                if len(self._known) > _CACHE_SIZE:
                    self._known.popitem(last=False)
        if verdict.get("isAuthorized") is not True:
            raise Refused(403, "Forbidden")
        return dict(verdict.get("context") or {})

    def _remembered(self, key: tuple[str, ...]) -> dict[str, Any] | None:
        found = self._known.get(key)
        if found is None:
            return None
        if found[0] <= self._now():
            del self._known[key]
            return None
        return found[1]

    def _ask(
        self, authorizer: Authorizer, event: Mapping[str, Any], identity: list[str]
    ) -> dict[str, Any]:
        http = event["requestContext"]["http"]
        arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:local/$default/{http['method']}"
        try:
            verdict = self._invoke(
                authorizer.function, authorizer_event(event, identity, arn + http["path"])
            )
        except FunctionError as error:
            if error.message == "Unauthorized":
                raise Refused(401, "Unauthorized") from error
            raise Refused(500, "Internal Server Error") from error
        if not isinstance(verdict, dict) or "isAuthorized" not in verdict:
            raise Refused(500, "Internal Server Error")
        return verdict
