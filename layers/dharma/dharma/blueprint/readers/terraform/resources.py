"""Resources of all modules as parts of one Terraform document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dharma.blueprint.readers.terraform.blocks import read_arguments
from dharma.blueprint.readers.terraform.body import Argument, Block, Place
from dharma.blueprint.readers.terraform.calls import Call
from dharma.blueprint.readers.terraform.loops import Loop
from dharma.blueprint.readers.terraform.modules import Module
from dharma.blueprint.readers.terraform.shape import shaped
from dharma.catalog import Catalog
from dharma.catalog.document import Part
from dharma.core.errors import LimitExceeded
from dharma.model.blueprint import Lifecycle
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import (
    Conditional,
    Expression,
    ResourceRef,
    Unknown,
    Value,
    children,
    references,
    transform,
)
from dharma.model.origin import Origin

MAX_PARTS = 50_000


def parts_of(module: Module, catalog: Catalog) -> list[Part]:
    """The resources of a module and of all that it calls, in the order of the text."""
    found = _Parts(catalog)
    found.read(module)
    return found.settled()


@dataclass(frozen=True, slots=True)
class _Subject:
    """One instance of a resource block."""

    module: Module
    address: str
    block: Block
    loop: Loop
    key: int | str | None


class _Parts:
    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.parts: list[Part] = []
        # What every configured address became, for `depends_on`.
        self.instances: dict[str, list[str]] = {}
        self.waiting: dict[str, list[str]] = {}
        self.conditions: dict[str, Value] = {}

    def read(self, module: Module, waits: tuple[str, ...] = ()) -> None:
        for address, block in module.configuration.resources.items():
            loop = module.loop(address)
            if loop.absent:
                continue
            keys: tuple[int | str | None, ...] = (None,)
            if loop.keys is not None and not loop.kept:
                keys = loop.keys
            for key in keys:
                self._resource(_Subject(module, address, block, loop, key), waits)
        for name, block in module.configuration.modules.items():
            call = module.call(name)
            awaited = (*waits, *_dependencies(module, block))
            if call.missing is not None:
                self._unread_call(module, name, block, call, awaited)
            for inner in call.instances.values():
                self.read(inner, awaited)

    def _add(self, part: Part, configured: str) -> None:
        self.parts.append(part)
        self.instances.setdefault(configured, []).append(part.address)
        if len(self.parts) > MAX_PARTS:
            raise LimitExceeded(f"more than {MAX_PARTS} resources")

    def _resource(self, subject: _Subject, waits: tuple[str, ...]) -> None:
        module, address, block = subject.module, subject.address, subject.block
        loop, key = subject.loop, subject.key
        whole = f"{module.path}{address}"
        scope = module.instance_scope(loop, key)
        arguments = read_arguments(
            block.body, scope, module.fault(address), structural=module.structural(scope)
        )
        native: dict[str, Value] = {}
        provider = block.body.arguments.get("provider")
        if provider is not None and provider.raw is not None:
            native["provider"] = _unquoted(provider.raw)
        here = whole if key is None else f"{whole}[{json.dumps(key)}]"
        count, each = loop.count, loop.for_each
        if module.unknown is not None and loop.condition is None and not loop.kept:
            count = Unknown(module.unknown)
        part = Part(
            address=here,
            type=block.labels[0],
            arguments=shaped(block.labels[0], arguments, self.catalog),
            count=count,
            for_each=each,
            condition=loop.condition if count is None else None,
            lifecycle=self._lifecycle(module, address, block),
            native=native,
            origin=_origin(module.called or block.place, here),
            marks={} if module.called else _marks(block),
        )
        if part.condition is not None:
            self.conditions[here] = part.condition
        self._add(part, whole)
        self.waiting[here] = [*waits, *_dependencies(module, block)]
        for unread in block.body.blocks:
            if unread.type in ("provisioner", "connection"):
                message = "it runs commands: never executed, and no property of the resource"
                module.reading.tell("no_counterpart", here, unread.type, message, unread.place)

    def _lifecycle(self, module: Module, address: str, block: Block) -> Lifecycle:
        found = Lifecycle()
        whole = f"{module.path}{address}"
        for rules in block.body.of_type("lifecycle"):
            for argument in rules.body.arguments.values():
                match argument.name, argument.value:
                    case ("prevent_destroy", bool(value)):
                        found = replace(found, prevent_destroy=value)
                    case ("create_before_destroy", bool(value)):
                        found = replace(found, create_before_destroy=value)
                    case ("ignore_changes", _):
                        found = replace(found, ignore_changes=_ignored(argument))
                    case _:
                        message = "a rule of the lifecycle that blueprints cannot say"
                        path = f"lifecycle.{argument.name}"
                        module.reading.tell("no_counterpart", whole, path, message, argument.place)
            for test in rules.body.blocks:
                message = "a test of Terraform's: it is not judged here"
                path = f"lifecycle.{test.type}"
                module.reading.tell("no_counterpart", whole, path, message, test.place)
        return found

    def _unread_call(
        self, module: Module, name: str, block: Block, call: Call, waits: tuple[str, ...]
    ) -> None:
        """A module that is not on disk stays as it was written: a call with its inputs."""
        address = f"module.{name}"
        whole = f"{module.path}{address}"
        loop = call.loop
        scope = module.instance_scope(loop, None)
        if loop.keys is not None:
            why = Unknown(f"{address} is repeated")
            scope = replace(scope, each=(why, why), bound={"count": {"index": why}})
        arguments = read_arguments(block.body, scope, module.fault(address))
        native: dict[str, Value] = {}
        providers = block.body.arguments.get("providers")
        if providers is not None and providers.raw is not None:
            pairs = (_unquoted(line.strip(" ,{}")) for line in re.split(r"[\n,]", providers.raw))
            native["providers"] = "{ " + ", ".join(pair for pair in pairs if pair) + " }"
        count = loop.count
        if count is None and loop.keys is not None and loop.items is None:
            count = len(loop.keys)
        each: Value = loop.for_each
        if each is None and loop.items is not None:
            each = loop.items
        self._add(
            Part(
                address=whole,
                type="module",
                arguments=arguments,
                count=count,
                for_each=each,
                condition=loop.condition,
                native=native,
                origin=_origin(block.place, whole),
                marks=_marks(block),
            ),
            whole,
        )
        self.waiting[whole] = list(waits)
        module.reading.tell("passed_through", whole, "source", f"{call.missing}", block.place)

    # -- what is known only when all parts are there

    def settled(self) -> list[Part]:
        for part in self.parts:
            part.depends_on = self._awaited(part.address)
            if self.conditions:
                part.arguments = {k: self.folded(v) for k, v in part.arguments.items()}
        return self.parts

    def folded(self, value: Value) -> Value:
        """`c ? x : null` with x of a resource that is there under c: the reference itself."""

        def change(node: Value) -> Value:
            if (
                isinstance(node, Conditional)
                and node.otherwise is None
                and isinstance(node.then, ResourceRef)
                and self.conditions.get(node.then.address) == node.condition
            ):
                return node.then
            return node

        return transform(value, change) if _has_conditional(value) else value

    def _awaited(self, address: str) -> tuple[str, ...]:
        """What is waited for, as addresses of instances; a whole module is all in it."""
        found: dict[str, None] = {}
        for whole in self.waiting.get(address, ()):
            if whole in self.instances:
                found.update(dict.fromkeys(self.instances[whole]))
                continue
            for configured, instances in self.instances.items():
                if configured.startswith((f"{whole}.", f"{whole}[")):
                    found.update(dict.fromkeys(instances))
        found.pop(address, None)
        return tuple(found)


def _has_conditional(value: Value) -> bool:
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, Conditional):
            return True
        if not isinstance(node, str | bool | int | float) and node is not None:
            stack.extend(children(node))
    return False


def _unquoted(reference: str) -> str:
    """The name of a provider, which the first releases of Terraform wanted as a text."""
    return reference.replace('"', "")


def _origin(place: Place, address: str) -> Origin:
    return Origin(place.file, place.line, place.column, address)


def _marks(block: Block) -> dict[str, tuple[int, int]]:
    """Where the arguments and blocks of a resource stand, by name."""
    marks = {
        argument.name: (argument.place.line, argument.place.column)
        for argument in block.body.arguments.values()
    }
    for inner in block.body.blocks:
        name = inner.labels[0] if inner.type == "dynamic" and inner.labels else inner.type
        marks.setdefault(name, (inner.place.line, inner.place.column))
    return marks


def _ignored(argument: Argument) -> tuple[str, ...]:
    text = (argument.raw or "").strip()
    if text.startswith("["):
        text = text[1:-1]
    lines = (line.split("#", 1)[0].split("//", 1)[0] for line in text.splitlines())
    words = (word.strip().strip('"') for line in lines for word in line.split(","))
    return tuple(word for word in words if word)


def _dependencies(module: Module, block: Block) -> Iterator[str]:
    """The addresses in `depends_on`, those of data sources left out."""
    value = block.body.value("depends_on")
    for node in value if isinstance(value, list) else []:
        if isinstance(node, ResourceRef):
            yield f"{module.path}{node.address}"
        elif isinstance(node, str) and not node.startswith("data."):
            # The JSON syntax, and Terraform 0.11, write addresses as text.
            yield f"{module.path}{node}"
        elif isinstance(node, Expression):
            # A variable or an output that stands for a resource on the other side of a module.
            try:
                found = evaluate(node, module.scope)
            except EvaluationError:
                continue
            yield from (ref.address for ref in references(found))
