"""Providers beside the default one: those of an alias, and those of another region."""

from __future__ import annotations

import re

from dharma.core.errors import NotExpressible
from dharma.generator.pulumi.identifiers import Identifiers
from dharma.generator.pulumi.names import Kind, camel
from dharma.generator.pulumi.statements import Statements
from dharma.generator.pulumi.syntax import Invoke, Literal, Name, Node
from dharma.generator.pulumi.translator import Translator
from dharma.model.blueprint import Provider
from dharma.model.expressions.nodes import Value, VariableRef

_ALIAS = re.compile(r"[a-z]+\.([A-Za-z_][A-Za-z0-9_-]*)\Z")


class Providers:
    """Each is made once; `lines` are the statements that make those which resources use."""

    def __init__(
        self,
        provider: Provider,
        names: Identifiers,
        statements: Statements,
        translator: Translator,
    ) -> None:
        self._provider = provider
        self._names = names
        self._statements = statements
        self._translator = translator
        self._aliases: dict[str, str] = {}
        self._regions: dict[Value, str] = {}

    @property
    def are_used(self) -> bool:
        return bool(self._aliases or self._regions)

    @property
    def ask_configuration(self) -> bool:
        """Whether the region of one is asked of the configuration."""
        return bool(self._aliases)

    def aliased(self, given: Value, place: str) -> Node:
        """The provider that `aws.east` names. NotExpressible naming the place for anything else."""
        found = _ALIAS.match(given) if isinstance(given, str) else None
        if found is None:
            raise NotExpressible(f"{place}: {given!r} is no provider's alias")
        alias = found[1]
        if alias not in self._aliases:
            self._aliases[alias] = self._names.take(alias.replace("-", "_"), "Provider")
        return Name(self._aliases[alias])

    def in_region(self, region: Value, place: str) -> Node:
        """The provider of a region: a name, or one variable. NotExpressible naming the place."""
        if self._provider == "azure":
            raise NotExpressible(f"{place}: resources of Azure say their location themselves")
        if not isinstance(region, str | VariableRef):
            raise NotExpressible(f"{place}: a region is a name, or one variable")
        if region not in self._regions:
            words = re.sub(r"[^A-Za-z0-9]+", "_", _said(region)).strip("_")
            self._regions[region] = self._names.take(f"in_{words}", "Provider")
        return Name(self._regions[region])

    def lines(self) -> list[str]:
        lines = []
        for alias, variable in self._aliases.items():
            key = f"{camel(alias.replace('-', '_'))}Region"
            asked = Invoke(Name("config.require"), (Literal(key),))
            lines.append(self._made(variable, alias, asked))
        for region, variable in self._regions.items():
            self._translator.at(None, None)
            where = self._translator.given(region, Kind("string"), "region")
            lines.append(self._made(variable, _said(region), where))
        return lines

    def _made(self, variable: str, name: str, region: Node) -> str:
        cls = Name(f"{self._provider}.Provider")
        call = Invoke(cls, (Literal(name),), (("region", region),), new=True)
        return self._statements.assigned(variable, call)


def _said(region: Value) -> str:
    return region.name if isinstance(region, VariableRef) else str(region)
