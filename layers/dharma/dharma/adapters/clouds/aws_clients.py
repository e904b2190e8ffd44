"""boto3 clients for one account and region, made once and shared.

`endpoint` is the address of an emulator (the conventions of localstack-client: `AWS_ENDPOINT_URL`,
port 4566); None means AWS itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from dharma.adapters.aws_errors import code_of, message_of
from dharma.adapters.clouds.guarded import guard
from dharma.adapters.clouds.whole_answers import refuse_halves
from dharma.core.breaker import CircuitBreaker
from dharma.core.errors import (
    DeploymentFailed,
    DharmaError,
    Forbidden,
    TooManyRequests,
    Unavailable,
)

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "max_attempts": 4},
    user_agent_extra="iac-dharma",
)
_FORBIDDEN = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "InvalidClientTokenId",
        "ExpiredToken",
        "ExpiredTokenException",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
    }
)
_MISSING = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "404")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of an account. Without them, boto3's own chain is asked (environment, role)."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(slots=True)
class AwsClients:
    """Not safe between threads while clients are being made; the clients themselves are."""

    region: str
    endpoint: str | None = None
    credentials: Credentials | None = None
    profile: str | None = None
    breaker: CircuitBreaker | None = None
    _made: dict[str, Any] = field(default_factory=dict, repr=False)
    _session: Any = field(default=None, repr=False)

    def __getitem__(self, service: str) -> Any:
        """The client of a service (`ec2`)."""
        if service not in self._made:
            if self._session is None:
                given = self.credentials
                self._session = boto3.session.Session(
                    aws_access_key_id=given.access_key_id if given else None,
                    aws_secret_access_key=given.secret_access_key if given else None,
                    aws_session_token=given.session_token if given else None,
                    region_name=self.region,
                    profile_name=self.profile,
                )
            # What is meant for AWS goes there, also in a process that knows of an emulator.
            config = _CONFIG.merge(Config(ignore_configured_endpoint_urls=self.endpoint is None))
            client = self._session.client(service, endpoint_url=self.endpoint, config=config)
            refuse_halves(client)
            if self.breaker is not None:
                place = self.region if self.endpoint is None else "emulated"
                guard(client, self.breaker, f"{service}.{place}")
            self._made[service] = client
        return self._made[service]


def is_missing(error: ClientError) -> bool:
    """Whether the cloud says that the thing does not exist."""
    return any(word in code_of(error) for word in _MISSING)


def no_such_stack(error: ClientError) -> bool:
    """Whether CloudFormation says that it has no stack of that name."""
    return code_of(error) == "ValidationError" and "does not exist" in message_of(error)


@contextmanager
def translating() -> Iterator[None]:
    """Turn failures of the SDK into errors of the port."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise translated(error) from error


def translated(error: ClientError | BotoCoreError) -> DharmaError:
    """What a failure of the SDK means to a caller."""
    if isinstance(error, BotoCoreError):
        return Unavailable(f"the cloud does not answer: {error}")
    code, message = code_of(error), message_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _FORBIDDEN:
        return Forbidden(f"the cloud refuses the credentials of this environment: {message}")
    if code in ("Throttling", "ThrottlingException", "RequestLimitExceeded"):
        return TooManyRequests(message)
    if status >= 500 or code in ("InternalFailure", "ServiceUnavailable", "InternalError"):
        return Unavailable(f"the cloud failed: {code} {message}")
    return DeploymentFailed(f"{code}: {message}")
