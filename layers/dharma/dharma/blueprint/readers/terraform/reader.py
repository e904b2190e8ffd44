"""A Terraform configuration as a blueprint.

1. All files of the folder are parsed (`configuration`), override files merged in.
2. Modules open their calls, names are computed when they are asked for (`modules`).
3. Every resource becomes a part of a Terraform document (`resources`), which the catalog reads.

Nothing is executed, nothing fetched, nothing outside of the folder read. What cannot be computed is
unknown, with the reason; what is not understood is kept and noted with its file and line.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dharma.blueprint.readers.folding import folded
from dharma.blueprint.readers.result import ReadResult
from dharma.blueprint.readers.terraform.body import Block
from dharma.blueprint.readers.terraform.configuration import Configuration, read_configuration
from dharma.blueprint.readers.terraform.declarations import read_values, read_variables
from dharma.blueprint.readers.terraform.files import Files, joined
from dharma.blueprint.readers.terraform.history import HISTORY, with_history, with_region
from dharma.blueprint.readers.terraform.modules import Module
from dharma.blueprint.readers.terraform.providers import (
    default_region,
    read_providers,
    with_default_tags,
)
from dharma.blueprint.readers.terraform.reading import Reading
from dharma.blueprint.readers.terraform.resources import parts_of
from dharma.blueprint.readers.terraform_plan import provider_of
from dharma.blueprint.variables import check_values
from dharma.catalog import Catalog
from dharma.catalog.document import Document, Note, Part
from dharma.core.errors import LimitExceeded
from dharma.core.garbage import seldom_collected
from dharma.model.ambient import AMBIENT_VARIABLES
from dharma.model.arm_in_terraform import out_of_terraform
from dharma.model.blueprint import Blueprint, Output, Removed, Variable
from dharma.model.expressions.nodes import (
    Ambient,
    Conditional,
    Unknown,
    Value,
    VariableRef,
    walk,
)
from dharma.model.origin import Origin

Decide = Callable[[tuple[Variable, ...], Mapping[str, Value]], Mapping[str, Any]]
"""From the variables, and the values beside the code, to the values that hold."""


@seldom_collected()
def read_terraform(
    files: Files,
    folder: str,
    catalog: Catalog,
    *,
    only: str | None = None,
    expand: bool = False,
    decide: Decide | None = None,
) -> ReadResult:
    """Read the configuration of a folder, or of the one file `only` in it.

    With `expand` the variables' values are put in and loops written out, as analyses want it.
    Raises `InvalidTemplate` with file and line for what is no Terraform, `InvalidVariables` for
    values that do not fit, `LimitExceeded`.
    """
    try:
        configuration = read_configuration(files, folder, only)
        source = _Source(files, folder, configuration)
        return _Terraform(source, catalog, expand=expand, decide=decide).read()
    except RecursionError as error:
        raise LimitExceeded("names need each other too many levels deep") from error


def parts_of_code(
    files: Files, folder: str, catalog: Catalog, *, known_modules: bool = False
) -> list[Part]:
    """The resources with the values of their arguments, before the catalog reads them: those that
    are written down elsewhere are put in, too."""
    source = _Source(files, folder, read_configuration(files, folder))
    root = _Terraform(source, catalog, expand=True, decide=None).root()
    root.reading.inlining = True
    root.reading.known_modules = known_modules
    return parts_of(root, catalog)


@dataclass(frozen=True, slots=True)
class _Source:
    files: Files
    folder: str
    configuration: Configuration


class _Terraform:
    def __init__(
        self, source: _Source, catalog: Catalog, *, expand: bool, decide: Decide | None
    ) -> None:
        files, folder, configuration = source.files, source.folder, source.configuration
        self.files = files
        self.folder = folder
        self.configuration = configuration
        self.catalog = catalog
        self.reading = self._reading(expand)
        declared = tuple(read_variables(configuration, self.reading.tell))
        # What stands for the place of deployment in code of this project's writer.
        self.ambient: dict[str, Value] = {
            v.name: Ambient(v.name)
            for v in declared
            if v.description is not None and AMBIENT_VARIABLES.get(v.name) == v.description
        }
        variables = tuple(v for v in declared if v.name not in self.ambient)
        self.variables = variables
        self.region = next((v.default for v in declared if v.name == "region"), None)
        beside = {} if configuration.single else read_values(files, folder)
        self.stray = sorted(beside.keys() - {v.name for v in declared})
        names = {v.name for v in variables}
        self.beside = {k: v for k, v in beside.items() if k in names}
        self.region = beside.get("region", self.region)
        self.values = dict(decide(variables, self.beside) if decide else self.beside)

    def _reading(self, expand: bool) -> Reading:
        reading = Reading(self.files, self.folder, expand)
        reading.configurations[self.folder] = self.configuration
        if not expand:
            reading.decided = self._twin
        return reading

    def _twin(self) -> Module:
        """The same configuration with the values of its variables, made when it is needed."""
        if not hasattr(self, "_twin_root"):
            twin = self._reading(True)
            twin.configurations.update(self.reading.configurations)
            self._twin_root = Module(twin, self.configuration, self._known())
        return self._twin_root

    def _known(self) -> dict[str, Value]:
        """The values of the variables that may be put in: not those that nobody gave, and no
        secrets."""
        blueprint = Blueprint("terraform", "0.1.0", "aws", variables=self.variables)
        declared = {v.name for v in self.variables}
        stated = {k: v for k, v in self.values.items() if k in declared}
        secret = {v.name for v in self.variables if v.sensitive}
        checked = check_values(blueprint, stated, complete=False)
        return self.ambient | {
            name: value
            for name, value in checked.items()
            if name not in secret and not isinstance(value, Unknown)
        }

    def root(self) -> Module:
        """The module of the folder, with the values of the variables where they are put in."""
        reading = self.reading
        return Module(
            reading, self.configuration, self._known() if reading.expand else self.ambient
        )

    def read(self) -> ReadResult:
        reading = self.reading
        root = self.root()
        providers = read_providers(root)
        parts = parts_of(root, self.catalog)
        parts = [with_default_tags(part, providers, self.catalog) for part in parts]
        self._tell_others(root)
        outputs = list(self._outputs(root))
        if not reading.expand and provider_of(parts) == "azure":
            parts = [_with_arm_functions(part) for part in parts]
            outputs = [replace(o, value=out_of_terraform(o.value)) for o in outputs]
        resources, outputs, notes = folded(
            Document("terraform", parts, keeps_unread=True, doubts=reading.expand),
            outputs,
            self.catalog,
        )
        resources = [with_region(r, providers, root) for r in resources]
        removed: list[Removed] = []
        if not reading.expand:
            resources, removed = with_history(root, resources, [p.address for p in parts])
        told = {note.address for note in reading.notes if note.path == "source"}
        notes = [n for n in notes if n.kind != "passed_through" or n.path or n.address not in told]
        blueprint = Blueprint(
            name=self._name(),
            version="0.1.0",
            provider=provider_of(parts),  # type: ignore[arg-type]
            variables=self._all_variables(resources, outputs),
            resources=tuple(resources),
            outputs=tuple(outputs),
            removed=tuple(removed),
            origin=Origin(self.files.shown(self.folder)),
        )
        return ReadResult(
            blueprint,
            (*reading.notes, *notes),
            "terraform",
            values=self.beside,
            region=self._region(),
        )

    def _region(self) -> str | None:
        """The region that the provider is given, with the values of the variables."""
        region = default_region(read_providers(self._twin()))
        if region is None and "region" in self.ambient and isinstance(self.region, str):
            return self.region
        return region

    def _name(self) -> str:
        """A name for the blueprint out of that of the folder, or of the one file."""
        word = posixpath.basename(posixpath.abspath(self.files.shown(self.folder)))
        if self.configuration.single:
            only = joined(self.folder, self.configuration.files[0])
            word = posixpath.basename(self.files.shown(only)).split(".", 1)[0]
        name = re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")[:60]
        return name if name[:1].isalpha() else f"terraform-{name}".rstrip("-")

    def _outputs(self, root: Module) -> Iterator[Output]:
        for name, block in self.configuration.outputs.items():
            value = root.outputs[name]
            condition: Value = None
            if isinstance(value, Conditional) and value.otherwise is None:
                condition, value = value.condition, value.then
            described = block.body.value("description")
            place = block.place
            yield Output(
                name=name,
                value=value,
                description=described if isinstance(described, str) else None,
                sensitive=block.body.value("sensitive") is True,
                condition=condition,
                origin=Origin(place.file, place.line, place.column, f"output.{name}"),
            )

    def _all_variables(self, resources: list[Any], outputs: list[Output]) -> tuple[Variable, ...]:
        """Those that are declared, those that stand for data sources, and those that a single file
        leaves to its neighbours."""
        found = {v.name: v for v in self.variables}
        found.update(self.reading.variables)
        values: list[Value] = [output.value for output in outputs]
        for resource in resources:
            values += [resource.properties, resource.count, resource.for_each, resource.condition]
        for value in values:
            for node in walk(value):
                if isinstance(node, VariableRef) and node.name not in found:
                    found[node.name] = Variable(node.name, type="any", required=True)
        return tuple(found.values())

    def _tell_others(self, root: Module) -> None:
        """Blocks that say nothing of resources, and values that no variable takes."""
        tell = self.reading.tell
        for block in self.configuration.others:
            if block.type in HISTORY:
                continue
            message = _OTHERS.get(block.type, "the block is not understood")
            tell("no_counterpart", _said(block), "", message, block.place)
        for block in self.configuration.settings:
            for inner in block.body.blocks:
                if inner.type in ("backend", "cloud") and inner.labels != ("local",):
                    message = "where the state is kept is said when code is written"
                    tell("no_counterpart", _said(inner), "", message, inner.place)
        for title, declared in (
            ("var", self.configuration.variables),
            ("output", self.configuration.outputs),
        ):
            for name, block in declared.items():
                self._tell_rules(f"{title}.{name}", block)
        origin = Origin(self.files.shown(self.folder))
        for name in self.stray:
            message = "a value for a variable that is not declared"
            self.reading.notes.append(Note("approximated", f"var.{name}", "", message, origin))

    def _tell_rules(self, address: str, block: Block) -> None:
        """What a variable or an output says that blueprints cannot."""
        tell = self.reading.tell
        arguments = block.body.arguments
        # Where values are judged, there is neither a state nor a variable to be set to null.
        writing = not self.reading.expand
        if writing and block.body.value("ephemeral") is True:
            message = "a blueprint has no values that are left out of the state"
            tell("no_counterpart", address, "ephemeral", message, arguments["ephemeral"].place)
        if writing and block.body.value("nullable") is False:
            message = "a blueprint takes null for a variable"
            kind = "approximated" if "default" in arguments else "no_counterpart"
            tell(kind, address, "nullable", message, arguments["nullable"].place)
        for test in block.body.of_type("precondition"):
            message = "a test of Terraform's: it is not judged here"
            tell("no_counterpart", address, test.type, message, test.place)


def _with_arm_functions(part: Part) -> Part:
    """With the functions of ARM templates that the code says in Terraform's words."""
    arguments = {name: out_of_terraform(value) for name, value in part.arguments.items()}
    return replace(part, arguments=arguments)


_OTHERS = {
    "check": "a test of Terraform's: it is not judged here",
    "ephemeral": "an ephemeral resource is known when it is applied",
}


def _said(block: Block) -> str:
    return ".".join([block.type, *block.labels])
