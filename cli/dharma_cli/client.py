"""The HTTP API, as the command line uses it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from dharma.core import errors
from dharma.core.errors import DharmaError, Fault, Misconfigured, Unauthenticated, Unavailable
from dharma_cli import project, tokens
from dharma_local.supervisor import Stack

# Longer than the gateway's own limit of 30 s for one route, so that its answer is heard.
TIMEOUT_SECONDS = 35.0
_BY_STATUS = {
    403: errors.Forbidden,
    404: errors.NotFound,
    413: errors.LimitExceeded,
    429: errors.TooManyRequests,
    503: errors.Unavailable,
    504: errors.Unavailable,
}
_TOKEN = re.compile(r"[\x21-\x7e]+")


class Client:
    """One address, one token. Failures come back as the product's own error classes."""

    def __init__(
        self, address: str, token: str | None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.address = address.rstrip("/")
        if not self.address.startswith(("http://", "https://")):
            raise Misconfigured(f"{address!r} is no address of the API, like http://127.0.0.1:3000")
        if token and not _TOKEN.fullmatch(token):
            raise Unauthenticated("The token holds characters that no token has: iac-dharma login")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        try:
            # Loopback must not go through a proxy that the environment names for the outside.
            self._http = httpx.Client(
                base_url=self.address,
                headers=headers,
                timeout=TIMEOUT_SECONDS,
                trust_env=False,
                transport=transport,
            )
        except httpx.InvalidURL as error:
            raise Misconfigured(f"{address!r} is no address of the API: {error}") from error

    def require_stack(self) -> None:
        """Raise `Unavailable` where the address is that of this machine's stack and none runs: no
        patience helps there."""
        stack = Stack()
        if self.address == stack.url() and not stack.is_running():
            raise Unavailable(f"Nothing runs at {self.address}. Start it with: iac-dharma start")

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any = None, *, idempotency_key: str | None = None) -> Any:
        headers = {"idempotency-key": idempotency_key} if idempotency_key else {}
        return self.call("POST", path, body=body, headers=headers)

    def put(self, path: str, body: Any) -> Any:
        return self.call("PUT", path, body=body)

    def text(self, path: str, **query: Any) -> str:
        """A body that is not JSON (an exported blueprint)."""
        return self._send("GET", path, query=query).text

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """Every item of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, cursor=cursor)
            yield from page["items"]
            cursor = page.get("nextCursor")
            if not cursor:
                return

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send and decode. A problem body becomes the error class that it names."""
        response = self._send(method, path, query=query, body=body, headers=headers)
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            said = f"{self.address} answers, but not as the API of IAC Dharma does"
            raise Unavailable(said) from error

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        stated = {k: v for k, v in (query or {}).items() if v is not None}
        request = self._http.build_request(
            method, path, params=stated, json=body, headers=dict(headers or {})
        )
        try:
            response = self._answer(request)
        except httpx.RequestError as error:
            raise Unavailable(
                f"No answer from {self.address}: {_reason(error)}. {_where_else(self.address)}"
            ) from error
        if response.is_success:
            return response
        raise _error(response)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """Once more where the connection broke off and sending again does nothing twice: another
        process of the gateway takes it, or the one that is started in place of a killed one."""
        try:
            return self._http.send(request)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            if request.method == "POST" and "idempotency-key" not in request.headers:
                raise
            return self._http.send(request)


def connect() -> Client:
    """A client with the stored token for the address that `DHARMA_API` names, else for that of the
    project, else for the stack of this machine."""
    address = os.environ.get("DHARMA_API")
    if not address:
        here = project.current()
        address = here.api if here else Stack().url()
    return Client(address, os.environ.get("DHARMA_TOKEN") or tokens.load(address))


def _reason(error: httpx.RequestError) -> str:
    """Without the number of the error, which is another one on each system."""
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__


def _where_else(address: str) -> str:
    """What to do where nobody answers: the stack of this machine may have another port."""
    stack = Stack()
    if stack.is_running() and (here := stack.url()) != address:
        return (
            f"The stack of this machine answers at {here}: set DHARMA_API={here},"
            f" or `api` in {project.FILE}"
        )
    return "Is the stack running? Start it with: iac-dharma start"


def _error(response: httpx.Response) -> DharmaError:
    try:
        stated = response.json()
    except ValueError:
        stated = None
    problem: dict[str, Any] = stated if isinstance(stated, dict) else {}
    if response.status_code == 401:
        return Unauthenticated(
            "Not logged in, or the token has expired or is that of another stack:"
            " iac-dharma login, in the folder where the stack was started"
        )
    kind = getattr(errors, str(problem.get("code", "")), None)
    if not (isinstance(kind, type) and issubclass(kind, DharmaError)):
        # API Gateway's own words have no code.
        kind = _BY_STATUS.get(response.status_code, DharmaError)
    message = problem.get("detail") or problem.get("message") or response.reason_phrase
    if kind is DharmaError or "code" not in problem:
        message = f"HTTP {response.status_code}: {message}"
    request_id = problem.get("requestId") or response.headers.get("apigw-requestid")
    if response.status_code >= 500 and request_id:
        message = f"{message} (request {request_id}; see iac-dharma logs)"
    return kind(message, [_fault(stated) for stated in problem.get("details") or ()])


def _fault(stated: dict[str, Any]) -> Fault:
    place = {name: stated.get(name) for name in ("file", "line", "column", "hint")}
    return Fault(stated.get("message", ""), stated.get("field", ""), **place)
