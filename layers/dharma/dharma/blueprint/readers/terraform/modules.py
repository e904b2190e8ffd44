"""Modules at work: the values that names have inside a module.

Everything is computed when it is asked for: locals, inputs, outputs, loops. What names of resources
stand for is in `references`, the modules that are called in `calls`.

With `expand` the variables have their values and known loops are written out, as analyses want it;
without, variables stay variables and loops stay loops, as writers want it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import replace

from dharma.blueprint.readers.terraform import data_sources
from dharma.blueprint.readers.terraform.blocks import Fault
from dharma.blueprint.readers.terraform.body import Block, Place
from dharma.blueprint.readers.terraform.calls import ROOT, Call, Calls, Position
from dharma.blueprint.readers.terraform.configuration import Configuration
from dharma.blueprint.readers.terraform.file_functions import FileFunctions
from dharma.blueprint.readers.terraform.loops import Loop, read_loop
from dharma.blueprint.readers.terraform.names import Lazy
from dharma.blueprint.readers.terraform.reading import Reading
from dharma.blueprint.readers.terraform.references import certain, deeper, reference
from dharma.catalog.document import Note
from dharma.core import errors
from dharma.core.errors import LimitExceeded
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import ResourceRef, Symbol, Unknown, Value, unfolded
from dharma.model.expressions.scope import Scope

MAX_MODULES = 2_000


class Module:
    """One instance of a module, with the values of its variables."""

    def __init__(
        self,
        reading: Reading,
        configuration: Configuration,
        inputs: Mapping[str, Value],
        position: Position = ROOT,
    ) -> None:
        self.reading = reading
        self.configuration = configuration
        self.path = position.path
        self.trail = (*position.trail, configuration.folder)
        self.unknown = position.unknown
        self.called = position.called
        self.calls = Calls(self)
        self._loops: dict[str, Loop] = {}
        self.data: dict[tuple[str, int | str | None], data_sources.Arguments] = {}
        reading.modules[self.path] = self
        if len(reading.modules) > MAX_MODULES:
            raise LimitExceeded(f"more than {MAX_MODULES} modules")
        chain = reading.chain
        functions = FileFunctions(reading.files, reading.folder, self._tell_of_file)
        self.locals = Lazy(configuration.locals, self._local, chain, f"{self.path}local.")
        self.outputs = Lazy(configuration.outputs, self._output, chain, f"{self.path}output.")
        self.scope = Scope(
            variables=inputs,
            locals=self.locals,
            resource=self.reference,
            deeper=self.deeper,
            symbol=self.symbol,
            functions=functions.table(lambda: self.scope),
            budget=reading.budget,
            certain=self.certain,
            keeps_calls=not reading.expand,
        )

    def _tell_of_file(self, message: str) -> None:
        """Of a file that is not read; where values are wanted, its own is unknown for that."""
        if not self.reading.expand:
            where = self.path.rstrip(".") or "the root module"
            self.reading.tell_once(Note("passed_through", where, "", f"{message}: its call stays"))

    # -- values by name

    def fault(self, address: str) -> Fault:
        """Tells what cannot be computed below an address."""

        def tell(path: str, message: str, place: Place) -> None:
            self.tell("not_understood", address, path, message, place)

        return tell

    def tell(self, kind: str, address: str, path: str, message: str, place: Place) -> None:
        """Note something below an address of this module."""
        self.reading.tell(kind, f"{self.path}{address}", path, message, self.called or place)

    def _local(self, name: str) -> Value:
        argument = self.configuration.locals[name]
        return self.computed(argument.value, self.scope, f"local.{name}", "", argument.place)

    def _output(self, name: str) -> Value:
        block = self.configuration.outputs[name]
        value = block.body.value("value")
        return self.computed(value, self.scope, f"output.{name}", "value", block.place)

    def computed(self, value: Value, scope: Scope, address: str, path: str, place: Place) -> Value:
        try:
            found = evaluate(value, scope)
            # Names may be used twice by others, which are used twice by others, and so on.
            unfolded(found)
        except EvaluationError as error:
            self.tell("not_understood", address, path, error.message, place)
            return Unknown(error.message)
        except LimitExceeded as error:
            if error.faults:
                raise
            fault = errors.Fault(f"{address}: {error.message}", file=place.file, line=place.line)
            raise LimitExceeded(str(fault), [fault]) from error
        return found

    def symbol(self, node: Symbol) -> Value:
        """What is no variable, local or resource."""
        match node.path:
            case ("data", str(kind), str(name), *rest):
                return self._data_symbol(f"data.{kind}.{name}", rest)
            case ("local", name, *_):
                if self.configuration.single:
                    return Unknown(f"local.{name} is not in this file")
                raise EvaluationError(f"there is no local.{name}")
            case ("path", "module"):
                return posixpath.relpath(self.configuration.folder, self.reading.folder)
            case ("path", "root"):
                return "."
            case ("path", "cwd") if self.reading.expand:
                return Unknown("path.cwd depends on where it runs")
            case ("terraform", "workspace"):
                return "default"
            case ("self", *_):
                return Unknown("self is known when it is applied")
            case ("ephemeral", *_):
                return Unknown("an ephemeral value is known when it is applied")
        return node

    def _data_symbol(self, address: str, steps: list[str | int]) -> Value:
        """A data source, whose instance is a step like the others."""
        looped = address in self.configuration.data and self.loop(address) != Loop()
        if looped and steps and (isinstance(steps[0], int) or self.loop(address).items is not None):
            return self.reference(ResourceRef(address, tuple(steps[1:]), steps[0]))
        return self.reference(ResourceRef(address, tuple(steps)))

    # -- loops

    def loop(self, address: str) -> Loop:
        """The loop of a resource, data source or call."""
        if address not in self._loops:
            block = self.block(address)
            assert block is not None
            try:
                with self.reading.chain.within(f"{self.path}{address}'s instances"):
                    # A blueprint repeats resources, nothing else.
                    expand = self.reading.expand or address.startswith(("data.", "module."))
                    loop = self._decided_loop(address, block, expand)
            except EvaluationError as error:
                place = block.place
                which = "count" if "count" in block.body.arguments else "for_each"
                self.fault(address)(which, error.message, place)
                loop = Loop(count=Unknown(error.message), unknown=error.message)
            except LimitExceeded as error:
                place = self.called or block.place
                message = f"{place.file}:{place.line}: {error.message}"
                raise LimitExceeded(message, error.faults) from error
            self._loops[address] = loop
        return self._loops[address]

    def _decided_loop(self, address: str, block: Block, expand: bool) -> Loop:
        before = self.reading.inlining
        self.reading.inlining = self.reading.expand
        try:
            return read_loop(block.body, self.scope, f"{self.path}{address}", expand=expand)
        finally:
            self.reading.inlining = before

    def structural(self, scope: Scope) -> Scope | None:
        """The scope in which it is decided how many blocks there are, where values are wanted: what
        is written down about other resources counts."""
        if not self.reading.expand:
            return None
        return replace(scope, resource=self._inlined_reference, deeper=self._inlined_deeper)

    def _inlined_reference(self, ref: ResourceRef) -> Value:
        return self._inlining(lambda: self.reference(ref))

    def _inlined_deeper(self, ref: ResourceRef) -> Value:
        return self._inlining(lambda: self.deeper(ref))

    def _inlining(self, work: Callable[[], Value]) -> Value:
        before, self.reading.inlining = self.reading.inlining, True
        try:
            return work()
        finally:
            self.reading.inlining = before

    def instance_scope(self, loop: Loop, key: int | str | None) -> Scope:
        """The scope of one instance: `count` and `each` have their values."""
        if loop.items is not None and isinstance(key, str):
            return replace(self.scope, each=(key, loop.items[key]))
        if isinstance(key, int):
            return replace(self.scope, count=key)
        if loop.unknown is not None and not loop.kept:
            why = Unknown(loop.unknown)
            return replace(self.scope, each=(why, why), bound={"count": {"index": why}})
        if loop.optional:
            return replace(self.scope, count=0)
        return self.scope

    def block(self, address: str) -> Block | None:
        """The block of a resource, data source or call."""
        table = self.configuration.resources
        if address.startswith("data."):
            table = self.configuration.data
        elif address.startswith("module."):
            table = self.configuration.modules
            address = address.removeprefix("module.")
        return table.get(address)

    # -- references and calls

    def reference(self, ref: ResourceRef) -> Value:
        """What a name of this module's text stands for."""
        return reference(self, ref)

    def deeper(self, ref: ResourceRef) -> Value:
        """A reference in the addresses of the whole configuration, perhaps with its value."""
        return deeper(self, ref)

    def certain(self, ref: ResourceRef) -> bool:
        """Whether it is an attribute of an instance that is there for sure."""
        return certain(self, ref)

    def call(self, name: str) -> Call:
        """The module behind a `module` block."""
        return self.calls.call(name)

    def inner(
        self, configuration: Configuration, inputs: Mapping[str, Value], position: Position
    ) -> Module:
        """An instance of a module that this one calls."""
        return Module(self.reading, configuration, inputs, position)
