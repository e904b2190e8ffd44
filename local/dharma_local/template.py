"""What the local runtime serves: functions, routes, state machines and rules of a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACCOUNT = "000000000000"
REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function. `timeout` in seconds; `dedicated`: in a process that can be killed, all
    but the routes in `here`.

    `environment` is its own, `Template.environment` that of all functions.
    """

    name: str
    handler: str
    timeout: float
    memory_mb: int
    environment: Mapping[str, str]
    dedicated: bool = False
    here: tuple[str, ...] = ()

    def runs_apart(self, route_key: str) -> bool:
        return self.dedicated and route_key not in self.here

    @property
    def arn(self) -> str:
        return function_arn(self.name)


@dataclass(frozen=True, slots=True)
class Authorizer:
    """A Lambda authorizer (payload 2.0). `identity` are header names, lower case; `ttl` seconds."""

    name: str
    function: str
    identity: tuple[str, ...]
    ttl: float


@dataclass(frozen=True, slots=True)
class Cors:
    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    expose: tuple[str, ...] = ()
    max_age: int | None = None
    credentials: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the HTTP API; `method` "ANY" for all, `path` "$default" for the rest."""

    method: str
    path: str
    function: str
    authorizer: str | None

    @property
    def key(self) -> str:
        return self.path if self.path == "$default" else f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class StateMachine:
    """`name` is how the product calls it (`deploy`); `definition` is ASL, after substitution."""

    name: str
    logical_id: str
    file: str
    definition: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What a rule or schedule starts: `kind` "function" or "state-machine", `name` of it.

    At most one of `input` (JSON text), `input_path`, `input_transformer` is set.
    `max_age` in seconds.
    """

    id: str
    kind: str
    name: str
    input: str | None = None
    input_path: str | None = None
    input_transformer: Mapping[str, Any] | None = None
    max_attempts: int = 185
    max_age: float = 86400.0


@dataclass(frozen=True, slots=True)
class Rule:
    """Targets for events that match `pattern`, or (with `schedule`) for moments in time."""

    name: str
    targets: tuple[Target, ...]
    pattern: Mapping[str, Any] | None = None
    schedule: str | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Template:
    file: Path
    functions: Mapping[str, Function]
    routes: tuple[Route, ...]
    authorizers: Mapping[str, Authorizer]
    state_machines: Mapping[str, StateMachine]
    rules: tuple[Rule, ...]
    cors: Cors | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def state_machine(self, name: str) -> StateMachine | None:
        """By name, logical id or ARN."""
        wanted = name.rsplit(":", 1)[-1]
        for machine in self.state_machines.values():
            if wanted == machine.name or wanted in machine.aliases:
                return machine
        return None


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def state_machine_arn(name: str) -> str:
    return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"
