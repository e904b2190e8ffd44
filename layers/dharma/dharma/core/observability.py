"""Logs as one JSON object a line, each with the correlation id of the request it belongs to.

The same in both worlds: standard logging, so that libraries' own messages look alike.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from dharma.core.clock import isoformat

CORRELATION_HEADER = "x-correlation-id"
_CORRELATION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/=+-]{0,127}")
_SECRET = re.compile(r"pass(word|wd)|secret|token|authorization|credential|private_?key", re.I)
_bound: ContextVar[Mapping[str, Any]] = ContextVar("bound", default=MappingProxyType({}))
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Add fields (`correlation_id`, `deployment_id`, `tenant`) to every log line inside."""
    reset = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(reset)


def correlation_id() -> str:
    """The present request's, or an empty text outside of one."""
    return str(_bound.get().get("correlation_id", ""))


def accepted_correlation_id(offered: str | None) -> str | None:
    """What a caller may choose: up to 128 harmless characters. Else None."""
    return offered if offered and _CORRELATION_ID.fullmatch(offered) else None


class JsonFormatter(logging.Formatter):
    """`time level service logger message`, the bound fields, then those of the call's `extra`.

    Fields whose name sounds like a secret are masked.
    """

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        extra = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        line: dict[str, Any] = {
            "time": isoformat(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
            **_masked({**_bound.get(), **extra}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logging(service: str, level: str = "INFO") -> None:
    """Send all logging of this process to stderr as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("botocore", "boto3", "urllib3", "s3transfer"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _masked(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: "***"
        if _SECRET.search(name)
        else _masked(value)
        if isinstance(value, dict)
        else value
        for name, value in fields.items()
    }
