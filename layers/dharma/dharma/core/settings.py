"""The environment as a typed record; what is wrong stops the start and is named."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, cast

from dharma.core.errors import Fault, Misconfigured

Runtime = Literal["local", "aws"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settings:
    """The variables that the product itself reads: `DHARMA_` and the name in capitals, unless said
    otherwise."""

    runtime: Runtime
    state_dir: Path
    log_level: LogLevel
    token_issuer: str
    token_audience: str
    # JSON Web Key Set with the public keys of tokens; None: the key file under `state_dir`.
    token_jwks: str | None
    max_body_bytes: int
    # redis:// or rediss://; None: no cache, and no limit per subject.
    cache_url: str | None
    # Calls per subject and minute.
    rate_limit: int
    # The emulated AWS account, by localstack-client's convention.
    sandbox_url: str
    table_name: str | None
    artifacts_bucket: str | None
    # Apart from the artifacts: what lies there can be written once and not removed.
    anchors_bucket: str | None
    event_bus: str | None
    kms_key: str | None
    # What the ARNs of all state machines begin with.
    state_machines: str | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read and check all; `Misconfigured` lists every variable that is wrong."""
        read = _Reader(os.environ if environment is None else environment)
        settings = cls(
            runtime=cast("Runtime", read.one_of("DHARMA_RUNTIME", "aws", ("aws", "local"))),
            state_dir=read.value("DHARMA_STATE_DIR", ".dharma", _path),
            log_level=cast(
                "LogLevel",
                read.one_of("DHARMA_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
            ),
            token_issuer=read.value("DHARMA_TOKEN_ISSUER", "https://dharma.local", _text),
            token_audience=read.value("DHARMA_TOKEN_AUDIENCE", "dharma-api", _text),
            token_jwks=read.optional("DHARMA_TOKEN_JWKS"),
            max_body_bytes=read.number("DHARMA_MAX_BODY_BYTES", 6_000_000, 1_000, 6_291_456),
            cache_url=read.value("DHARMA_CACHE_URL", "", _cache_url),
            rate_limit=read.number("DHARMA_RATE_LIMIT", 1000, 1, 60_000_000),
            sandbox_url=read.value("AWS_ENDPOINT_URL", "http://127.0.0.1:4566", _url),
            table_name=read.optional("DHARMA_TABLE"),
            artifacts_bucket=read.optional("DHARMA_ARTIFACTS_BUCKET"),
            anchors_bucket=read.optional("DHARMA_ANCHORS_BUCKET"),
            event_bus=read.optional("DHARMA_EVENT_BUS"),
            kms_key=read.optional("DHARMA_KMS_KEY"),
            state_machines=read.optional("DHARMA_STATE_MACHINES"),
        )
        read.finish()
        return settings


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._faults: list[Fault] = []

    def value(self, name: str, default: str, parse: Callable[[str], T]) -> T:
        # An empty variable is one that is not set.
        text = self._environment.get(name) or default
        try:
            return parse(text)
        except ValueError as error:
            self._faults.append(Fault(str(error), path=name))
            return parse(default)

    def one_of(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        def parse(text: str) -> str:
            if text not in allowed:
                raise ValueError(f"must be one of {', '.join(allowed)}, not {text!r}")
            return text

        return self.value(name, default, parse)

    def number(self, name: str, default: int, least: int, most: int) -> int:
        def parse(text: str) -> int:
            if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
                raise ValueError(f"must be a whole number from {least} to {most}, not {text!r}")
            return int(text)

        return self.value(name, str(default), parse)

    def optional(self, name: str) -> str | None:
        return self._environment.get(name) or None

    def finish(self) -> None:
        if self._faults:
            raise Misconfigured("; ".join(str(fault) for fault in self._faults), self._faults)


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError(f"must be an http address, not {text!r}")
    return text


def _cache_url(text: str) -> str | None:
    if text and not text.startswith(("redis://", "rediss://")):
        raise ValueError(f"must be a redis address, not {text.partition('://')[0]!r}")
    return text or None


def _path(text: str) -> Path:
    if "\0" in text:
        raise ValueError("must be a path")
    return Path(text).expanduser().absolute()
