"""The program: configuration, what the place of deployment tells, resources in order, outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dharma.catalog.document import Document, Note
from dharma.core.errors import NotExpressible
from dharma.generator.pulumi.ambients import Ambients
from dharma.generator.pulumi.configuration import declarations
from dharma.generator.pulumi.functions import Language
from dharma.generator.pulumi.identifiers import Identifiers
from dharma.generator.pulumi.names import ANY
from dharma.generator.pulumi.options import Options
from dharma.generator.pulumi.order import in_order, referred
from dharma.generator.pulumi.providers import Providers
from dharma.generator.pulumi.resources import Resources, target_of
from dharma.generator.pulumi.statements import statements_in
from dharma.generator.pulumi.syntax import Invoke, Name
from dharma.generator.pulumi.translator import Translator
from dharma.model.blueprint import Blueprint, Output
from dharma.model.expressions.nodes import Conditional, references
from dharma.model.types import parse_type

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


@dataclass(slots=True)
class Written:
    """The program's text, the modules of helpers that it uses, and what is worth a note."""

    text: str
    helpers: set[str]
    packages: list[str]
    notes: list[Note] = field(default_factory=list)


def write_program(
    bp: Blueprint, document: Document, outputs: Sequence[Output], language: Language
) -> Written:
    """`document` holds the resources and `outputs` the outputs in Terraform's names. Raises
    `NotExpressible` naming the path."""
    return _Program(bp, document, outputs, language).write()


class _Program:
    def __init__(
        self, bp: Blueprint, document: Document, outputs: Sequence[Output], language: Language
    ) -> None:
        _require_names(bp, outputs)
        self.bp = bp
        self.outputs = outputs
        self.language = language
        self.typescript = language == "typescript"
        self.statements = statements_in(language)
        self.names = Identifiers(language)
        self.notes: list[Note] = []
        # Outputs are the module's exports: their names come first.
        self.exported = {o.name: self._export(o) for o in outputs}
        self.variables = {
            v.name: (
                self.names.take(v.name.replace("-", "_"), "Setting"),
                parse_type(v.type),
                v.sensitive,
            )
            for v in bp.variables
        }
        self.parts = in_order(document.parts)
        self.targets = {p.address: target_of(p, self.names) for p in self.parts}
        self.ambients = Ambients(bp.provider, self.names, self.statements)
        self.translator = Translator(
            language,
            self.targets,
            self.variables,
            ambient=self.ambients.ambient,
            fresh=self.names.fresh,
        )
        self.providers = Providers(bp.provider, self.names, self.statements, self.translator)

    def _export(self, output: Output) -> str:
        if not self.typescript:
            return output.name
        name = self.names.export(output.name)
        if name != output.name:
            self.notes.append(
                Note("approximated", f"outputs.{output.name}", "",
                     f"it is exported as {name}: JavaScript has no such name")
            )  # fmt: skip
        return name

    def write(self) -> Written:
        options = Options(self.bp, self.names, self.providers, self.translator, self.targets)
        resources = Resources(
            self.bp,
            self.statements,
            self.translator,
            options,
            targets=self.targets,
            wanted=self._wanted(),
        )
        made = list(resources.lines(self.parts))
        shown = [self._output(o) for o in self.outputs]
        settings = [
            declarations(v, self.variables[v.name][0], self.language) for v in self.bp.variables
        ]
        providers = self.providers.lines()
        blocks = [
            self._imports(),
            *self._config(settings),
            "\n".join(self.ambients.lines),
            *providers,
            *made,
            "\n".join(shown),
        ]
        text = "\n\n".join(b for b in blocks if b) + "\n"
        notes = [*self.notes, *resources.notes]
        return Written(text, self.translator.helpers, self._packages(), notes)

    def _wanted(self) -> set[str]:
        """Addresses that something refers to or waits for."""
        found = {a for p in self.parts for a in referred(p) | set(p.awaited)}
        values = [v for o in self.outputs for v in (o.value, o.condition)]
        return found | {ref.address for v in values for ref in references(v)}

    def _packages(self) -> list[str]:
        own = self.bp.provider
        used = {t.names.package for t in self.targets.values()}
        return [own, *sorted(used - {own})]

    def _imports(self) -> str:
        used = {t.names.package for t in self.targets.values()} | self.ambients.packages
        used |= {self.bp.provider} if self.providers.are_used else set()
        packages = [p for p in self._packages() if p in used]
        patterns = any(v.pattern is not None for v in self.bp.variables)
        modules = sorted(self.translator.imports | ({"re"} if patterns else set()))
        helpers = bool(self.translator.helpers)
        return self.statements.imports(packages, modules, helpers=helpers)

    def _config(self, settings: list[list[str]]) -> Iterator[str]:
        if settings or self.providers.ask_configuration:
            config = Invoke(Name("pulumi.Config"), new=True)
            lines = [line for lines in settings for line in lines]
            yield "\n".join([self.statements.assigned("config", config), *lines])

    def _output(self, output: Output) -> str:
        place = f"outputs.{output.name}"
        self.translator.at(None, output.condition)
        value = output.value
        if output.condition is not None:
            value = Conditional(output.condition, value, None)
        node = self.translator.given(value, ANY, place)
        if output.sensitive:
            secret = "pulumi.secret" if self.typescript else "pulumi.Output.secret"
            node = Invoke(Name(secret), (node,))
        return self.statements.exported(output.name, self.exported[output.name], node)


def _require_names(bp: Blueprint, outputs: Sequence[Output]) -> None:
    named = [(f"outputs.{o.name}", o.name) for o in outputs]
    named += [(f"variables.{v.name}", v.name) for v in bp.variables]
    for place, name in named:
        if not _NAME.match(name):
            raise NotExpressible(f"{place}: {name!r} is no name")
