"""A blueprint: variables in, resources of catalogued kinds, outputs.

These are plain data: parsing is in `dharma.blueprint.source`, validation in
`dharma.blueprint.validation`. Field names follow the seed's `Blueprint` interface.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from dharma.model.expressions.nodes import Value
from dharma.model.origin import Origin

Provider = Literal["aws", "azure", "gcp"]


@dataclass(frozen=True, slots=True)
class Variable:
    """An input. `type` is Terraform's type syntax (`list(string)`); `default` counts only when
    `required` is false."""

    name: str
    type: str = "string"
    default: Value = None
    required: bool = False
    description: str | None = None
    sensitive: bool = False
    allowed: tuple[Any, ...] = ()
    pattern: str | None = None
    min: float | None = None
    max: float | None = None
    origin: Origin = field(default_factory=Origin, compare=False)

    @property
    def is_optional(self) -> bool:
        """Whether it is null where nobody gives it."""
        return not self.required and self.default is None


Steps = tuple[str | int, ...]
_STEPS = re.compile(r'\["([^"]*)"\]|\[(\d{1,9})\]|([^.\[\]]+)')


def path_steps(path: str) -> Steps:
    """The steps of a path that `ignore_changes` names: names, keys, and positions as numbers."""
    return tuple(map(_step, _STEPS.finditer(path)))


def _step(found: re.Match[str]) -> str | int:
    key, position, name = found.groups()
    if position is not None:
        return int(position)
    return name if key is None else key


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Terraform's lifecycle meta-arguments. `ignore_changes` are paths of properties, spelled as
    Terraform does: `tags["Name"]`, `rule[0].days`, or `all`; a single block may have its position,
    `scaling_config[0].desired_size`."""

    prevent_destroy: bool = False
    create_before_destroy: bool = False
    ignore_changes: tuple[str, ...] = ()

    @property
    def ignored_paths(self) -> tuple[Steps, ...]:
        return tuple(map(path_steps, self.ignore_changes))


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as it was written, loops unexpanded.

    At most one of `count`, `for_each`, `condition` is set. `native` holds raw additions by format.
    `region` is where it lives when not in the region of the deployment: a text or a variable.
    `module` names the group that it belongs to. `renamed_from` are its former names or addresses,
    oldest first; `import_id` is the cloud's id of what is there already and shall be adopted.
    `marks` maps a property path (`("versioning", "enabled")`, list indices as ints) to the line and
    column of its value.
    """

    type: str
    name: str
    properties: dict[str, Value] = field(default_factory=dict)
    count: Value = None
    for_each: Value = None
    condition: Value = None
    depends_on: tuple[str, ...] = ()
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    native: dict[str, dict[str, Value]] = field(default_factory=dict)
    region: Value = None
    module: str | None = None
    renamed_from: tuple[str, ...] = ()
    import_id: Value = None
    origin: Origin = field(default_factory=Origin, compare=False)
    marks: dict[tuple[str | int, ...], tuple[int, int]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"


@dataclass(frozen=True, slots=True)
class Removed:
    """A resource that the blueprint had and has no more. `address` is Terraform's; without
    `destroy` it is forgotten and stays where it is."""

    address: str
    destroy: bool = False
    origin: Origin = field(default_factory=Origin, compare=False)


@dataclass(frozen=True, slots=True)
class Output:
    """A value that a deployment gives back."""

    name: str
    value: Value
    description: str | None = None
    sensitive: bool = False
    condition: Value = None
    origin: Origin = field(default_factory=Origin, compare=False)


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The whole. `metadata.tags` belongs to the author, the other metadata to the server."""

    name: str
    version: str
    provider: Provider
    description: str | None = None
    variables: tuple[Variable, ...] = ()
    resources: tuple[Resource, ...] = ()
    outputs: tuple[Output, ...] = ()
    removed: tuple[Removed, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin, compare=False)


@dataclass(frozen=True, slots=True)
class ResourceInstance:
    """One resource after resolution: variables replaced, loops expanded, condition decided.

    `properties` holds plain values, `ResourceRef`s (addresses of instances) and `Unknown`s; other
    expressions stay only where they contain one of these. `exists` is False never (such instances
    are left out), None when the condition is unknown.
    """

    address: str
    type: str
    name: str
    properties: dict[str, Value]
    key: int | str | None = None
    exists: bool | None = True
    depends_on: tuple[str, ...] = ()
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    native: dict[str, dict[str, Value]] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin, compare=False)


@dataclass(frozen=True, slots=True)
class ResolvedBlueprint:
    """What analyses (guardrails, costing, planning) see.

    `sensitive` and `sensitive_outputs` are names; `secrets` are the texts and numbers that may not
    be shown wherever they turn up: the values of sensitive variables and what was made of them.
    """

    name: str
    version: str
    provider: Provider
    resources: tuple[ResourceInstance, ...]
    outputs: dict[str, Value] = field(default_factory=dict)
    variables: dict[str, Value] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()
    region: str | None = None
    sensitive_outputs: frozenset[str] = frozenset()
    secrets: frozenset[str | int | float] = field(default=frozenset(), repr=False)
