"""A blueprint with its variables in place, its loops expanded and its conditions decided.

Resources are resolved behind what they depend on. A reference to a property that is written down
elsewhere and known (`cidrsubnet(aws_vpc.main.cidr_block, 8, 1)`) becomes its value; a reference to
an attribute that only the cloud knows stays a reference, to an instance where there is a loop. A
name of a resource that stands alone (`role: ${aws_iam_role.web.name}`) stays a reference too,
because it says more than its text: what is connected to what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dharma.blueprint.graph import dependency_graph
from dharma.blueprint.places import fault_at
from dharma.blueprint.secrecy import Secret, secrets_between
from dharma.blueprint.variables import check_values
from dharma.core.errors import Fault, InvalidBlueprint, LimitExceeded
from dharma.core.garbage import seldom_collected
from dharma.model.addresses import instance_address
from dharma.model.blueprint import Blueprint, ResolvedBlueprint, Resource, ResourceInstance
from dharma.model.expressions.conversion import as_bool, as_integer, as_text
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import (
    Expression,
    ResourceRef,
    Unknown,
    Value,
    children,
)
from dharma.model.expressions.scope import Budget, Scope
from dharma.model.expressions.steps import follow

MAX_LOOP = 10_000
MAX_INSTANCES = 50_000
MAX_INLINED = 1000  # values below one reference; larger ones stay references

# Properties that identify their resource: a reference to one of them alone is a connection.
NAMING_PROPERTIES = frozenset(
    {"arn", "bucket", "family", "id", "identifier", "key_name", "name", "name_prefix", "self_link"}
)


@seldom_collected()
def resolve(
    blueprint: Blueprint,
    values: Mapping[str, Any] | None = None,
    *,
    region: str | None = None,
    ambient: Mapping[str, Value] | None = None,
    strict: bool = False,
) -> ResolvedBlueprint:
    """What analyses see. `values` are the variables' values, defaults are filled in; `ambient`
    what the place of deployment gives, by the names of `AMBIENT_NAMES`.

    A required variable without a value is `Unknown`, with `strict` a fault. Raises
    InvalidVariables, InvalidBlueprint with every expression that has no value, LimitExceeded.
    """
    variables = check_values(blueprint, values or {}, complete=strict)
    known = dict(ambient or {})
    if region is not None:
        known["region"] = region
    resolver = _Resolver(blueprint, variables, known)
    instances = resolver.instances()
    outputs = resolver.outputs()
    if resolver.faults:
        first = str(resolver.faults[0])
        count = len(resolver.faults)
        raise InvalidBlueprint(
            first if count == 1 else f"{count} faults, first: {first}", resolver.faults
        )
    return ResolvedBlueprint(
        name=blueprint.name,
        version=blueprint.version,
        provider=blueprint.provider,
        resources=instances,
        outputs=outputs,
        variables=variables,
        sensitive=frozenset(v.name for v in blueprint.variables if v.sensitive),
        region=region,
        sensitive_outputs=frozenset(o.name for o in blueprint.outputs if o.sensitive),
        secrets=_secrets(blueprint, variables, known, instances, outputs),
    )


def _secrets(
    blueprint: Blueprint,
    variables: Mapping[str, Value],
    ambient: Mapping[str, Value],
    instances: tuple[ResourceInstance, ...],
    outputs: dict[str, Value],
) -> frozenset[Secret]:
    """Nothing to do, and no time spent, where no secret has a value."""
    own = {
        v.name: variables[v.name]
        for v in blueprint.variables
        if v.sensitive and not isinstance(variables.get(v.name), Unknown | None)
    }
    if not own:
        return frozenset()
    hidden: dict[str, Value] = {name: Unknown("it is a secret") for name in own}
    resolver = _Resolver(blueprint, {**variables, **hidden}, ambient)
    veiled = _places(resolver.instances(), resolver.outputs())
    return secrets_between(_places(instances, outputs), veiled, own.values())


def _places(instances: tuple[ResourceInstance, ...], outputs: dict[str, Value]) -> dict[str, Value]:
    """All that is computed, by a name for its place."""
    found: dict[str, Value] = {f"output.{name}": value for name, value in outputs.items()}
    for instance in instances:
        found[instance.address] = instance.properties
        found[f"native.{instance.address}"] = {k: dict(v) for k, v in instance.native.items()}
    return found


@dataclass(slots=True)
class _Expansion:
    """What one resource became. `keys` is None without a loop; `exists` is None when not known;
    `items` are the values of `for_each`."""

    resource: Resource
    exists: bool | None = True
    keys: list[int | str] | None = None
    items: dict[str, Value] | None = None
    unknown_loop: bool = False


class _Resolver:
    def __init__(
        self, blueprint: Blueprint, variables: Mapping[str, Value], ambient: Mapping[str, Value]
    ) -> None:
        self.blueprint = blueprint
        self.faults: list[Fault] = []
        self.expansions: dict[str, _Expansion] = {}
        self.properties: dict[tuple[str, int | str | None], dict[str, Value]] = {}
        self.count = 0
        budget = Budget(1_000_000 + 500 * len(blueprint.resources))
        self.scope = Scope(
            variables=variables, ambient=ambient, resource=self.reference, budget=budget
        )

    # -- the whole

    def instances(self) -> tuple[ResourceInstance, ...]:
        resources = {resource.address: resource for resource in self.blueprint.resources}
        made: dict[str, list[ResourceInstance]] = {}
        for address in dependency_graph(self.blueprint.resources).order():
            made[address] = self.expand(resources[address])
        present = {instance.address for group in made.values() for instance in group}
        present.update(address for address, group in made.items() if group)
        return tuple(
            replace(instance, depends_on=tuple(d for d in instance.depends_on if d in present))
            if instance.depends_on
            else instance
            for address in resources
            for instance in made[address]
        )

    def outputs(self) -> dict[str, Value]:
        outputs: dict[str, Value] = {}
        for output in self.blueprint.outputs:
            path = f"outputs.{output.name}"
            place = (output.origin.line, output.origin.column)
            try:
                condition = (
                    True if output.condition is None else evaluate(output.condition, self.scope)
                )
                if isinstance(condition, Expression) or as_bool(condition):
                    outputs[output.name] = self.value(output.value, self.scope)
            except EvaluationError as error:
                self.faults.append(Fault(error.message, path, output.origin.file, *place))
        return outputs

    # -- one resource

    def expand(self, resource: Resource) -> list[ResourceInstance]:
        try:
            expansion = self.expansion(resource)
        except EvaluationError as error:
            key = "count" if resource.count is not None else "for_each"
            key = "condition" if resource.condition is not None else key
            self.fault(resource, (f"@{key}",), error)
            expansion = _Expansion(resource, exists=None, unknown_loop=True)
        self.expansions[resource.address] = expansion
        if expansion.exists is False:
            return []
        keys: list[int | str | None] = [None] if expansion.keys is None else [*expansion.keys]
        self.count += len(keys)
        if self.count > MAX_INSTANCES:
            raise LimitExceeded(f"the blueprint has more than {MAX_INSTANCES} resources")
        return [self.instance(expansion, key) for key in keys]

    def expansion(self, resource: Resource) -> _Expansion:
        if resource.condition is not None:
            condition = evaluate(resource.condition, self.scope)
            if isinstance(condition, Expression):
                return _Expansion(resource, exists=None)
            return _Expansion(resource, exists=as_bool(condition))
        if resource.count is not None:
            count = evaluate(resource.count, self.scope)
            if isinstance(count, Expression):
                return _Expansion(resource, exists=None, unknown_loop=True)
            number = as_integer(count)
            if number < 0:
                raise EvaluationError(f"a count is not negative: {number}")
            self.limit_loop(resource, number)
            return _Expansion(resource, keys=list(range(number)))
        if resource.for_each is not None:
            return self.each(resource, evaluate(resource.for_each, self.scope))
        return _Expansion(resource)

    def each(self, resource: Resource, items: Value) -> _Expansion:
        if isinstance(items, Expression):
            return _Expansion(resource, exists=None, unknown_loop=True)
        if isinstance(items, dict):
            found = dict(sorted(items.items()))
        elif isinstance(items, list):
            if any(isinstance(item, Expression) for item in items):
                return _Expansion(resource, exists=None, unknown_loop=True)
            found = {as_text(item): item for item in items}
        else:
            raise EvaluationError("for_each needs a map or a set of strings")
        self.limit_loop(resource, len(found))
        return _Expansion(resource, keys=list(found), items=found)

    def limit_loop(self, resource: Resource, count: int) -> None:
        if count > MAX_LOOP:
            steps = ("@count",) if resource.count is not None else ("@for_each",)
            message = f"{resource.address} has more than {MAX_LOOP} instances"
            fault = fault_at(resource, steps, message)
            raise LimitExceeded(str(fault), [fault])

    def instance(self, expansion: _Expansion, key: int | str | None) -> ResourceInstance:
        resource = expansion.resource
        scope = self.scope
        if expansion.items is not None and isinstance(key, str):
            scope = replace(scope, each=(key, expansion.items[key]))
        elif isinstance(key, int):
            scope = replace(scope, count=key)
        elif expansion.unknown_loop:
            why = Unknown(f"how many {resource.address} there are is not known")
            scope = replace(scope, each=(why, why), bound={"count": {"index": why}})
        properties: dict[str, Value] = {}
        # Known to others, and to itself, as soon as it is there.
        self.properties[resource.address, key] = properties
        for name, value in resource.properties.items():
            properties[name] = self.located(resource, value, (name,), scope)
        native = {
            format_name: {
                name: self.located(resource, value, ("@native", format_name, name), scope)
                for name, value in extra.items()
            }
            for format_name, extra in resource.native.items()
        }
        return ResourceInstance(
            address=instance_address(resource.address, key),
            type=resource.type,
            name=resource.name,
            properties=properties,
            key=key,
            exists=expansion.exists,
            depends_on=resource.depends_on,
            lifecycle=resource.lifecycle,
            native=native,
            origin=resource.origin,
        )

    def located(
        self, resource: Resource, value: Value, steps: tuple[str | int, ...], scope: Scope
    ) -> Value:
        """A property's value; a fault in it is noted at its own place, and leaves it unknown."""
        if isinstance(value, dict):
            scope.budget.spend(1)
            return {k: self.located(resource, v, (*steps, k), scope) for k, v in value.items()}
        if isinstance(value, list):
            scope.budget.spend(1)
            return [self.located(resource, v, (*steps, n), scope) for n, v in enumerate(value)]
        if not isinstance(value, Expression):
            return value
        try:
            return self.value(value, scope)
        except EvaluationError as error:
            self.fault(resource, steps, error)
            return Unknown(error.message)
        except LimitExceeded as error:
            if error.faults:
                raise
            fault = fault_at(resource, steps, error.message)
            raise LimitExceeded(str(fault), [fault]) from error

    def value(self, value: Value, scope: Scope) -> Value:
        if isinstance(value, ResourceRef) and value.path and value.path[0] in NAMING_PROPERTIES:
            return evaluate(value, replace(scope, resource=self.connection))
        return evaluate(value, scope)

    # -- references

    def connection(self, ref: ResourceRef) -> Value:
        """A reference that stays one."""
        return self.reference(ref, inline=False)

    def reference(self, ref: ResourceRef, inline: bool = True) -> Value:
        expansion = self.expansions.get(ref.address)
        if expansion is None or isinstance(ref.instance, Expression):
            return ref
        if expansion.exists is False:
            return None
        key = ref.instance
        if expansion.keys is None:
            if expansion.unknown_loop or key not in (None, 0):
                return ref
            # `[0]` of a conditional resource is the resource.
            ref = replace(ref, instance=None)
            key = None
        elif key is None:
            return self.all_instances(ref, expansion)
        elif key not in expansion.keys or isinstance(key, bool):
            raise EvaluationError(f"{ref.address} has no instance {key!r}")
        return self.inlined(ref, key) if inline and ref.path else ref

    def all_instances(self, ref: ResourceRef, expansion: _Expansion) -> Value:
        assert expansion.keys is not None
        if ref.path:
            raise EvaluationError(
                f"{ref.address} has several instances: name one, {ref.address}[...],"
                f" or all, {ref.address}[*]"
            )
        self.scope.budget.spend(len(expansion.keys))
        if expansion.items is None:
            return [replace(ref, instance=key) for key in expansion.keys]
        return {str(key): replace(ref, instance=key) for key in expansion.keys}

    def inlined(self, ref: ResourceRef, key: Value) -> Value:
        """The value of a property that is written down and known, else the reference."""
        assert key is None or isinstance(key, int | str)
        properties = self.properties.get((ref.address, key), {})
        name = ref.path[0]
        if name not in properties:
            return ref
        try:
            value = follow(properties[str(name)], ref.path[1:], self.scope)
        except EvaluationError:
            return ref
        return value if value is not None and _small_and_known(value) else ref

    def fault(
        self, resource: Resource, steps: tuple[str | int, ...], error: EvaluationError
    ) -> None:
        mark = resource.marks.get(steps, (resource.origin.line, resource.origin.column))
        path = f"resources.{resource.address}"
        first = str(steps[0])
        path += f".{first[1:]}" if first.startswith("@") else f".properties.{first}"
        for step in steps[1:]:
            path += f"[{step}]" if isinstance(step, int) else f".{step}"
        self.faults.append(Fault(error.message, path, resource.origin.file, *mark))


def _small_and_known(value: Value) -> bool:
    if not isinstance(value, list | dict | Expression):
        return True
    left = MAX_INLINED
    stack: list[Value] = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, Expression):
            return False
        left -= 1
        if left < 0:
            return False
        stack.extend(children(node))
    return True
