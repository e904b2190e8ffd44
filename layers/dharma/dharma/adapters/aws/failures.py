"""What a refusal of AWS means to a caller of a port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
)

from dharma.adapters.aws_errors import code_of, message_of
from dharma.core.errors import DharmaError, LimitExceeded, Misconfigured, Unavailable

_FORBIDDEN = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "KMS.AccessDeniedException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_MISSING = frozenset({"ResourceNotFoundException", "NoSuchBucket", "StateMachineDoesNotExist"})
_BUSY = frozenset(
    {
        "KMSInternalException",
        "KeyUnavailableException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_UNREADY = (NoCredentialsError, NoRegionError, PartialCredentialsError, ProfileNotFound)


@contextmanager
def answering(variable: str) -> Iterator[None]:
    """Turn what AWS refuses into errors of the ports.

    `variable` names the setting behind the resource that is called: `Misconfigured` for a resource
    that does not exist and for missing rights, `LimitExceeded` for an item beyond the limits,
    `Unavailable` for throttling, failures of AWS and silence. What is left is a mistake of ours and
    passes as it is.
    """
    try:
        yield
    except ParamValidationError:
        raise
    except _UNREADY as error:
        raise Misconfigured(f"{variable}: AWS cannot be called: {error}") from error
    except BotoCoreError as error:
        raise Unavailable(f"AWS does not answer: {error}") from error
    except ClientError as error:
        meaning = _meaning(error, variable)
        if meaning is None:
            raise
        raise meaning from error


def _meaning(error: ClientError, variable: str) -> DharmaError | None:
    code, said = code_of(error), f"{error.operation_name}: {message_of(error)}"
    if code in _FORBIDDEN:
        return Misconfigured(f"{variable}: this process lacks the right to {said}")
    if code in _MISSING:
        return Misconfigured(f"{variable}: what it names does not exist; {said}")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _BUSY or status >= 500:
        return Unavailable(f"AWS is busy or failing; {said}")
    if code == "ValidationException" and "size" in said.lower():
        return LimitExceeded(f"too large to be stored; {said}")
    return None
