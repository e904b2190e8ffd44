"""Everything that is wrong with a blueprint beyond its form, judged with the catalog.

`validate` gives the faults, `review` also the warnings. All of them are reported (up to
`MAX_FAULTS`), each with line and column where the blueprint came from a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from dharma.blueprint.graph import Graph, dependency_graph
from dharma.blueprint.history_checks import history_faults
from dharma.blueprint.nearest import distance, suggestion
from dharma.blueprint.places import fault_at, fault_of
from dharma.blueprint.property_checks import check_properties, secrets_in_the_open
from dharma.blueprint.reference_checks import Finding, Names, parameter_variable
from dharma.blueprint.resolution import resolve
from dharma.blueprint.variables import check_values, checked_value
from dharma.catalog.catalog import Catalog
from dharma.catalog.formats import FORMATS, TITLES, native_format
from dharma.catalog.kinds import Kind
from dharma.core.errors import Fault, InvalidInput, LimitExceeded, NotExpressible
from dharma.core.garbage import seldom_collected
from dharma.model.blueprint import Blueprint, Output, Resource, Steps, Variable, path_steps
from dharma.model.expressions import regexes
from dharma.model.expressions.errors import EvaluationError, ExpressionError
from dharma.model.expressions.inference import infer
from dharma.model.expressions.nodes import Call, Expression, Value, VariableRef, children, walk
from dharma.model.expressions.printer import print_expression
from dharma.model.expressions.regex_syntax import UnsupportedPattern
from dharma.model.types import BOOL, accepts, parse_type

__all__ = ["Review", "check_values", "review", "validate"]

MAX_FAULTS = 2000
NATIVE_FORMATS = (*FORMATS, "pulumi")
PASSED_THROUGH = {
    "aws_": "aws",
    "AWS::": "aws",
    "Custom::": "aws",
    "azurerm_": "azure",
    "azuread_": "azure",
    "Azure::": "azure",
    "google_": "gcp",
    "Google::": "gcp",
}
# A template of Deployment Manager, or a type of a type provider of one's own.
_DEPLOYMENT_MANAGER = re.compile(r"[\w.-]+/[\w./-]+:[\w./{}-]+\Z|[\w./-]+\.(?:jinja|py)\Z")

# Terraform's providers that belong to no cloud, and calls of modules: kept for Terraform.
OF_NO_CLOUD = (
    "archive_", "external_", "helm_", "http_", "kubernetes_", "local_", "null_", "random_",
    "template_", "time_", "tls_",
)  # fmt: skip
MODULE = "module"

# Types of Terraform that differ from a kind by one letter and are meant.
_REAL_NEIGHBOURS = frozenset(
    {"aws_alb", "aws_alb_listener", "aws_alb_target_group", "aws_elb", "aws_efs", "aws_ecs"}
)


@dataclass(frozen=True, slots=True)
class Review:
    """`faults` stop everything that follows; `warnings` are for the author."""

    faults: list[Fault]
    warnings: list[Fault]


def validate(blueprint: Blueprint, catalog: Catalog) -> list[Fault]:
    """The faults, in the order of their places in the file."""
    return review(blueprint, catalog).faults


@seldom_collected()
def review(blueprint: Blueprint, catalog: Catalog) -> Review:
    faults = list(islice(_faults(blueprint, catalog), MAX_FAULTS))
    if len(faults) == MAX_FAULTS:
        faults.append(Fault(f"{MAX_FAULTS} faults are listed; there may be more"))
    if not faults:
        faults = list(_evaluation_faults(blueprint))
    secret = frozenset(v.name for v in blueprint.variables if v.sensitive)
    warnings = [*_variable_warnings(blueprint), *_unused(blueprint)]
    for resource in blueprint.resources:
        warnings.extend(_resource_warnings(resource, catalog, secret))
    return Review(sorted(faults, key=_place), sorted(warnings, key=_place))


def _faults(blueprint: Blueprint, catalog: Catalog) -> Iterator[Fault]:
    names = Names.of(blueprint, catalog)
    yield from _duplicates("variable", "variables", [(v.name, v) for v in blueprint.variables])
    yield from _duplicates("resource", "resources", [(r.address, r) for r in blueprint.resources])
    yield from _duplicates("output", "outputs", [(o.name, o) for o in blueprint.outputs])
    for variable in blueprint.variables:
        yield from _variable_faults(variable)
    for resource in blueprint.resources:
        yield from _resource_faults(resource, blueprint, names)
    for output in blueprint.outputs:
        yield from _output_faults(output, names)
    yield from history_faults(blueprint)
    yield from _cycle_faults(blueprint, catalog)


def _place(fault: Fault) -> tuple[bool, int, int]:
    """Their order in the file; what has no place comes last."""
    return fault.line is None, fault.line or 0, fault.column or 0


def _duplicates(
    what: str, folder: str, named: Iterable[tuple[str, Variable | Resource | Output]]
) -> Iterator[Fault]:
    first: dict[str, Variable | Resource | Output] = {}
    for name, item in named:
        if name in first:
            line = first[name].origin.line
            hint = f"first in line {line}" if line else None
            yield fault_of(item.origin, f"{folder}.{name}", f"a second {what} {name}", hint)
        first.setdefault(name, item)


# -- variables


def _variable_faults(variable: Variable) -> Iterator[Fault]:
    path = f"variables.{variable.name}"

    def fault(key: str, message: str, hint: str | None = None) -> Fault:
        return fault_of(variable.origin, f"{path}.{key}", message, hint)

    try:
        type = parse_type(variable.type)
    except ExpressionError as error:
        yield fault("type", error.message, error.hint)
        return
    if variable.pattern is not None:
        if type.name not in ("string", "any"):
            yield fault("pattern", f"a pattern is for strings, not for {variable.type}")
        try:
            regexes.compile_pattern(variable.pattern)
        except UnsupportedPattern:
            pass  # a warning
        except (EvaluationError, LimitExceeded) as error:
            yield fault("pattern", error.message)
            return
    if (variable.min is not None or variable.max is not None) and type.name == "bool":
        yield fault("min", "a bool has neither min nor max")
    if variable.min is not None and variable.max is not None and variable.min > variable.max:
        yield fault("min", "min is more than max")
    for position, value in enumerate(variable.allowed):
        for message in checked_value(_without_allowed(variable), value)[1]:
            yield fault(f"allowed[{position}]", message)
    if not variable.required:
        for message in checked_value(variable, variable.default)[1]:
            yield fault("default", f"the default is not valid: {message}")


def _without_allowed(variable: Variable) -> Variable:
    return Variable(
        name=variable.name,
        type=variable.type,
        sensitive=variable.sensitive,
        pattern=variable.pattern,
        min=variable.min,
        max=variable.max,
    )


def _variable_warnings(blueprint: Blueprint) -> Iterator[Fault]:
    for variable in blueprint.variables:
        try:
            regexes.compile_pattern(variable.pattern or "")
        except UnsupportedPattern as error:
            path = f"variables.{variable.name}.pattern"
            message = f"values are not checked against it: {error.message}"
            yield fault_of(variable.origin, path, message)
        except (EvaluationError, LimitExceeded):
            continue  # a fault


def _unused(blueprint: Blueprint) -> Iterator[Fault]:
    values: list[Value] = [o.value for o in blueprint.outputs]
    values += [o.condition for o in blueprint.outputs]
    for resource in blueprint.resources:
        values += [dict(resource.properties), resource.count, resource.for_each]
        values += [resource.region, resource.import_id]
        values += [resource.condition, *(dict(extra) for extra in resource.native.values())]
    used: set[str | None] = set()
    for value in values:
        for node in walk(value):
            used.add(node.name if isinstance(node, VariableRef) else parameter_variable(node))
    for variable in blueprint.variables:
        if variable.name not in used:
            path = f"variables.{variable.name}"
            yield fault_of(variable.origin, path, "this variable is not used")


# -- resources


def _resource_faults(resource: Resource, blueprint: Blueprint, names: Names) -> Iterator[Fault]:
    kind = names.catalog.kind(resource.type)
    provider = kind.provider if kind else _provider_of(resource.type)
    if kind is None:
        yield from _type_faults(resource, names.catalog)
    if provider is not None and provider != blueprint.provider:
        yield fault_at(
            resource, ("@type",), f"{resource.type} belongs to {provider}",
            f"the blueprint's provider is {blueprint.provider}",
        )  # fmt: skip
    yield from _loop_faults(resource, names)
    if resource.for_each is not None:
        yield from _secret_key_faults(resource, blueprint)
    for steps, value in _values(resource):
        yield from _at(resource, steps, names.faults(value, resource))
    for position, address in enumerate(resource.depends_on):
        yield from _at(resource, ("@depends_on", position), names.address_faults(address))
    for format_name in resource.native:
        if format_name not in NATIVE_FORMATS:
            near = suggestion(format_name, NATIVE_FORMATS)
            hint = near or f"one of {', '.join(NATIVE_FORMATS)}"
            steps = ("@native", format_name)
            yield fault_at(resource, steps, f"unknown format {format_name!r}", hint)
    if kind is not None:
        yield from check_properties(resource, kind, names.declared())
        for first, near in _unknown_changes(resource, kind):
            if near:
                yield fault_at(resource, _IGNORED, f"unknown property {first!r}", near)


_IGNORED = ("@lifecycle", "ignore_changes")


def _unknown_changes(resource: Resource, kind: Kind) -> Iterator[tuple[str, str | None]]:
    """What `ignore_changes` names and the kind does not know, with the property that it is one slip
    away from. Arguments that are Terraform's alone are known to it alone."""
    own = resource.native.get("terraform", {})
    for path in resource.lifecycle.ignore_changes:
        first = str(next(iter(path_steps(path)), path))
        if first not in kind.properties and first not in own and first != "all":
            yield first, suggestion(first, kind.properties)


def _provider_of(type: str) -> str | None:
    if _DEPLOYMENT_MANAGER.match(type):
        return "gcp"
    return next((p for prefix, p in PASSED_THROUGH.items() if type.startswith(prefix)), None)


def _type_faults(resource: Resource, catalog: Catalog) -> Iterator[Fault]:
    near = _misspelled(resource.type, catalog)
    if near is not None:
        yield fault_at(
            resource, ("@type",), f"unknown type {resource.type}", f"did you mean {near}?"
        )
    elif _provider_of(resource.type) is None and not (
        resource.type == MODULE or resource.type.startswith(OF_NO_CLOUD)
    ):
        hint = suggestion(resource.type, catalog.names())
        prefixes = ", ".join(PASSED_THROUGH)
        hint = hint or f"a kind of the catalog, or a type of Terraform that begins with {prefixes}"
        yield fault_at(resource, ("@type",), f"unknown type {resource.type}", hint)


def _misspelled(type: str, catalog: Catalog) -> str | None:
    """The kind that an unknown type is one slip away from."""
    if type in _REAL_NEIGHBOURS:
        return None
    native = catalog.kind_of("cloudformation", type)
    if native is not None:
        return native.name
    plain = type.lower().replace("-", "_")
    return next((n for n in catalog.names() if distance(plain, n, 1) <= 1), None)


def _loop_faults(resource: Resource, names: Names) -> Iterator[Fault]:
    loops = ("count", "for_each", "condition")
    chosen = [key for key in loops if getattr(resource, key) is not None]
    if len(chosen) > 1:
        message = f"{chosen[0]} and {chosen[1]} exclude each other"
        yield fault_at(resource, (f"@{chosen[1]}",), message)
    count = resource.count
    if count is not None and not isinstance(count, Expression):
        whole = isinstance(count, int | float) and count == int(count) and count >= 0
        if isinstance(count, bool) or not whole:
            yield fault_at(resource, ("@count",), "a count is a whole number, not negative")
    if resource.for_each is not None:
        inferred = infer(resource.for_each, names.declared())
        if inferred.name not in ("map", "object", "set", "any"):
            listed = inferred.name in ("list", "tuple")
            hint = f"${{toset({print_expression(resource.for_each)})}}" if listed else None
            message = f"for_each is a map or a set of strings, not a {inferred.name}"
            yield fault_at(resource, ("@for_each",), message, hint and f"write {hint}")
    if resource.condition is not None:
        inferred = infer(resource.condition, names.declared())
        if not accepts(BOOL, inferred):
            message = f"a condition is true or false, not a {inferred.name}"
            yield fault_at(resource, ("@condition",), message)


def _secret_key_faults(resource: Resource, blueprint: Blueprint) -> Iterator[Fault]:
    """Keys of a loop are parts of addresses, which anybody may read: Terraform refuses them too."""
    secret = {variable.name for variable in blueprint.variables if variable.sensitive}
    stack: list[Value] = [resource.for_each]
    while stack:
        node = stack.pop()
        if isinstance(node, VariableRef) and node.name in secret:
            yield fault_at(
                resource,
                ("@for_each",),
                f"for_each depends on the sensitive variable {node.name}: its keys would be seen"
                " in the addresses of the resources",
                "loop over what is no secret, and look the secret up by each.key",
            )
            return
        if isinstance(node, Call) and node.name == "nonsensitive":
            continue
        if isinstance(node, list | dict | Expression):
            stack.extend(children(node))


def _values(resource: Resource) -> Iterator[tuple[Steps, Value]]:
    """Every expression of a resource with its place; containers are descended."""
    stack: list[tuple[Steps, Value]] = [
        (("@count",), resource.count),
        (("@for_each",), resource.for_each),
        (("@condition",), resource.condition),
        (("@region",), resource.region),
        (("@import",), resource.import_id),
        *(((name,), value) for name, value in resource.properties.items()),
        *(
            (("@native", format_name, name), value)
            for format_name, extra in resource.native.items()
            for name, value in extra.items()
        ),
    ]
    while stack:
        steps, value = stack.pop()
        if isinstance(value, dict):
            stack.extend(((*steps, key), inner) for key, inner in value.items())
        elif isinstance(value, list):
            stack.extend(((*steps, n), inner) for n, inner in enumerate(value))
        elif isinstance(value, Expression):
            yield steps, value


def _at(resource: Resource, steps: Steps, findings: Iterator[Finding]) -> Iterator[Fault]:
    return (fault_at(resource, steps, message, hint) for message, hint in findings)


def _resource_warnings(
    resource: Resource, catalog: Catalog, sensitive: frozenset[str]
) -> Iterator[Fault]:
    kind = catalog.kind(resource.type)
    if kind is not None:
        yield from secrets_in_the_open(resource, kind, sensitive)
        for first, near in _unknown_changes(resource, kind):
            if not near:
                message = f"{first} is no property of {resource.type}: only Terraform is told of it"
                yield fault_at(resource, _IGNORED, message)
    elif _provider_of(resource.type) is not None:
        language = TITLES[native_format(resource.type)]
        hint = suggestion(resource.type, catalog.names())
        yield fault_at(
            resource, ("@type",), f"the catalog does not know {resource.type}: it is passed to"
            f" {language} as it is, unchecked and without a price", hint,
        )  # fmt: skip


# -- the whole


def _output_faults(output: Output, names: Names) -> Iterator[Fault]:
    path = f"outputs.{output.name}"
    for value in (output.value, output.condition):
        for message, hint in names.faults(value, None):
            yield fault_of(output.origin, path, message, hint)


def _cycle_faults(blueprint: Blueprint, catalog: Catalog) -> Iterator[Fault]:
    """Cycles that no format can hold. Security groups that name each other are none: their rules
    can stand apart."""
    graph = dependency_graph(blueprint.resources)
    components = graph.components()
    if not components:
        return
    from dharma.catalog.placement import Placement

    resources = {resource.address: resource for resource in blueprint.resources}
    for members in components:
        try:
            Placement([resources[address] for address in members], "terraform", catalog)
        except NotExpressible:
            way = Graph({a: tuple(n for n in graph.edges[a] if n in members) for a in members})
            shown = " -> ".join(way.cycles()[0])
            first = resources[members[0]]
            yield fault_of(
                first.origin, f"resources.{first.address}", f"resources need each other: {shown}",
                f"all in this cycle: {', '.join(members)}",
            )  # fmt: skip


def _evaluation_faults(blueprint: Blueprint) -> Iterable[Fault]:
    """What shows only when expressions are computed: an index too high, `1 + "a"`."""
    try:
        resolve(blueprint)
    except InvalidInput as error:
        return error.faults or [Fault(error.message)]
    return ()
