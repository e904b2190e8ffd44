"""References and ambient values as Terraform spells them.

Every node that is printed passes through here once, so this is also where names are checked: a name
that is no identifier is refused, never written.
"""

from __future__ import annotations

from dataclasses import replace

from dharma.catalog.document import Document, Part
from dharma.core.errors import NotExpressible
from dharma.generator.conditions import conjuncts
from dharma.generator.terraform.hcl import Attribute, Block, Item, identifier
from dharma.model.arm_functions import ARM_FUNCTION
from dharma.model.arm_in_terraform import in_terraform
from dharma.model.blueprint import Blueprint
from dharma.model.expressions.nodes import (
    Ambient,
    Call,
    Conditional,
    Expression,
    ForList,
    ForMap,
    GetAttr,
    Index,
    ResourceRef,
    Splat,
    Symbol,
    Unary,
    Unknown,
    Value,
    VariableRef,
    transform,
    walk,
)

_DATA = {
    "aws": {
        "region": ("aws_region", "current", "region"),
        "account_id": ("aws_caller_identity", "current", "account_id"),
        "partition": ("aws_partition", "current", "partition"),
        "url_suffix": ("aws_partition", "current", "dns_suffix"),
        "availability_zones": ("aws_availability_zones", "available", "names"),
    },
    "azure": {
        "subscription_id": ("azurerm_client_config", "current", "subscription_id"),
        "tenant_id": ("azurerm_client_config", "current", "tenant_id"),
        "principal_id": ("azurerm_client_config", "current", "object_id"),
    },
    "gcp": {},
}


class References:
    """`adapted` gives the value as it is printed; `variables` and the data sources that are needed
    gather on the way."""

    def __init__(self, bp: Blueprint, document: Document) -> None:
        self.bp = bp
        self.parts = {part.address: part for part in document.parts}
        self.declared = {v.name for v in bp.variables}
        self.variables: set[str] = set()
        # Those whose functions are called.
        self.providers: set[str] = set()
        self._data: set[tuple[str, str]] = set()

    def adapted(self, value: Value, condition: Value, part: Part | None, place: str) -> Value:
        """The value with references as Terraform needs them at this place, which exists when
        `condition` holds."""
        if isinstance(value, str | bool | int | float) or value is None:
            return value
        holds = conjuncts(condition)
        try:
            return self._adapted(value, holds, part)
        except NotExpressible as error:
            owner = f"{part.owner or part.address}.{place}" if part else place
            path = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in error_path(value))
            raise NotExpressible(f"{owner}{path}: {error.message}") from None

    def _adapted(self, value: Value, holds: list[Value], part: Part | None) -> Value:
        """Top down through conditionals, whose branches know more; bottom up elsewhere."""
        if isinstance(value, dict):
            return {k: self._adapted(v, holds, part) for k, v in value.items()}
        if isinstance(value, list):
            return [self._adapted(v, holds, part) for v in value]
        if isinstance(value, Conditional):
            return Conditional(
                self._adapted(value.condition, holds, part),
                self._adapted(value.then, holds + conjuncts(value.condition), part),
                self._adapted(
                    value.otherwise, holds + conjuncts(Unary("!", value.condition)), part
                ),
            )
        if isinstance(value, Expression):
            return transform(value, lambda node: self._node(node, holds, part))
        return value

    def _node(self, node: Value, holds: list[Value], part: Part | None) -> Value:
        if not isinstance(node, Expression):
            return node
        match node:
            case ResourceRef():
                return self._reference(node, holds, part)
            case Ambient(name):
                return self._ambient(name)
            case VariableRef(name):
                self._name(name)
                if name not in self.declared:
                    raise NotExpressible(f"var.{name} is not declared")
            case Symbol(path):
                self._symbol(path)
            case Call(name) if name.startswith(ARM_FUNCTION):
                if (found := in_terraform(node)) is not None:
                    return self._node(found, holds, part)
                own = name.removeprefix(ARM_FUNCTION)
                raise NotExpressible(f"{own}() is a function of ARM templates, not of Terraform")
            case Call(name):
                # A provider's function: provider::aws::arn_parse
                words = name.split("::")
                for word in words:
                    self._name(word)
                if words[0] == "provider" and len(words) == 3:
                    self.providers.add(words[1])
            case GetAttr(_, name):
                self._name(name)
            case ForList(key, value) | ForMap(key, value):
                self._name(value)
                if key is not None:
                    self._name(key)
            case Index(Symbol(path), (str() | int()) as key) if path[0] == "data":
                return Symbol((*path, key))
            case Unknown(reason):
                raise NotExpressible(f"the value is not known: {reason}")
        return node

    def _name(self, name: str) -> None:
        identifier(name)

    def _reference(self, ref: ResourceRef, holds: list[Value], part: Part | None) -> Value:
        for word in ref.address.split("."):
            self._name(word)
        target = self.parts.get(ref.address)
        if target is None:
            raise NotExpressible(f"{ref.address} is no resource of this blueprint")
        if ref.instance is not None or not ref.path:
            return ref
        if target.condition is not None:
            if any(h == target.condition for h in holds):
                return replace(ref, instance=0)
            return Call("one", (Splat(ResourceRef(ref.address), ref.path),))
        same_loop = part is not None and part.owner is not None and part.owner == target.owner
        if same_loop and target.count is not None:
            return replace(ref, instance=Symbol(("count", "index")))
        if same_loop and target.for_each is not None:
            return replace(ref, instance=Symbol(("each", "key")))
        return ref

    def _ambient(self, name: str) -> Value:
        if name in ("deployment_name", "deployment_id"):
            self.variables.add(name)
            return VariableRef(name)
        sources = _DATA[self.bp.provider]
        if name not in sources:
            if name == "project" and self.bp.provider != "gcp":
                raise NotExpressible(f"project has no source in Terraform for {self.bp.provider}")
            if name in ("region", "project"):
                self.variables.add(name)
                return VariableRef(name)
            raise NotExpressible(f"{name} has no source in Terraform for {self.bp.provider}")
        kind, source, attribute = sources[name]
        self._data.add((kind, source))
        return Symbol(("data", kind, source, attribute))

    def _symbol(self, path: tuple[str | int, ...]) -> None:
        self._name(str(path[0]))
        if path[0] in ("local", "module"):
            raise NotExpressible(f"a blueprint has no {path[0]}.{path[1] if path[1:] else ''}")
        if path[0] != "data":
            return
        match path[1:]:
            case ("aws_ssm_parameter", str(name), "value") if name in self.declared:
                self._data.add(("aws_ssm_parameter", name))
            case _:
                shown = ".".join(map(str, path))
                raise NotExpressible(f"{shown}: a blueprint has no data sources of its own")

    def awaited(self, part: Part) -> list[str]:
        """What the part waits for, each address checked."""
        for address in part.awaited:
            if address not in self.parts:
                raise NotExpressible(f"{part.address}.depends_on: there is no {address}")
            for word in address.split("."):
                self._name(word)
        return list(part.awaited)

    def data_sources(self) -> list[Block]:
        """The data blocks that the printed values use, in a fixed order."""
        blocks = []
        for kind, name in sorted(self._data):
            body: tuple[Item, ...] = ()
            if kind == "aws_availability_zones":
                # Local and wavelength zones have to be opted into: not what a subnet means.
                opted = {"name": "opt-in-status", "values": ["opt-in-not-required"]}
                fields = tuple(Attribute(k, v) for k, v in opted.items())  # type: ignore[arg-type]
                body = (Attribute("state", "available"), Block("filter", (), fields))
            elif kind == "aws_ssm_parameter":
                body = (Attribute("name", VariableRef(name)),)
            blocks.append(Block("data", (kind, name), body))
        return blocks


def error_path(value: Value) -> tuple[str | int, ...]:
    """Where inside a value the first unknown stands, for the message; empty when there is none."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for step, member in pairs:
            if _has_unknown(member):
                return (step, *error_path(member))
    return ()


def _has_unknown(value: Value) -> bool:
    return any(isinstance(node, Unknown) for node in walk(value))
