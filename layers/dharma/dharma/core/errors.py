"""Every failure that a caller may expect, as one tree.

The class name is API: it is the `errorType` that a state machine's `ErrorEquals` matches, the key
of `HTTP_STATUS`, and the `code` of an error body (RFC 9457 problem details).

    DharmaError
    ├── InvalidInput            the caller can mend it; carries all faults
    │   ├── InvalidBlueprint
    │   ├── InvalidTemplate     a CloudFormation template, a Terraform plan ...
    │   ├── InvalidVariables
    │   └── LimitExceeded       too large, too deep, too long
    ├── NotExpressible          the target format cannot say it; names the path
    ├── Unauthenticated
    ├── Forbidden
    ├── NotFound
    ├── MethodNotAllowed        the path is right, the method is not; names those that are
    ├── Conflict
    │   ├── VersionConflict     somebody else wrote first
    │   ├── EnvironmentLocked   another deployment holds the environment
    │   ├── AlreadyPublished    a published version never changes
    │   └── VersionTooLow       the changes ask for a higher version
    ├── PolicyViolation         a blocking policy failed
    ├── ApprovalRejected
    ├── DeploymentCancelled
    ├── TooManyRequests
    ├── DeploymentFailed
    │   └── CompensationFailed  undoing failed too: a person has to look
    ├── Misconfigured           a setting is wrong; names the variable
    └── Unavailable             a dependency does not answer; trying again may help
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input, and where.

    `path` is the dotted path inside the document (`resources.assets.properties.bucket`), `field` of
    the HTTP error body. `line` and `column` count from 1. `hint` says what would be right.
    """

    message: str
    path: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    hint: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(p) for p in (self.file, self.line, self.column) if p is not None)
        said = f"{self.path}: {self.message}" if self.path else self.message
        if self.hint:
            said = f"{said} ({self.hint})"
        return f"{place}: {said}" if place else said


class DharmaError(Exception):
    """Root of all expected failures. `faults` lists the single ones where there are several."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, faults: tuple[Fault, ...] | list[Fault] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.faults = tuple(faults)

    @property
    def code(self) -> str:
        return type(self).__name__

    def to_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.message,
            "details": [{"field": f.path, "message": str(f)} for f in self.faults],
        }


class InvalidInput(DharmaError):
    """The caller can mend it."""


class InvalidBlueprint(InvalidInput):
    """A blueprint with faults; all of them are listed."""


class InvalidTemplate(InvalidInput):
    """A source in another format (CloudFormation, Terraform plan) that cannot be read."""


class InvalidVariables(InvalidInput):
    """Values that do not fit the variables that the blueprint declares."""


class LimitExceeded(InvalidInput):
    """An input beyond a limit of size, depth or time; the message names limit and value."""


class NotExpressible(DharmaError):
    """The target format cannot express something of the model. Never dropped silently."""


class Unauthenticated(DharmaError):
    """No valid token."""


class Forbidden(DharmaError):
    """A valid token without the needed role."""


class NotFound(DharmaError):
    """There is no such thing, or not for this tenant."""


class MethodNotAllowed(DharmaError):
    """The path is right, the method is not; `allowed` are those that are (RFC 9110, 15.5.6)."""

    def __init__(
        self,
        message: str,
        faults: tuple[Fault, ...] | list[Fault] = (),
        *,
        allowed: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, faults)
        self.allowed = allowed


class Conflict(DharmaError):
    """The request does not fit the present state."""


class VersionConflict(Conflict):
    """A conditional write found another version than expected."""


class EnvironmentLocked(Conflict):
    """Another deployment holds the environment; the message names it."""


class AlreadyPublished(Conflict):
    """A published version never changes."""


class VersionTooLow(Conflict):
    """The changes since the release before ask for a higher version; lists those that do."""


class PolicyViolation(DharmaError):
    """A blocking policy failed, or could not be evaluated."""


class ApprovalRejected(DharmaError):
    """Somebody said no."""


class DeploymentCancelled(DharmaError):
    """Somebody stopped it while it ran."""


class TooManyRequests(DharmaError):
    """Over the rate limit."""


class DeploymentFailed(DharmaError):
    """The cloud refused; what had been changed was undone."""


class CompensationFailed(DeploymentFailed):
    """Undoing failed as well: the message lists what was left."""


class Misconfigured(DharmaError):
    """A setting is missing or wrong; the message names the environment variable."""


class Unavailable(DharmaError):
    """A dependency does not answer; the same call may succeed later."""


HTTP_STATUS: dict[type[DharmaError], int] = {
    InvalidInput: 400,
    InvalidBlueprint: 422,
    InvalidTemplate: 422,
    InvalidVariables: 422,
    LimitExceeded: 413,
    NotExpressible: 422,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    Conflict: 409,
    PolicyViolation: 422,
    ApprovalRejected: 409,
    DeploymentCancelled: 409,
    TooManyRequests: 429,
    DeploymentFailed: 502,
    Misconfigured: 500,
    Unavailable: 503,
    DharmaError: 500,
}


def http_status(error: type[DharmaError]) -> int:
    """The status of the nearest ancestor in `HTTP_STATUS`."""
    return next(HTTP_STATUS[c] for c in error.__mro__ if c in HTTP_STATUS)
