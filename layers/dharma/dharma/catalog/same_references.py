"""Which references mean the same: one form for each, so that resources can be compared.

A format may have one name for two attributes of a kind (an id that is the ARN), know an attribute
only of the resource that a property refers to, or write a property's value where it is referred to.
What was written so comes back under the other name; it is the same resource all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dharma.catalog.borrowed import apart, of_instance, value_at
from dharma.catalog.catalog import Catalog
from dharma.catalog.kinds import Kind
from dharma.catalog.references import referred
from dharma.catalog.same_expressions import same_expression
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Conditional,
    Index,
    ResourceRef,
    Template,
    Value,
    references,
    rewrite,
)
from dharma.model.expressions.templates import join_parts

_DEEPEST = 20


def _element(listed: ResourceRef, index: Index) -> Value:
    """An element of an attribute, by the path to it."""
    if isinstance(index.key, int) and not isinstance(index.key, bool) and listed.path:
        return replace(listed, path=(*listed.path, index.key))
    return index


class SameReferences:
    """The references between some resources."""

    def __init__(self, resources: Iterable[Resource], catalog: Catalog) -> None:
        self._catalog = catalog
        self._resources = {resource.address: resource for resource in resources}
        self._first: dict[str, dict[str, str]] = {}
        self._replaced: set[str] = set()

    def settled(self, resource: Resource) -> Resource:
        """The resource with every reference in its one form. `depends_on` are those that nothing
        refers to: a reference that stands for a value gives the same order as `depends_on` beside
        the value."""
        self._replaced = set()
        settled = replace(
            resource,
            properties={key: self._value(v, 0) for key, v in resource.properties.items()},
            count=self._value(resource.count, 0),
            for_each=self._value(resource.for_each, 0),
            condition=self._value(resource.condition, 0),
        )
        referred = _referred(settled)
        order = {*resource.depends_on, *self._replaced} - {*referred, resource.address}
        if order:
            # What another of them waits for is waited for.
            order -= self._behind({*order, *referred})
        return replace(settled, depends_on=tuple(sorted(order)))

    def _behind(self, addresses: set[str]) -> set[str]:
        """All that these resources wait for."""
        found: set[str] = set()
        open_ones = sorted(addresses)
        while open_ones:
            resource = self._resources.get(open_ones.pop())
            if resource is not None:
                further = {*resource.depends_on, *_referred(resource)} - found - {resource.address}
                found |= further
                open_ones += further
        return found

    def _value(self, value: Value, depth: int) -> Value:
        def change(node: Value) -> Value:
            if isinstance(node, ResourceRef):
                return self._reference(node, depth)
            if isinstance(node, Conditional):
                return self._conditional(node)
            if isinstance(node, Index) and isinstance(node.collection, ResourceRef):
                return _element(node.collection, node)
            return join_parts(node.parts) if isinstance(node, Template) else same_expression(node)

        return rewrite(value, change)

    def _conditional(self, node: Conditional) -> Value:
        """A reference to what exists under a condition has no value without it: to say the
        condition of the reference too says nothing."""
        found = same_expression(node)
        if not isinstance(found, Conditional):
            return found
        node = found
        if node.otherwise is None and isinstance(node.then, ResourceRef):
            resource = self._resources.get(node.then.address)
            if resource is not None and resource.condition is not None:
                existence = rewrite(resource.condition, same_expression)
                if existence == node.condition:
                    return node.then
        return node

    def _reference(self, ref: ResourceRef, depth: int) -> Value:
        resource = self._resources.get(ref.address)
        kind = None if resource is None else self._catalog.kind(resource.type)
        if resource is None or kind is None or not ref.path or depth > _DEEPEST:
            return ref
        stands_for = self._stands_for(ref, resource, kind)
        if stands_for is not None:
            self._replaced.add(ref.address)
            members = apart(stands_for, ref)
            return self._value(stands_for if members is None else members, depth + 1)
        said = ".".join(str(step) for step in ref.path)
        first = self._names(kind).get(said, said)
        return ref if first == said else ResourceRef(ref.address, (first,), ref.instance)

    def _stands_for(self, ref: ResourceRef, resource: Resource, kind: Kind) -> Value:
        """What some format writes instead of the reference; None where each has an attribute."""
        said = ".".join(str(step) for step in ref.path)
        for mapping in kind.mappings.values():
            if said in mapping.through:
                name, attribute = mapping.through[said]
                return referred(resource.properties.get(name), attribute)
            if mapping.format != "terraform" and said not in (
                *mapping.attributes,
                *mapping.templates,
            ):
                return self._setting(ref, resource)
        return None if said in kind.attributes else self._setting(ref, resource)

    def _setting(self, ref: ResourceRef, resource: Resource) -> Value:
        try:
            return of_instance(value_at(resource.properties, ref.path), ref, resource.for_each)
        except NotExpressible:
            return None

    def _names(self, kind: Kind) -> dict[str, str]:
        """Attributes that share a native one with an earlier attribute, and that one."""
        if kind.name not in self._first:
            self._first[kind.name] = {
                attribute: mapping.model_attributes[native]
                for mapping in kind.mappings.values()
                for attribute, native in mapping.attributes.items()
                if mapping.model_attributes[native] != attribute
            }
        return self._first[kind.name]


def _referred(resource: Resource) -> set[str]:
    values = (dict(resource.properties), resource.count, resource.for_each, resource.condition)
    return {ref.address for value in values for ref in references(value)}
