"""Modules at work: the values that names have inside a module, and the modules that it calls.

Everything is computed when it is asked for: locals, inputs, outputs, loops. Nothing is fetched: a
module that is not in the folder is kept as a call that is not understood.

With `expand` the variables have their values and known loops are written out, as analyses want it;
without, variables stay variables and loops stay loops, as writers want it.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from dharma.blueprint.readers.terraform import data_sources
from dharma.blueprint.readers.terraform.addresses import calls_in, split_address, words_of
from dharma.blueprint.readers.terraform.blocks import Fault, read_arguments
from dharma.blueprint.readers.terraform.body import Argument, Block, Place, invalid
from dharma.blueprint.readers.terraform.configuration import Configuration, read_configuration
from dharma.blueprint.readers.terraform.file_functions import FileFunctions
from dharma.blueprint.readers.terraform.files import Files, Outside, joined
from dharma.blueprint.readers.terraform.known_modules import KnownModule, known_module
from dharma.blueprint.readers.terraform.loops import Loop, read_loop
from dharma.blueprint.readers.terraform.names import Chain, Lazy
from dharma.catalog.document import Note
from dharma.core.errors import InvalidTemplate, LimitExceeded
from dharma.model.blueprint import Variable
from dharma.model.expressions.errors import EvaluationError, ExpressionError
from dharma.model.expressions.evaluate import Budget, Scope, evaluate, follow
from dharma.model.expressions.nodes import (
    Conditional,
    Expression,
    ResourceRef,
    Symbol,
    Unknown,
    Value,
    VariableRef,
    is_known,
)
from dharma.model.origin import Origin
from dharma.model.types import ANY, Type, convert, parse_type

MAX_MODULES = 2_000
MAX_DEPTH = 24
MAX_STEPS = 5_000_000
INSTALLED = ".terraform/modules/modules.json"


@dataclass(slots=True)
class Reading:
    """What all modules of one reading share."""

    files: Files
    folder: str
    expand: bool
    notes: list[Note] = field(default_factory=list)
    chain: Chain = field(default_factory=Chain)
    budget: Budget = field(default_factory=lambda: Budget(MAX_STEPS))
    configurations: dict[str, Configuration] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    inlining: bool = False
    # Whether modules that are not on disk are opened where they are known by their inputs.
    known_modules: bool = True
    # The same configuration with values, for what has to be decided while expressions are kept.
    decided: Callable[[], Module] | None = None
    installed: dict[str, str] | None = None

    def tell(self, kind: str, address: str, path: str, message: str, place: Place) -> None:
        origin = Origin(place.file, place.line, place.column, address)
        note = Note(kind, address, path, message, origin)  # type: ignore[arg-type]
        if note not in self.notes[-50:]:
            self.notes.append(note)

    def configuration(self, folder: str) -> Configuration:
        if folder not in self.configurations:
            self.configurations[folder] = read_configuration(self.files, folder)
        return self.configurations[folder]

    def folder_of_installed(self, key: str) -> str | None:
        """Where `terraform init` put a module; keys are paths of calls, `vpc.subnets`."""
        if self.installed is None:
            self.installed = _installed(self.files, self.folder)
        return self.installed.get(key)


def _installed(files: Files, folder: str) -> dict[str, str]:
    try:
        listed = json.loads(files.read(joined(folder, INSTALLED)))
        return {
            entry["Key"]: joined(folder, entry["Dir"])
            for entry in listed["Modules"]
            if isinstance(entry.get("Dir"), str)
        }
    except (OSError, Outside, ValueError, KeyError, TypeError, AttributeError):
        return {}


@dataclass(slots=True)
class Call:
    """What a `module` block became: its instances by key, or why it is not understood."""

    loop: Loop
    instances: dict[int | str | None, Module] = field(default_factory=dict)
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where an instance of a module is: `path` is put before the addresses of its resources
    (`module.web["a"].`), `trail` are the folders of the modules that lead here, `unknown` says why
    nobody knows whether it is there. `called` is the place of the call where the module is one that
    is only known by its inputs (`known_modules`): what is said of it, is said of the call."""

    path: str = ""
    trail: tuple[str, ...] = ()
    unknown: str | None = None
    called: Place | None = None


class Module:
    """One instance of a module, with the values of its variables."""

    def __init__(
        self,
        reading: Reading,
        configuration: Configuration,
        inputs: Mapping[str, Value],
        position: Position = Position(),
    ) -> None:
        self.reading = reading
        self.configuration = configuration
        self.path = position.path
        self.trail = (*position.trail, configuration.folder)
        self.unknown = position.unknown
        self.called = position.called
        self.calls: dict[str, Call] = {}
        self._loops: dict[str, Loop] = {}
        self._data: dict[tuple[str, int | str | None], data_sources.Arguments] = {}
        reading.modules[self.path] = self
        if len(reading.modules) > MAX_MODULES:
            raise LimitExceeded(f"more than {MAX_MODULES} modules")
        chain = reading.chain
        functions = FileFunctions(reading.files, reading.folder)
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
        )

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
        return self._computed(argument.value, self.scope, f"local.{name}", "", argument.place)

    def _output(self, name: str) -> Value:
        block = self.configuration.outputs[name]
        value = block.body.value("value")
        return self._computed(value, self.scope, f"output.{name}", "value", block.place)

    def _computed(self, value: Value, scope: Scope, address: str, path: str, place: Place) -> Value:
        try:
            return evaluate(value, scope)
        except EvaluationError as error:
            self.tell("not_understood", address, path, error.message, place)
            return Unknown(error.message)

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
            case ("path", "cwd"):
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
            block = self._block(address)
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

    def _block(self, address: str) -> Block | None:
        table = self.configuration.resources
        if address.startswith("data."):
            table = self.configuration.data
        elif address.startswith("module."):
            table = self.configuration.modules
            address = address.removeprefix("module.")
        return table.get(address)

    # -- references

    def reference(self, ref: ResourceRef) -> Value:
        """What a name of this module's text stands for."""
        block = self._block(ref.address)
        if block is None:
            if self.configuration.single:
                return Unknown(f"{ref.address} is not in this file")
            raise EvaluationError(f"there is no {ref.address}")
        if ref.address.startswith("module."):
            return self._module_value(ref)
        loop = self.loop(ref.address)
        whole = replace(ref, address=f"{self.path}{ref.address}")
        return self._instance(whole, loop)

    def _instance(self, ref: ResourceRef, loop: Loop) -> Value:
        key = ref.instance
        if loop.optional:
            return self._optional(ref, loop)
        if loop.keys is None:
            if loop == Loop() and isinstance(key, int | str):
                raise EvaluationError(f"{ref.address} has no instances")
            return self.deeper(ref)
        if isinstance(key, Expression):
            return ref
        if key is None:
            if ref.path:
                raise EvaluationError(
                    f"{ref.address} has several instances: name one, or all with [*]"
                )
            if not self.reading.expand and loop.kept:
                return ref
            found = [self.deeper(replace(ref, instance=k)) for k in loop.keys]
            if loop.items is None:
                return found
            return dict(zip(map(str, loop.keys), found, strict=True))
        if key not in loop.keys or isinstance(key, bool):
            raise EvaluationError(f"{ref.address} has no instance {json.dumps(key)}")
        return self.deeper(ref)

    def _optional(self, ref: ResourceRef, loop: Loop) -> Value:
        """A thing that there is at most once: `x[0]` is it, `x` the list of it."""
        single = replace(ref, instance=None)
        if ref.instance is None and not ref.path:
            if loop.absent:
                return []
            one: list[Value] = [self.deeper(single)]
            return one if loop.condition is None else Conditional(loop.condition, one, [])
        if loop.absent:
            raise EvaluationError(f"there is no {ref.address}: its count is 0")
        if ref.instance is None:
            raise EvaluationError(f"{ref.address} has a count: name it as {ref.address}[0]")
        if isinstance(ref.instance, int) and ref.instance != 0:
            raise EvaluationError(f"{ref.address} has no instance {ref.instance}")
        return self.deeper(single)

    def deeper(self, ref: ResourceRef) -> Value:
        """A reference in the addresses of the whole configuration, perhaps with its value."""
        path, address = split_address(ref.address)
        if isinstance(ref.instance, Expression) or not ref.path:
            return ref
        owner = self.reading.modules.get(path)
        if owner is None or address.startswith("module."):
            return ref
        if address.startswith("data."):
            return owner.data_value(address, ref)
        if not self.reading.inlining:
            return ref
        return owner.written(address, ref)

    def written(self, address: str, ref: ResourceRef) -> Value:
        """The value of an argument that is written down and known, else the reference."""
        block = self.configuration.resources.get(address)
        name = str(ref.path[0])
        if block is None or name not in block.body.arguments or name in ("count", "for_each"):
            return ref
        argument = block.body.arguments[name]
        loop = self.loop(address)
        key = ref.instance
        assert key is None or isinstance(key, int | str)
        try:
            with self.reading.chain.within(f"{ref.address}.{name}"):
                value = evaluate(argument.value, self.instance_scope(loop, key))
                value = follow(value, ref.path[1:], self.scope)
        except EvaluationError:
            return ref
        return value if value is not None and is_known(value) else ref

    def certain(self, ref: ResourceRef) -> bool:
        """Whether it is an attribute of an instance that is there for sure: what lies deeper in the
        attribute may be missing."""
        path, address = split_address(ref.address)
        owner = self.reading.modules.get(path)
        if len(ref.path) != 1 or owner is None or owner.unknown is not None:
            return False
        if address not in owner.configuration.resources:
            return False
        loop = owner.loop(address)
        if loop.keys is not None:
            return not loop.kept and ref.instance in loop.keys
        return loop == Loop() or (loop.optional and loop.condition is None and not loop.absent)

    # -- data sources

    def data_value(self, address: str, ref: ResourceRef) -> Value:
        """An attribute of a data source, as far as it is certain."""
        block = self.configuration.data[address]
        loop = self.loop(address)
        key = ref.instance
        assert key is None or isinstance(key, int | str)
        scope = self.instance_scope(loop, key)
        name = str(ref.path[0])
        with self.reading.chain.within(f"{ref.address}.{name}"):
            if (address, key) not in self._data:
                self._data[address, key] = read_arguments(
                    block.body, scope, self.fault(address), structural=self.structural(scope)
                )
            arguments = self._data[address, key]
            # Their names are those of the whole configuration already.
            whole = replace(scope, resource=self.deeper)
            value = data_sources.attribute(block.labels[0], arguments, name, whole)
        if value is not None:
            return follow(value, ref.path[1:], self.scope)
        if not self.reading.expand:
            return follow(self._asked(ref, block, name, arguments), ref.path[1:], self.scope)
        return Unknown(f"{ref.address} is read when it is planned")

    def _asked(
        self, ref: ResourceRef, block: Block, name: str, arguments: data_sources.Arguments
    ) -> Value:
        """The variable that stands for what only a data source tells."""
        kind, label = block.labels
        # The form in which the writer of this project says a parameter of a template.
        named = arguments.get("name") == VariableRef(label)
        if named and (kind, name) == ("aws_ssm_parameter", "value"):
            return Symbol(("data", kind, label, "value"))
        key = [] if ref.instance is None else [str(ref.instance)]
        words = [*words_of(ref.address), *key, name]
        chosen = "_".join(words).replace("-", "_").replace(".", "_")
        if chosen not in self.reading.variables:
            described = f"{name} of data.{kind}.{label}"
            place = block.place
            self.reading.variables[chosen] = Variable(
                chosen,
                type="any" if name.endswith("s") else "string",
                required=True,
                description=described,
                origin=Origin(place.file, place.line, place.column, ref.address),
            )
            message = f"{name} is looked up by Terraform; here it is var.{chosen}"
            self.reading.tell("approximated", ref.address, name, message, place)
        return VariableRef(chosen)

    # -- calls of modules

    def call(self, name: str) -> Call:
        """The module behind a `module` block."""
        if name not in self.calls:
            self.calls[name] = self._open(name, self.configuration.modules[name])
        return self.calls[name]

    def _open(self, name: str, block: Block) -> Call:
        address = f"module.{name}"
        folder, missing = self._folder(name, block)
        loop = self._known_loop(address, block)
        if folder is None:
            known = None
            if self.reading.expand and self.reading.known_modules:
                known = known_module(block.body.value("source"))
            if known is None:
                return Call(self.loop(address), missing=missing)
            told = known.told(missing, block.body.value("version"))
            self.tell("approximated", address, "source", told, block.place)
            return self._opened(block, loop, known.configuration, known)
        if folder in self.trail:
            circle = " calls ".join([*self.trail[self.trail.index(folder) :], folder])
            raise invalid(f"modules call each other in a circle: {circle}", block.place)
        if len(self.trail) > MAX_DEPTH:
            message = f"modules call each other more than {MAX_DEPTH} levels deep"
            raise LimitExceeded(f"{block.place.file}:{block.place.line}: {message}")
        configuration = self.reading.configuration(folder)
        if not configuration.files:
            return Call(self.loop(address), missing=f"there is no Terraform code in {folder}")
        return self._opened(block, loop, configuration, None)

    def _opened(
        self, block: Block, loop: Loop, configuration: Configuration, known: KnownModule | None
    ) -> Call:
        """The call with an instance of the module for each key of its loop."""
        address = f"module.{block.labels[0]}"
        found = Call(loop)
        keys: tuple[int | str | None, ...] = (None,) if loop.keys is None else loop.keys
        for key in () if loop.absent else keys:
            path = f"{self.path}{address}{'' if key is None else f'[{json.dumps(key)}]'}."
            unknown = self.unknown or (loop.unknown if loop.keys is None else None)
            if loop.optional and loop.condition is not None:
                unknown = "whether the module is there depends on values that are not known yet"
            scope = self.instance_scope(loop, key)
            if unknown is not None and loop.keys is None:
                scope = replace(
                    scope,
                    each=(Unknown(unknown), Unknown(unknown)),
                    bound={"count": {"index": Unknown(unknown)}},
                )
            inputs = Lazy(
                configuration.variables,
                self._input(block, configuration, scope, known),
                self.reading.chain,
                f"{path}var.",
            )
            called = self.called or (block.place if known is not None else None)
            position = Position(path, self.trail, unknown, called)
            found.instances[key] = Module(self.reading, configuration, inputs, position)
        for argument in block.body.arguments.values():
            if argument.name in configuration.variables or argument.name in _CALL:
                continue
            message = "the module has no such variable"
            if known is not None:
                message = "what the module makes of it is not known here"
                if self._says_nothing(argument):
                    continue
            self.fault(address)(argument.name, message, argument.place)
        return found

    def _says_nothing(self, argument: Argument) -> bool:
        """Whether its value is null, or nothing else than an empty list or map."""
        try:
            return evaluate(argument.value, self.scope) in (None, [], {})
        except EvaluationError:
            return False

    def _known_loop(self, address: str, block: Block) -> Loop:
        """The loop of a call, with the values of the variables where it depends on them: a
        blueprint has no modules that could be repeated."""
        loop = self.loop(address)
        undecided = loop.unknown is not None or loop.condition is not None
        if self.reading.expand or not undecided or self.reading.decided is None:
            return loop
        twin = self.reading.decided().reading
        module = opened(twin, self.path)
        if module is None:
            return loop
        decided = module.loop(address)
        if decided.unknown is None:
            place = block.place
            message = "how often the module is there is decided with the values of its variables"
            self.reading.tell("approximated", f"{self.path}{address}", "", message, place)
            return decided
        return loop

    def _input(
        self,
        block: Block,
        configuration: Configuration,
        scope: Scope,
        known: KnownModule | None,
    ) -> Callable[[str], Value]:
        address = f"module.{block.labels[0]}"

        def compute(name: str) -> Value:
            declared = configuration.variables[name].body
            argument = block.body.arguments.get(name)
            value: Value = None
            if argument is not None:
                value = self._computed(argument.value, scope, address, name, argument.place)
            nullable = declared.value("nullable") is not False
            if argument is None or (value is None and not nullable):
                if "default" in declared.arguments:
                    value = declared.value("default")
                elif known is not None and argument is None:
                    value = known.value(name, address)
                elif argument is None:
                    place = block.place
                    self.fault(address)(name, "the module needs this argument", place)
                    value = Unknown(f"{address}: {name} is not given")
            return convert(value, _type_of(declared.arguments.get("type")))[0]

        return compute

    def _folder(self, name: str, block: Block) -> tuple[str | None, str]:
        """The folder of a called module, or why there is none."""
        source = block.body.value("source")
        if not isinstance(source, str):
            return None, "its source is no plain text"
        if source.startswith(("./", "../")) or source in (".", ".."):
            try:
                folder = joined(self.configuration.folder, source)
                if any(self.reading.files.names(folder)):
                    return folder, ""
            except Outside:
                return None, (
                    f"{source} is outside of what is read: the repository that the folder is in,"
                    " or without one the folder itself"
                )
            return None, f"there is no folder {source}"
        key = ".".join([*(w.removeprefix("module.") for w in calls_in(self.path)), name])
        installed = self.reading.folder_of_installed(key)
        if installed is not None and any(self.reading.files.names(installed)):
            return installed, ""
        return None, f"{source} is not on this disk, and modules are never fetched"

    def _module_value(self, ref: ResourceRef) -> Value:
        name = ref.address.removeprefix("module.")
        call = self.call(name)
        whole = replace(ref, address=f"{self.path}{ref.address}")
        if call.missing is not None:
            return whole
        loop = call.loop
        key = ref.instance
        if key is None and not ref.path and (loop.keys is not None or loop.optional):
            if loop.items is not None:
                return {str(k): dict(m.outputs) for k, m in call.instances.items()}
            return [dict(m.outputs) for m in call.instances.values()]
        if isinstance(key, Expression):
            key = evaluate(key, self.scope)
            if isinstance(key, Expression):
                return Unknown(f"which instance of {ref.address} is not known")
        if loop.optional and key == 0:
            key = None
        module = call.instances.get(key)  # type: ignore[arg-type]
        if module is None:
            raise EvaluationError(f"{ref.address} has no instance {json.dumps(key)}")
        if not ref.path:
            return dict(module.outputs)
        output = str(ref.path[0])
        if output not in module.outputs:
            if module.called is not None:
                return Unknown(f"{ref.address}.{output} is decided by a module that is not here")
            raise EvaluationError(f"{ref.address} has no output {output}")
        return follow(module.outputs[output], ref.path[1:], self.scope)


# What a call says of itself; all else are inputs.
_CALL = frozenset({"source", "version", "providers", "count", "for_each", "depends_on"})


def opened(reading: Reading, path: str) -> Module | None:
    """The module of a path, opened call by call."""
    found = reading.modules.get(path)
    if found is not None or not path:
        return found
    calls = calls_in(path)
    parent = opened(reading, "".join(f"{c}." for c in calls[:-1]))
    if parent is None:
        return None
    name = calls[-1].removeprefix("module.").split("[", 1)[0]
    if name in parent.configuration.modules:
        try:
            parent.call(name)
        except InvalidTemplate:
            return None
    return reading.modules.get(path)


def _type_of(argument: object) -> Type:
    raw = getattr(argument, "raw", None)
    if raw is None:
        return ANY
    try:
        return parse_type(raw)
    except (ExpressionError, LimitExceeded):
        return ANY
