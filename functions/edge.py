"""The edge of every API function: what is the same for all routes, so that a handler only says what
its route does.

In: correlation id, size of the body, who asks, how often, and whether the route is theirs, the
shape of the body. Out: JSON, problem details for failures, the correlation id, what is left of the
rate limit. One invocation at a time per process: the resolver is not safe between threads.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from dharma.bootstrap import application
from dharma.core.audit.acting import acting
from dharma.core.clock import epoch_seconds
from dharma.core.errors import (
    DharmaError,
    Fault,
    InvalidInput,
    LimitExceeded,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unauthenticated,
)
from dharma.core.http import PROBLEM, problem, rate_limit_headers
from dharma.core.observability import (
    CORRELATION_HEADER,
    JsonFormatter,
    accepted_correlation_id,
    bound,
    configure_logging,
)
from dharma.core.principal import Principal
from dharma.sso.roles import EVERYTHING_ELSE, PUBLIC, methods_of, require
from functions.audited import act_of, record

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
_log = logging.getLogger("functions")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_principal: ContextVar[Principal] = ContextVar("principal")
_rate_limit: ContextVar[Mapping[str, str]] = ContextVar("rate_limit")


def resolver() -> APIGatewayHttpResolver:
    """A router that validates by type and answers failures as problem details."""
    app = APIGatewayHttpResolver(
        enable_validation=True,
        response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR,
        json_body_deserializer=_read_json,
    )

    @app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]  # untyped in the framework
    def misshapen(error: RequestValidationError) -> Response[str]:
        return _problem(app.current_event.raw_event, _misshapen(error))

    @app.exception_handler(DharmaError)  # type: ignore[untyped-decorator]  # untyped in the framework
    def expected(error: DharmaError) -> Response[str]:
        return _problem(app.current_event.raw_event, error)

    @app.not_found
    def nothing_here(_error: Exception) -> Response[str]:
        return _nothing_here(app.current_event.raw_event)

    return app


def lambda_handler(app: APIGatewayHttpResolver, service: str) -> Handler:
    """The entry point of one function."""

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        log_as_json()
        correlation = _correlation_id(event)
        _rate_limit.set({})
        # By the request id the line is found that API Gateway wrote into its access log.
        ids = {"correlation_id": correlation, "request_id": _request_id(event)}
        with bound(service=service, **ids):
            answer = _audited(app, event, context)
        headers = answer.setdefault("headers", {})
        headers.update(_rate_limit.get())
        headers[CORRELATION_HEADER] = correlation
        return answer

    return handler


def principal() -> Principal:
    """Who called the route that is being served."""
    return _principal.get()


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[str]:
    """A JSON answer, spelled here once: the resolver would walk large ones a second time."""
    return Response(status, "application/json", spelled(body), dict(headers or {}))


def attachment(data: bytes, media_type: str, name: str) -> Response[str]:
    """An answer that is one file, under a name of safe letters."""
    response = Response(
        200,
        media_type,
        # Encoded here: the resolver takes bytes for text while it checks the answer's type.
        base64.b64encode(data).decode("ascii"),
        {"Content-Disposition": f'attachment; filename="{name}"'},
    )
    response.base64_encoded = True
    return response


def no_content() -> Response[str]:
    return Response(204, body="")


def _audited(app: APIGatewayHttpResolver, event: dict[str, Any], context: Any) -> dict[str, Any]:
    act = act_of(event, _correlation_id(event))
    with acting(act):
        served = _answer(app, event, context)
    if act is not None:
        try:
            record(act, served)
        except DharmaError as error:
            # What is not on record is not answered either.
            return _serialised(_problem(event, error))
    return served


def _answer(app: APIGatewayHttpResolver, event: dict[str, Any], context: Any) -> dict[str, Any]:
    try:
        _admit(event)
        served: dict[str, Any] = app.resolve(event, context)
    except DharmaError as error:
        return _serialised(_problem(event, error))
    except RecursionError:
        return _serialised(_problem(event, LimitExceeded("the body is nested too deeply")))
    except Exception:  # noqa: BLE001 - the outermost edge: a short answer out, the rest to the log
        _log.exception("unexpected failure", extra={"route": event.get("routeKey")})
        failure: DharmaError = DharmaError("something went wrong here; the log says what")
        return _serialised(_problem(event, failure))
    return served


def _admit(event: dict[str, Any]) -> None:
    """Body and caller, before any route runs."""
    route = str(event.get("routeKey", ""))
    if route == EVERYTHING_ELSE:
        return
    _check_body(event)
    if route in PUBLIC:
        return
    context = event["requestContext"].get("authorizer", {}).get("lambda")
    if not context:
        raise Unauthenticated("no token")
    # API Gateway remembers the authorizer's answer for a while, also beyond the token's end.
    if int(context["exp"]) <= epoch_seconds(application().clock.now()):
        raise Unauthenticated("the token has expired")
    caller = Principal(context["sub"], context["tenant"], frozenset(context["roles"].split()))
    _count(caller)
    require(caller, route)
    _principal.set(caller)


def _count(caller: Principal) -> None:
    limit = application().rate_limit
    taken = limit.take(caller) if limit else None
    if limit is None or taken is None:
        return
    _rate_limit.set(rate_limit_headers(limit.bucket, taken))
    if not taken.allowed:
        most = limit.bucket
        raise TooManyRequests(f"more than {most.capacity:,} requests in {most.period} seconds")


def _check_body(event: dict[str, Any]) -> None:
    body = event.get("body") or ""
    most = application().settings.max_body_bytes
    # Four characters of base 64 are three bytes.
    size = len(body) * 3 // 4 if event.get("isBase64Encoded") else len(body.encode())
    if size > most:
        raise LimitExceeded(f"a body of {size:,} bytes; at most {most:,} are accepted")
    if not body:
        return
    kind = (event.get("headers") or {}).get("content-type", "application/json")
    if kind.split(";")[0].strip().lower() != "application/json":
        raise InvalidInput(f"the body is {kind[:100]}; only application/json is understood")
    if event.get("isBase64Encoded"):
        try:
            # From here on it is text, as for every other request.
            event["body"] = base64.b64decode(body, validate=True).decode()
            event["isBase64Encoded"] = False
        except ValueError as error:
            raise InvalidInput("the body is no UTF-8 text") from error


def _correlation_id(event: Mapping[str, Any]) -> str:
    offered = (event.get("headers") or {}).get(CORRELATION_HEADER)
    return accepted_correlation_id(offered) or _request_id(event)


def _request_id(event: Mapping[str, Any]) -> str:
    return str(event.get("requestContext", {}).get("requestId", ""))


def _problem(event: Mapping[str, Any], error: DharmaError) -> Response[str]:
    status, body, headers = problem(
        error,
        instance=str(event.get("rawPath", "")),
        request_id=_request_id(event),
        correlation_id=_correlation_id(event),
    )
    if status in (401, 403) or status >= 500:
        _log.warning("refused", extra={"code": error.code, "reason": error.message})
    return Response(status, PROBLEM, spelled(body), dict(headers))


def _nothing_here(event: Mapping[str, Any]) -> Response[str]:
    """What is answered on `$default`, and to names that no name can be (`%00`): 405 at a path of
    other methods, else 404."""
    method = str(event["requestContext"]["http"]["method"])
    path = str(event.get("rawPath", ""))
    allowed = methods_of(path)
    if method == "OPTIONS":
        # Preflights come here as well; API Gateway adds the headers that they ask for.
        return Response(204, body="", headers={"Allow": ", ".join(allowed)} if allowed else {})
    if allowed and method not in allowed:
        said = f"{method} is not what {path[:200]} takes, but {', '.join(allowed)}"
        return _problem(event, MethodNotAllowed(said, allowed=allowed))
    return _problem(event, NotFound(f"there is no route {method} {path[:200]}"))


def _misshapen(error: RequestValidationError) -> InvalidInput:
    faults = [
        Fault(
            message=str(fault.get("msg", "")),
            # The first part says where: body, query, path, header.
            path=".".join(str(part) for part in fault["loc"][1:]),
        )
        for fault in error.errors()
    ]
    return InvalidInput("the request has another shape", faults)


def _read_json(text: str) -> Any:
    """Python reads more than JSON has, and not every number that JSON has."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError:
        raise  # The resolver says where.
    except ValueError as error:
        raise LimitExceeded("the body holds a number with too many digits") from error
    if _SURROGATE.search(text):
        # It may be half of a pair; alone it cannot be stored, logged or answered.
        try:
            spelled(value).encode()
        except UnicodeEncodeError as error:
            raise InvalidInput("the body holds a lone surrogate, which is no text") from error
    return value


def _no_constant(name: str) -> Any:
    raise InvalidInput(f"the body is no JSON: {name} is no number of it")


def _serialised(response: Response[str]) -> dict[str, Any]:
    return {
        "statusCode": response.status_code,
        "headers": dict(response.headers),
        "body": response.body,
        "isBase64Encoded": False,
        "cookies": [],
    }


def spelled(body: Any) -> str:
    """As JSON, without blanks."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def log_as_json() -> None:
    """Make this process log as JSON, once."""
    handlers = logging.getLogger().handlers
    if not any(isinstance(handler.formatter, JsonFormatter) for handler in handlers):
        configure_logging("api", application().settings.log_level)
