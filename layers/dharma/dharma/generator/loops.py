"""Loops written out, for targets that have none.

Every instance of `count` and `for_each` becomes a resource of its own, `app_0` or `app_key`; what
referred to instances refers to these. Values of variables come in only where they have to: those
that decide how many there are, and those whose type the target has no parameters of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dharma.catalog.naming import Names
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Blueprint, Output, Resource
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import (
    Binary,
    Call,
    Expression,
    Index,
    ResourceRef,
    Value,
    VariableRef,
    is_known,
    walk,
)
from dharma.model.expressions.printer import print_expression
from dharma.model.expressions.scope import Scope

INSTANCES_MAX = 10_000
_NO_WORD = re.compile(r"[^A-Za-z0-9]+")
Key = int | str


def frozen_variables(bp: Blueprint, parameters: frozenset[str]) -> frozenset[str]:
    """Variables that are written in: those that loops depend on, and those that are no
    `parameters`."""
    loops = [v for r in bp.resources for v in (r.count, r.for_each) if v is not None]
    used = {n.name for v in loops for n in walk(v) if isinstance(n, VariableRef)}
    return frozenset(v.name for v in bp.variables if v.name in used or v.name not in parameters)


def without_loops(
    bp: Blueprint, values: Mapping[str, Value], *, counts_stay: bool = False
) -> tuple[tuple[Resource, ...], tuple[Output, ...]]:
    """Resources and outputs with every loop written out and everything computed that is known;
    `counts_stay` for targets that can count, but know no `for_each`.

    `values` are those of the frozen variables. Raises `NotExpressible` for a loop whose extent they
    do not tell.
    """
    return _Expansion(bp, values, counts_stay=counts_stay).run()


class _Expansion:
    def __init__(self, bp: Blueprint, values: Mapping[str, Value], *, counts_stay: bool) -> None:
        self.bp = bp
        self.values = values
        self.counts_stay = counts_stay
        self.names = Names()
        for resource in bp.resources:
            if not self._is_expanded(resource):
                self.names.take(resource.address, resource.address, "_")
        self.keys: dict[str, Sequence[Key]] = {}
        self.each: dict[str, dict[Key, Value]] = {}
        self.addresses: dict[str, dict[Key, str]] = {}
        self.written = {r.address: r.properties for r in bp.resources}
        self.single = {r.address for r in bp.resources if r.condition is not None}

    def run(self) -> tuple[tuple[Resource, ...], tuple[Output, ...]]:
        for resource in self.bp.resources:
            if self._is_expanded(resource):
                self._measure(resource)
        scope = self._scope()
        resources = [copy for r in self.bp.resources for copy in self._copies(r)]
        outputs = [
            replace(
                o,
                value=evaluate(o.value, scope),
                condition=evaluate(o.condition, scope),
            )
            for o in self.bp.outputs
        ]
        return tuple(resources), tuple(outputs)

    def _is_expanded(self, resource: Resource) -> bool:
        counted = resource.count is not None and not self.counts_stay
        return counted or resource.for_each is not None

    def _scope(self, count: int | None = None, each: tuple[Value, Value] | None = None) -> Scope:
        return Scope(variables=self.values, count=count, each=each, resource=self._reference)

    def _measure(self, resource: Resource) -> None:
        """Find out which instances there are."""
        name = "count" if resource.count is not None else "for_each"
        found = evaluate(resource.count if name == "count" else resource.for_each, self._scope())
        keys: dict[Key, Value]
        if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
            if found > INSTANCES_MAX:
                raise NotExpressible(f"{resource.address}.{name}: more than {INSTANCES_MAX}")
            keys = dict.fromkeys(range(found))
        elif name == "for_each" and isinstance(found, dict):
            keys = dict(found.items())
        elif name == "for_each" and isinstance(found, list) and is_known(found):
            keys = {str(v): v for v in found}
        else:
            shown = print_expression(found) if isinstance(found, Expression) else repr(found)
            variables = sorted(n.name for n in walk(found) if isinstance(n, VariableRef))
            hint = f"; give {', '.join(f'var.{v}' for v in variables)} a value" if variables else ""
            raise NotExpressible(
                f"{resource.address}.{name}: how many there are has to be known, and {shown} is "
                f"not{hint}"
            )
        self.each[resource.address] = keys
        stem = resource.address
        self.addresses[stem] = {
            key: self.names.take(f"{stem}_{_word(key)}", f"{stem}[{key}]", "_") for key in keys
        }

    def _copies(self, resource: Resource) -> list[Resource]:
        if resource.address not in self.addresses:
            return [self._copy(resource, resource.name, self._scope())]
        copies = []
        for key, address in self.addresses[resource.address].items():
            name = address[len(resource.type) + 1 :]
            if isinstance(key, int):
                scope = self._scope(count=key)
            else:
                scope = self._scope(each=(key, self.each[resource.address][key]))
            copies.append(self._copy(resource, name, scope))
        return copies

    def _copy(self, resource: Resource, name: str, scope: Scope) -> Resource:
        properties = {k: self._property(v, scope) for k, v in resource.properties.items()}
        native = {
            target: {k: evaluate(v, scope) for k, v in given.items()}
            for target, given in resource.native.items()
        }
        depends_on = (
            a for d in resource.depends_on for a in self.addresses.get(d, {None: d}).values()
        )
        return replace(
            resource,
            name=name,
            properties=properties,
            native=native,
            count=None if resource.address in self.addresses else resource.count,
            for_each=None,
            condition=evaluate(resource.condition, scope),
            depends_on=tuple(dict.fromkeys(depends_on)),
        )

    def _property(self, value: Value, scope: Scope) -> Value:
        found = evaluate(value, scope)
        return self._measured_subnet(found) if isinstance(found, Call) else found

    def _measured_subnet(self, node: Value) -> Value:
        """`cidrsubnet(aws_vpc.main.cidr_block, 8, 1)` with its new bits counted from the network's
        own prefix length, which is written in the blueprint: the form that has an intrinsic."""
        match node:
            case Call("cidrsubnet", (ResourceRef(address, (str(name),)) as ref, int(bits), number)):
                block = self.written.get(address, {}).get(name)
                if isinstance(block, str) and (length := block.rpartition("/")[2]).isdigit():
                    own = Call("tonumber", (Index(Call("split", ("/", ref)), 1),))
                    newbits = Binary("-", int(length) + bits, own)
                    return Call("cidrsubnet", (ref, newbits, number))
        return node

    def _reference(self, ref: ResourceRef) -> Value:
        instances = self.addresses.get(ref.address)
        if instances is None:
            if ref.address in self.single and ref.instance == 0:
                return replace(ref, instance=None)
            return ref
        if ref.instance is not None:
            if isinstance(ref.instance, int | str) and ref.instance in instances:
                return ResourceRef(instances[ref.instance], ref.path)
            raise NotExpressible(f"{print_expression(ref)}: there is no such instance")
        if ref.path:
            raise NotExpressible(f"{print_expression(ref)}: which instance is not said")
        owners = {key: ResourceRef(address) for key, address in instances.items()}
        if all(isinstance(key, int) for key in owners):
            return list(owners.values())
        return {str(key): owner for key, owner in owners.items()}


def _word(key: Key) -> str:
    return _NO_WORD.sub("_", str(key)).strip("_") or "empty"
