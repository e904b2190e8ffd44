"""The modules that a module calls. Nothing is fetched: one that is not on disk is understood from
its inputs, if it is known (`known_modules`), or kept as a call that is not understood."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dharma.blueprint.readers.terraform.addresses import calls_in
from dharma.blueprint.readers.terraform.body import Argument, Block, Place, invalid
from dharma.blueprint.readers.terraform.configuration import Configuration
from dharma.blueprint.readers.terraform.files import Outside, joined
from dharma.blueprint.readers.terraform.known_modules import KnownModule, known_module
from dharma.blueprint.readers.terraform.loops import Loop
from dharma.blueprint.readers.terraform.names import Lazy
from dharma.blueprint.readers.terraform.reading import Reading
from dharma.core.errors import InvalidTemplate, LimitExceeded
from dharma.model.expressions.errors import EvaluationError, ExpressionError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import Expression, ResourceRef, Unknown, Value
from dharma.model.expressions.scope import Scope
from dharma.model.expressions.steps import follow
from dharma.model.types import ANY, Type, convert, parse_type

if TYPE_CHECKING:
    from dharma.blueprint.readers.terraform.modules import Module

MAX_DEPTH = 24


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


ROOT = Position()


class Calls:
    """The calls of one instance of a module, each opened when it is asked for."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._calls: dict[str, Call] = {}

    def call(self, name: str) -> Call:
        """The module behind a `module` block."""
        if name not in self._calls:
            self._calls[name] = self._open(name, self._module.configuration.modules[name])
        return self._calls[name]

    def _open(self, name: str, block: Block) -> Call:
        address = f"module.{name}"
        folder, missing = self._folder(name, block)
        loop = self._known_loop(address, block)
        if folder is None:
            known = None
            if self._module.reading.expand and self._module.reading.known_modules:
                known = known_module(block.body.value("source"))
            if known is None:
                return Call(self._module.loop(address), missing=missing)
            told = known.told(missing, block.body.value("version"))
            self._module.tell("approximated", address, "source", told, block.place)
            return self._opened(block, loop, known.configuration, known)
        if folder in self._module.trail:
            circle = " calls ".join(
                [*self._module.trail[self._module.trail.index(folder) :], folder]
            )
            raise invalid(f"modules call each other in a circle: {circle}", block.place)
        if len(self._module.trail) > MAX_DEPTH:
            message = f"modules call each other more than {MAX_DEPTH} levels deep"
            raise LimitExceeded(f"{block.place.file}:{block.place.line}: {message}")
        configuration = self._module.reading.configuration(folder)
        if not configuration.files:
            return Call(
                self._module.loop(address), missing=f"there is no Terraform code in {folder}"
            )
        return self._opened(block, loop, configuration, None)

    def _opened(
        self, block: Block, loop: Loop, configuration: Configuration, known: KnownModule | None
    ) -> Call:
        """The call with an instance of the module for each key of its loop."""
        address = f"module.{block.labels[0]}"
        found = Call(loop)
        keys: tuple[int | str | None, ...] = (None,) if loop.keys is None else loop.keys
        for key in () if loop.absent else keys:
            path = f"{self._module.path}{address}{'' if key is None else f'[{json.dumps(key)}]'}."
            unknown = self._module.unknown or (loop.unknown if loop.keys is None else None)
            if loop.optional and loop.condition is not None:
                unknown = "whether the module is there depends on values that are not known yet"
            scope = self._module.instance_scope(loop, key)
            if unknown is not None and loop.keys is None:
                scope = replace(
                    scope,
                    each=(Unknown(unknown), Unknown(unknown)),
                    bound={"count": {"index": Unknown(unknown)}},
                )
            inputs = Lazy(
                configuration.variables,
                self._input(block, configuration, scope, known),
                self._module.reading.chain,
                f"{path}var.",
            )
            called = self._module.called or (block.place if known is not None else None)
            position = Position(path, self._module.trail, unknown, called)
            found.instances[key] = self._module.inner(configuration, inputs, position)
        for argument in block.body.arguments.values():
            if argument.name in configuration.variables or argument.name in _CALL:
                continue
            message = "the module has no such variable"
            if known is not None:
                message = "what the module makes of it is not known here"
                if self._says_nothing(argument):
                    continue
            self._module.fault(address)(argument.name, message, argument.place)
        return found

    def _says_nothing(self, argument: Argument) -> bool:
        """Whether its value is null, or nothing else than an empty list or map."""
        try:
            return evaluate(argument.value, self._module.scope) in (None, [], {})
        except EvaluationError:
            return False

    def _known_loop(self, address: str, block: Block) -> Loop:
        """The loop of a call, with the values of the variables where it depends on them: a
        blueprint has no modules that could be repeated."""
        loop = self._module.loop(address)
        undecided = loop.unknown is not None or loop.condition is not None
        if self._module.reading.expand or not undecided or self._module.reading.decided is None:
            return loop
        twin = self._module.reading.decided().reading
        module = opened(twin, self._module.path)
        if module is None:
            return loop
        decided = module.loop(address)
        if decided.unknown is None:
            place = block.place
            message = "how often the module is there is decided with the values of its variables"
            self._module.reading.tell(
                "approximated", f"{self._module.path}{address}", "", message, place
            )
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
                value = self._module.computed(argument.value, scope, address, name, argument.place)
            nullable = declared.value("nullable") is not False
            if argument is None or (value is None and not nullable):
                if "default" in declared.arguments:
                    value = declared.value("default")
                elif known is not None and argument is None:
                    value = known.value(name, address)
                elif argument is None:
                    place = block.place
                    self._module.fault(address)(name, "the module needs this argument", place)
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
                folder = joined(self._module.configuration.folder, source)
                if any(self._module.reading.files.names(folder)):
                    return folder, ""
            except Outside:
                return None, (
                    f"{source} is outside of what is read: the repository that the folder is in,"
                    " or without one the folder itself"
                )
            return None, f"there is no folder {source}"
        key = ".".join([*(w.removeprefix("module.") for w in calls_in(self._module.path)), name])
        installed = self._module.reading.folder_of_installed(key)
        if installed is not None and any(self._module.reading.files.names(installed)):
            return installed, ""
        return None, f"{source} is not on this disk, and modules are never fetched"

    def value(self, ref: ResourceRef) -> Value:
        name = ref.address.removeprefix("module.")
        call = self.call(name)
        whole = replace(ref, address=f"{self._module.path}{ref.address}")
        if call.missing is not None:
            return whole
        loop = call.loop
        key = ref.instance
        if key is None and not ref.path and (loop.keys is not None or loop.optional):
            if loop.items is not None:
                return {str(k): dict(m.outputs) for k, m in call.instances.items()}
            return [dict(m.outputs) for m in call.instances.values()]
        if isinstance(key, Expression):
            key = evaluate(key, self._module.scope)
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
        return follow(module.outputs[output], ref.path[1:], self._module.scope)


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
