"""The gateway as an ASGI application.

A request's way: route, authorizer, body within its limits, function, one answer written in one go.
Nobody's body is taken in before the token is known to be good. What goes wrong on the way is
answered as API Gateway answers it: `{"message": ...}`, and the id of the request in the header
`apigw-requestid` alone. Everything else, the correlation id too, is the functions'.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from dharma_local.functions import PAYLOAD_LIMIT, FunctionError, new_request_id
from dharma_local.gateway.authorizer import Gatekeeper, Refused
from dharma_local.gateway.cors import CorsRules
from dharma_local.gateway.invoke import Invoker
from dharma_local.gateway.payload import (
    Answer,
    MalformedAnswer,
    Request,
    body_of,
    build_event,
    message,
    read_answer,
)
from dharma_local.gateway.routes import ENCODED_SLASH, Match, Router
from dharma_local.template import Route, Template
from dharma_local.workers.pool import FunctionTimedOut, WorkerDied
from dharma_local.workers.turns import TooManyWaiting

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CORRELATION = "x-correlation-id"
_CORRELATION_ID = re.compile(r"[A-Za-z0-9_.:/=+-]{1,128}")
_NO_BODY = frozenset({204, 304})


class _TooLarge(Exception):
    """The body is beyond the limit."""


class _CutOff(Exception):
    """The body has no end."""


class Gateway:
    """`log` gets one JSON line per request.

    `spoilt` is called after a function in this process was ended at its time-out: what it held may
    be in any state, so the process should be replaced, as Lambda does with its environment.
    """

    def __init__(
        self,
        template: Template,
        invoker: Invoker,
        log: Callable[[str], object] | None = None,
        spoilt: Callable[[], object] | None = None,
    ) -> None:
        self._invoker = invoker
        self._router = Router(template.routes)
        self._gatekeeper = Gatekeeper(template.authorizers, invoker.call_here)
        self._cors = CorsRules(template.cors) if template.cors else None
        self._log = log
        self._spoilt = spoilt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        request_id = new_request_id()
        request = _request(scope)
        correlation = _correlation_id(request) or request_id
        match = self._router.match(request.method, _routing_path(scope))
        preflight = self._cors.preflight(request) if self._cors and match is None else None
        if preflight is not None:
            answer = preflight
        else:
            answer = await self._answer(request, receive, request_id, match)
        headers = list(answer.headers)
        if self._cors:
            headers += self._cors.headers(request)
        headers.append(("apigw-requestid", request_id))
        await _write(send, answer, headers, head=request.method == "HEAD")
        if self._log is not None:
            self._log(
                json.dumps(
                    {
                        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                        "requestId": request_id,
                        "correlationId": correlation,
                        "method": request.method,
                        "path": request.path,
                        "route": match.route.key if match else None,
                        "status": answer.status,
                        "ms": round((time.perf_counter() - started) * 1000, 2),
                        "bytes": len(answer.body),
                    }
                )
            )

    async def _answer(
        self,
        request: Request,
        receive: Receive,
        request_id: str,
        match: Match | None,
    ) -> Answer:
        if _announces_too_much(request):
            return message(413, "Request Entity Too Large")
        if match is None:
            return message(404, "Not Found")
        event = build_event(
            request,
            route_key=match.route.key,
            parameters=match.parameters,
            request_id=request_id,
            moment=datetime.now(UTC),
        )
        try:
            if match.route.authorizer is not None:
                context = self._gatekeeper.admit(match.route.authorizer, request, event)
                event["requestContext"]["authorizer"] = {"lambda": context}
            event |= body_of(request, await _body(receive))
            answer = read_answer(await self._called(match.route, event, receive))
        except _TooLarge:
            return message(413, "Request Entity Too Large")
        except _CutOff:
            return message(400, "Bad Request")
        except TooManyWaiting:
            return message(429, "Too Many Requests")
        except Refused as refused:
            if refused.status == 500:
                _complain(match, request_id, refused.__cause__ or refused)
            return message(refused.status, refused.message)
        except FunctionTimedOut as error:
            _complain(match, request_id, error)
            apart = self._invoker.runs_apart(match.route.function, match.route.key)
            if self._spoilt is not None and not apart:
                self._spoilt()
            return message(504, "Endpoint request timed out")
        except (FunctionError, WorkerDied, MalformedAnswer) as error:
            _complain(match, request_id, error)
            return message(500, "Internal Server Error")
        if len(answer.body) > PAYLOAD_LIMIT:
            _complain(match, request_id, ValueError("the answer has more than 6 MB"))
            return message(500, "Internal Server Error")
        return answer

    async def _called(self, route: Route, event: dict[str, Any], receive: Receive) -> Any:
        """What the function returned; `_CutOff` when nobody waits for it any more."""
        if not self._invoker.runs_apart(route.function, route.key):
            return self._invoker.call_here(route.function, event)
        call = asyncio.ensure_future(
            self._invoker.call_apart(route.function, event, _caller(event))
        )
        gone = asyncio.ensure_future(_departure(receive))
        await asyncio.wait((call, gone), return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not call.done():
            # A function that runs goes on; one that waits for its turn is not begun any more.
            call.cancel()
            raise _CutOff
        return call.result()


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _caller(event: Mapping[str, Any]) -> str:
    """Whose turn it is that a request takes: every token of one person is the same caller."""
    context = event["requestContext"].get("authorizer", {}).get("lambda", {})
    return f"{context.get('tenant', '')} {context.get('sub', '')}"


def _request(scope: Scope) -> Request:
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]),
        source_ip=client[0] if client else "127.0.0.1",
        protocol=f"HTTP/{scope['http_version']}",
    )


def _routing_path(scope: Scope) -> str:
    """The decoded path, in which a slash that was encoded does not part segments."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%2f" not in raw.lower():
        path: str = scope["path"]
        return path
    segments = raw.decode("latin-1").split("?")[0].split("/")
    return "/".join(unquote(segment).replace("/", ENCODED_SLASH) for segment in segments)


def _correlation_id(request: Request) -> str | None:
    """The caller's, if it is a harmless word: it goes into logs and headers."""
    given = request.header(CORRELATION)
    return given if given and _CORRELATION_ID.fullmatch(given) else None


def _announces_too_much(request: Request) -> bool:
    announced = request.header("content-length")
    return announced is not None and announced.isdigit() and int(announced) > PAYLOAD_LIMIT


async def _body(receive: Receive) -> bytes:
    """The request's body; `_TooLarge` as soon as it is beyond the limit, `_CutOff` when the caller
    is gone before its end: half a request is none."""
    parts: list[bytes] = []
    size = 0
    while True:
        part = await receive()
        if part["type"] == "http.disconnect":
            raise _CutOff
        chunk = part.get("body", b"")
        size += len(chunk)
        if size > PAYLOAD_LIMIT:
            raise _TooLarge
        parts.append(chunk)
        if not part.get("more_body", False):
            return b"".join(parts)


async def _write(send: Send, answer: Answer, headers: list[tuple[str, str]], *, head: bool) -> None:
    has_body = answer.status not in _NO_BODY
    raw = [
        (name.encode("latin-1", "replace"), _one_line(value).encode("latin-1", "replace"))
        for name, value in headers
        if name != "content-length"
    ]
    if has_body:
        raw.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    body = answer.body if has_body and not head else b""
    await send({"type": "http.response.body", "body": body})


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")


def _complain(match: Match, request_id: str, error: BaseException) -> None:
    record: dict[str, Any] = {
        "level": "ERROR",
        "requestId": request_id,
        "route": match.route.key,
        "function": match.route.function,
        "error": str(error),
    }
    if isinstance(error, FunctionError):
        record["stackTrace"] = error.trace
    print(json.dumps(record), file=sys.stderr, flush=True)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return
