"""What expressions name: variables, resources and their attributes, loop keys, functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dharma.blueprint.nearest import suggestion
from dharma.catalog.catalog import Catalog
from dharma.model.arm_functions import ARM_FUNCTION
from dharma.model.blueprint import Blueprint, Resource, Variable
from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.functions import FILES, FUNCTIONS, KNOWN_FUNCTIONS
from dharma.model.expressions.inference import Declared, infer
from dharma.model.expressions.nodes import (
    Call,
    Conditional,
    ResourceRef,
    Symbol,
    Value,
    VariableRef,
    walk,
)
from dharma.model.types import ANY, Type, accepts, parse_type

Finding = tuple[str, str | None]  # message, hint

_UNAVAILABLE = {
    "local": "a blueprint has no local values; use a variable",
    "data": "a blueprint has no data sources but those of region, account, partition and zones",
    "path": "a blueprint is not a folder of Terraform",
    "terraform": "a blueprint is not a folder of Terraform",
    "self": "a resource refers to itself by its address",
    "ephemeral": "a blueprint has no ephemeral resources",
}


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that an expression of one blueprint may name."""

    variables: Mapping[str, Variable]
    resources: Mapping[str, Resource]
    catalog: Catalog

    @classmethod
    def of(cls, blueprint: Blueprint, catalog: Catalog) -> Names:
        return cls(
            {variable.name: variable for variable in blueprint.variables},
            {resource.address: resource for resource in blueprint.resources},
            catalog,
        )

    def declared(self) -> Declared:
        return Declared(self.variable_type, self.resource_type)

    def variable_type(self, name: str) -> Type:
        variable = self.variables.get(name)
        if variable is None:
            return ANY
        try:
            return parse_type(variable.type)
        except ExpressionError:
            return ANY

    def resource_type(self, ref: ResourceRef) -> Type:
        """The type of a reference to an attribute or a property of a catalogued resource."""
        resource = self.resources.get(ref.address)
        kind = self.catalog.kind(resource.type) if resource else None
        if kind is None or not ref.path:
            return ANY
        found = _type(kind.attributes.get(str(ref.path[0])))
        if found.name == "any":
            wanted = kind.properties.get(str(ref.path[0]))
            found = _type(wanted.type if wanted else None)
        for step in ref.path[1:]:
            attribute = found.attributes.get(str(step))
            found = attribute.type if attribute else found.element or ANY
        return found

    # -- faults

    def faults(self, value: Value, resource: Resource | None) -> Iterator[Finding]:
        """What is wrong with the names in a value; `resource` is where it stands."""
        bound = _bound_names(value)
        for node in walk(value):
            if isinstance(node, VariableRef) and node.name not in self.variables:
                yield (
                    f"there is no variable {node.name!r}",
                    suggestion(node.name, self.variables),
                )
            elif isinstance(node, ResourceRef):
                yield from self.reference_faults(node)
            elif isinstance(node, Symbol) and node.path[0] not in bound:
                if parameter_variable(node) not in self.variables:
                    yield from _symbol_faults(node, resource)
            elif isinstance(node, Call):
                yield from _call_faults(node)
            elif isinstance(node, Conditional):
                yield from self.conditional_faults(node)

    def conditional_faults(self, node: Conditional) -> Iterator[Finding]:
        then, otherwise = (infer(v, self.declared()) for v in (node.then, node.otherwise))
        if not (accepts(then, otherwise) or accepts(otherwise, then)):
            yield f"a conditional gives {then.name} or {otherwise.name}: they have no type", None

    def address_faults(self, address: str) -> Iterator[Finding]:
        if address not in self.resources:
            same_name = [a for a in self.resources if a.partition(".")[2] == address]
            hint = f"did you mean {same_name[0]}?" if same_name else None
            yield f"there is no resource {address}", hint or suggestion(address, self.resources)

    def reference_faults(self, ref: ResourceRef) -> Iterator[Finding]:
        resource = self.resources.get(ref.address)
        if resource is None:
            yield from self.address_faults(ref.address)
            return
        looped = resource.count is not None or resource.for_each is not None
        if looped and ref.instance is None and ref.path:
            yield (
                f"{ref.address} is a loop with several instances",
                f"{ref.address}[0].{ref.path[0]} for one, {ref.address}[*].{ref.path[0]} for all",
            )
        elif not looped and ref.instance is not None and ref.instance != 0:
            yield f"{ref.address} is no loop and has no instances", f"write {ref.address}"
        kind = self.catalog.kind(resource.type)
        if kind is None or not ref.path:
            return
        name = str(ref.path[0])
        if name not in kind.attributes and name not in kind.properties:
            known = [*kind.attributes, *kind.properties]
            hint = suggestion(name, known) or "attributes: " + ", ".join(kind.attributes)
            yield f"{ref.address} has no attribute {name!r}", hint


def parameter_variable(node: Value) -> str | None:
    """The variable that names the parameter of Systems Manager behind
    `data.aws_ssm_parameter.<variable>.value`; the one data source that writers declare."""
    if isinstance(node, Symbol) and node.path[:2] == ("data", "aws_ssm_parameter"):
        return str(node.path[2]) if node.path[3:] == ("value",) else None
    return None


def _type(text: str | None) -> Type:
    if text is None or "object" in text or text == "document":
        return ANY
    try:
        return parse_type(text)
    except ExpressionError:
        return ANY


def _bound_names(value: Value) -> set[str]:
    """Names that some `for` in the value binds. The parser has checked their scopes."""
    return {
        name
        for node in walk(value)
        for name in (getattr(node, "key", None), getattr(node, "value", None))
        if isinstance(name, str) and type(node).__name__ in ("ForList", "ForMap")
    }


def _symbol_faults(node: Symbol, resource: Resource | None) -> Iterator[Finding]:
    name = ".".join(map(str, node.path[:2]))
    root = node.path[0]
    if root == "count":
        if resource is None or resource.count is None:
            yield f"{name} has a meaning only in a resource with count", None
        elif name != "count.index":
            yield f"there is no {name}", "write count.index"
    elif root == "each":
        if resource is None or resource.for_each is None:
            yield f"{name} has a meaning only in a resource with for_each", None
        elif name not in ("each.key", "each.value"):
            yield f"there is no {name}", "each.key or each.value"
    elif root in _UNAVAILABLE:
        yield f"there is no {'.'.join(map(str, node.path))}", _UNAVAILABLE[str(root)]


def _call_faults(node: Call) -> Iterator[Finding]:
    if node.name.startswith(ARM_FUNCTION):
        return  # kept as it is, for ARM templates
    if node.name not in KNOWN_FUNCTIONS:
        yield f"there is no function {node.name}", suggestion(node.name, KNOWN_FUNCTIONS)
    elif node.name in FILES:
        yield f"{node.name} reads a file, and a blueprint comes without files", None
    elif node.name in FUNCTIONS and not node.expand:
        function, given = FUNCTIONS[node.name], len(node.arguments)
        if given < function.least or (function.most is not None and given > function.most):
            yield f"{node.name} does not take {given} arguments", None
