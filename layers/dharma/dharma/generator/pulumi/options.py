"""Options of a resource: its provider, what it waits for, how it is protected, what it was before.

Pulumi's `ResourceOptions`, https://www.pulumi.com/docs/iac/concepts/options/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dharma.catalog.document import Part
from dharma.core.errors import NotExpressible
from dharma.generator.pulumi.identifiers import Identifiers
from dharma.generator.pulumi.names import ANY, Kind
from dharma.generator.pulumi.order import referred
from dharma.generator.pulumi.outputs import Target
from dharma.generator.pulumi.providers import Providers
from dharma.generator.pulumi.syntax import (
    Choice,
    Invoke,
    Literal,
    Name,
    Node,
    Pattern,
    Spread,
    Text,
)
from dharma.generator.pulumi.syntax import Mapping as Object
from dharma.generator.pulumi.syntax import Sequence as Items
from dharma.generator.pulumi.translator import Translator
from dharma.model.blueprint import Blueprint, Resource, path_steps

Option = tuple[str, Node]
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def logical_name(name: str, part: Part) -> Node:
    """The name in Pulumi's state, one for each instance of a loop."""
    if part.count is not None:
        return Text((f"{name}-", Name("i")))
    if part.for_each is not None:
        return Text((f"{name}-", Name("key")))
    return Literal(name)


class Options:
    """The options of a program's resources. `targets` are all resources by address."""

    def __init__(
        self,
        bp: Blueprint,
        names: Identifiers,
        providers: Providers,
        translator: Translator,
        targets: Mapping[str, Target],
    ) -> None:
        self._resources = {r.address: r for r in bp.resources}
        self._names = names
        self._providers = providers
        self._translator = translator
        self._targets = targets
        self._typescript = translator.language == "typescript"

    def of(self, part: Part) -> tuple[Option, ...]:
        """Raises `NotExpressible` naming the path."""
        return tuple(self._all(part))

    def _all(self, part: Part) -> Iterator[Option]:
        owner = self._resources.get(part.owner or part.address)
        provider = self._provider(part, owner)
        if provider is not None:
            yield "provider", provider
        waits = [a for a in part.awaited if a not in referred(part)]
        if waits:
            items = tuple(self._awaited(a, part) for a in waits)
            yield self._names.spelled("depends_on"), Items(items)
        rules = part.lifecycle
        if rules.prevent_destroy:
            yield "protect", Literal(True)
        if rules.ignore_changes:
            target = self._targets[part.address]
            paths = tuple(Literal(_ignored(p, target)) for p in rules.ignore_changes)
            yield self._names.spelled("ignore_changes"), Items(paths)
        if owner is not None:
            yield from self._past(part, owner)
        if "timeouts" in part.arguments:
            yield self._names.spelled("custom_timeouts"), self._timeouts(part)

    def _provider(self, part: Part, owner: Resource | None) -> Node | None:
        given = part.arguments.get("provider") or part.native.get("provider")
        if owner is not None and owner.address == part.address:
            given = owner.native.get("pulumi", {}).get("provider") or given
        if given is not None:
            return self._providers.aliased(given, f"{part.address}.provider")
        if owner is not None and owner.region is not None:
            return self._providers.in_region(owner.region, f"{owner.address}.region")
        return None

    def _awaited(self, address: str, part: Part) -> Node:
        target = self._targets.get(address)
        if target is None:
            raise NotExpressible(f"{part.address}.depends_on: there is no {address}")
        node: Node = Name(target.variable)
        if target.part.condition is not None:
            if target.part.condition == part.condition:
                return Pattern("{0}!", (node,)) if self._typescript else node
            return Spread(Choice(node, Items((node,)), Items(())))
        if target.part.count is not None:
            return Spread(node)
        if target.part.for_each is not None:
            return Spread(self._translator.outputs.values_of(node))
        return node

    def _past(self, part: Part, owner: Resource) -> Iterator[Option]:
        """Former names, under which Pulumi finds it again, and what is adopted."""
        name = part.address.split(".", 1)[-1]
        former = dict.fromkeys(
            name.replace(owner.name, before.rpartition(".")[2], 1)
            for before in owner.renamed_from
            if "." not in before or before.split(".")[-2] == owner.type
        )
        if former:
            yield "aliases", Items(tuple(self._alias(logical_name(f, part)) for f in former))
        if owner.import_id is not None and part.address == owner.address:
            place = f"{owner.address}.import.id"
            node = self._translator.known(owner.import_id, place, "what is adopted")
            yield "import" if self._typescript else "import_", node

    def _alias(self, name: Node) -> Node:
        named = (("name", name),)
        return Object(named) if self._typescript else Invoke(Name("pulumi.Alias"), (), named)

    def _timeouts(self, part: Part) -> Node:
        given = part.arguments["timeouts"]
        given = given[0] if isinstance(given, list) and len(given) == 1 else given
        if not isinstance(given, dict):
            raise NotExpressible(f"{part.address}.timeouts: an object is wanted")
        times = tuple(
            (k, self._translator.given(v, Kind("string"), f"{part.address}.timeouts.{k}"))
            for k, v in given.items()
            if k in ("create", "update", "delete") and v is not None
        )
        if self._typescript:
            return Object(times)
        return Invoke(Name("pulumi.CustomTimeouts"), (), times)


def _ignored(path: str, target: Target) -> str:
    """A path of properties as Pulumi's schema spells it, in both languages: a single block has no
    position there."""
    if path == "all":
        return "*"
    kind, text = Kind("object", shape=target.names.shape), ""
    for step in path_steps(path):
        if isinstance(step, int):
            if not kind.single and kind.name != "object":
                text += f"[{step}]"
                kind = kind.element or ANY
            continue
        found = kind.shape.get(step) if kind.shape is not None else None
        word = found.camel if found is not None else step
        kind = found.kind if found is not None else kind.element or ANY
        text += (f".{word}" if text else word) if _WORD.match(word) else f'["{word}"]'
    return text
