"""Lambda functions called as Lambda calls them: a handler by its dotted name, event, context."""

from __future__ import annotations

import importlib
import os
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dharma_local.template import Function, function_arn

Handler = Callable[[Any, Any], Any]

# An invocation carries at most this much, in either direction (synchronous).
PAYLOAD_LIMIT = 6 * 1024 * 1024


class FunctionError(Exception):
    """What a handler raised, as Lambda reports it: `error_type` is the name of its class."""

    def __init__(
        self, error_type: str, message: str, *, request_id: str = "", trace: list[str] | None = None
    ) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.message = message
        self.request_id = request_id
        self.trace = trace or []

    def to_dict(self) -> dict[str, Any]:
        return {
            "errorMessage": self.message,
            "errorType": self.error_type,
            "requestId": self.request_id,
            "stackTrace": self.trace,
        }

    @classmethod
    def from_exception(cls, error: BaseException, request_id: str) -> FunctionError:
        trace = [line for frame in traceback.format_tb(error.__traceback__) for line in (frame,)]
        return cls(type(error).__name__, str(error), request_id=request_id, trace=trace)


@dataclass(frozen=True, slots=True)
class ClientContext:
    """`custom` holds what the engine says about the calling state."""

    custom: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, Any] = field(default_factory=dict)
    client: Any = None


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """The second argument of a handler, with the attributes that Lambda documents."""

    function_name: str
    memory_limit_in_mb: int
    aws_request_id: str
    deadline: float
    client_context: ClientContext | None = None
    identity: Any = None
    function_version: str = "$LATEST"

    @property
    def invoked_function_arn(self) -> str:
        return function_arn(self.function_name)

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        return f"local/{os.getpid()}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.monotonic()) * 1000))


def new_request_id() -> str:
    return str(uuid.uuid4())


def use_project(root: Path) -> None:
    """Make `functions.*` importable; `root` is the folder above `infra/`."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))


def load_handler(dotted: str) -> Handler:
    """`functions.blueprint.api.handler` as a callable; what the import raises is passed on."""
    module, _, name = dotted.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)
    return handler


@contextmanager
def variables(own: Mapping[str, str]) -> Iterator[None]:
    """A function's own environment variables for one invocation.

    What the person who started the stack has set has the last word, so a variable that was there
    already stays.
    """
    added = {key: value for key, value in own.items() if key not in os.environ}
    if not added:
        yield
        return
    os.environ.update(added)
    try:
        yield
    finally:
        for key in added:
            os.environ.pop(key, None)


def call(
    handler: Handler,
    function: Function,
    event: Any,
    *,
    request_id: str,
    timeout: float | None = None,
    client_context: Mapping[str, Any] | None = None,
) -> Any:
    """One invocation in this process. The handler's exception passes through."""
    context = LambdaContext(
        function_name=function.name,
        memory_limit_in_mb=function.memory_mb,
        aws_request_id=request_id,
        deadline=time.monotonic() + (timeout or function.timeout),
        client_context=ClientContext(custom=client_context) if client_context else None,
    )
    if not function.environment:
        return handler(event, context)
    with variables(function.environment):
        return handler(event, context)
