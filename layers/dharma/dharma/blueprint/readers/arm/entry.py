"""A resource of an ARM template on its way, and the JSON that it is read from."""

from __future__ import annotations

from dataclasses import dataclass, field

from dharma.blueprint.readers.arm.expressions import ArmExpressions
from dharma.blueprint.readers.arm.extensions import Extended
from dharma.blueprint.tree import Members, members
from dharma.blueprint.yaml_source import Node
from dharma.model.arm_language import ArmValue
from dharma.model.expressions.nodes import Ambient, Value

GROUP = "Microsoft.Resources/resourceGroups"
DEPLOYMENT = "Microsoft.Resources/deployments"
SUBSCRIPTION_ID = Ambient("subscription_id")


@dataclass(frozen=True, slots=True)
class Target:
    """What a template is deployed to. `group` is none in a template of the subscription, whose id
    is `subscription` then. `within` is the deployment around a nested template (its key), `count`
    how often that is made; `conditions` are those of all around it."""

    group: Value
    subscription: Value = None
    within: str | None = None
    count: Value = None
    conditions: tuple[Value, ...] = ()


@dataclass(slots=True)
class Entry:
    """`segments` are its names along the type, the last its own; `said` are these as they are
    spelled, where a name may be that of another resource. `depends_on`: addresses and instances;
    `behind`: keys of the deployments that it waits for."""

    type: str
    address: str
    body: Members
    node: Node
    where: str
    expressions: ArmExpressions
    segments: list[Value]
    said: list[Value]
    own: ArmValue
    target: Target
    parent: Entry | None = None
    extended: Extended | None = None
    count: Value = None
    copy_name: str | None = None
    depends_on: list[tuple[str, Value]] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)

    def read(self, key: str, *, path: str | None = None) -> Value:
        """The value of a member, by its name in small letters; null where it is not said."""
        if key not in self.body:
            return None
        node = self.body[key][1]
        return self.expressions.at(self.where, path or key, node).value(node)


def body_of(node: Node) -> Members:
    """The members of a resource; Azure takes their names without regard to case."""
    return {key.lower(): entry for key, entry in members(node).items()}


def is_group(node: Node) -> bool:
    native = body_of(node).get("type")
    return native is not None and str(native[1].value).lower() == GROUP.lower()
