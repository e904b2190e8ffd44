"""The program: configuration, what the place of deployment tells, resources in order, outputs.

Resources are named after the noun of their class (`assetsBucket`, `assets_bucket`); their Pulumi
names are Terraform's, so that URNs do not depend on the code. Loops stay loops, and neighbours of
one owner share theirs; a condition is an `if`, and who refers to what may not be there says so
(`logs?.arn`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from keyword import iskeyword

from dharma.catalog.document import Document, Note, Part
from dharma.catalog.naming import snake
from dharma.core.errors import NotExpressible
from dharma.generator.pulumi import python, typescript
from dharma.generator.pulumi.configuration import declarations
from dharma.generator.pulumi.functions import Language
from dharma.generator.pulumi.names import (
    ANY,
    Field,
    Kind,
    Shape,
    camel,
    resource_names,
)
from dharma.generator.pulumi.order import in_order, referred
from dharma.generator.pulumi.outputs import Target
from dharma.generator.pulumi.syntax import (
    Choice,
    Invoke,
    Literal,
    Member,
    Name,
    Node,
    Pattern,
    Spread,
    Text,
)
from dharma.generator.pulumi.syntax import Mapping as Object
from dharma.generator.pulumi.syntax import Sequence as Items
from dharma.generator.pulumi.translator import Translator
from dharma.model.blueprint import Blueprint, Output, Resource
from dharma.model.expressions.nodes import Conditional, Value, VariableRef, references
from dharma.model.types import parse_type

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_PROVIDER = re.compile(r"[a-z]+\.([A-Za-z_][A-Za-z0-9_-]*)\Z")


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
        self.bp = bp
        self.outputs = outputs
        self.language = language
        self.typescript = language == "typescript"
        self.printer = typescript.TypeScript() if self.typescript else python.Python()
        self.taken = set(typescript.RESERVED if self.typescript else python.RESERVED)
        self.notes: list[Note] = []
        self.ambients: dict[str, tuple[Node, str]] = {}
        self.looked_up: dict[str, str] = {}
        self.native = {r.address: r.native.get("pulumi", {}) for r in bp.resources}
        self.providers: dict[str, str] = {}
        self.resources = {r.address: r for r in bp.resources}
        self.regions: dict[Value, str] = {}
        for output in outputs:
            if not _NAME.match(output.name):
                raise NotExpressible(f"outputs.{output.name}: {output.name!r} is no name")
        self.exported = self._exported() if self.typescript else {}
        for variable in bp.variables:
            if not _NAME.match(variable.name):
                raise NotExpressible(f"variables.{variable.name}: {variable.name!r} is no name")
        self.variables = {
            v.name: (
                self.take(v.name.replace("-", "_"), "Setting"),
                parse_type(v.type),
                v.sensitive,
            )
            for v in bp.variables
        }
        self.parts = in_order(document.parts)
        self.packages = self._packages()
        self.targets = {p.address: self._target(p) for p in self.parts}
        self.wanted = self._wanted()
        self.translator = Translator(
            language, self.targets, self.variables, ambient=self.ambient, fresh=self.fresh
        )

    # -- names

    def take(self, name: str, suffix: str) -> str:
        """A free identifier in the language's manner, reserved from now on."""
        spelled = camel(name) if self.typescript else name
        wanted, count = spelled, 2
        if wanted in self.taken:
            wanted = spelled + (suffix if self.typescript else f"_{suffix.lower()}")
        stem = wanted
        while wanted in self.taken:
            wanted, count = f"{stem}{count}", count + 1
        self.taken.add(wanted)
        return wanted

    def fresh(self, hint: str) -> str:
        """An identifier for the parameter of a function: it hides nothing."""
        name = hint if _IDENTIFIER.match(hint) else "item"
        if name in self.taken:
            name = f"{name}Value" if self.typescript else f"{name}_value"
        stem, count = name, 2
        while name in self.taken:
            name, count = f"{stem}{count}", count + 1
        return name

    def _exported(self) -> dict[str, str]:
        """Outputs are the module's exports; their names come first."""
        found = {}
        for output in self.outputs:
            name = output.name.replace("-", "_")
            stem, count = name, 2
            while name in self.taken:
                name, count = f"{stem}{count}" if count > 2 else f"{stem}_output", count + 1
            if name != output.name:
                self.notes.append(
                    Note("approximated", f"outputs.{output.name}", "",
                         f"it is exported as {name}: JavaScript has no such name")
                )  # fmt: skip
            self.taken.add(name)
            found[output.name] = name
        return found

    def _packages(self) -> list[str]:
        own = self.bp.provider
        used = {n.package for p in self.parts if (n := resource_names(p.type)) is not None}
        return [own, *sorted(used - {own})]

    def _target(self, part: Part) -> Target:
        names = resource_names(part.type)
        if names is None:
            raise NotExpressible(
                f"{part.owner or part.address}: {part.type} has no class in Pulumi's packages for "
                "AWS, Azure and Google Cloud"
            )
        name = part.address.split(".", 1)[-1]
        if not _NAME.match(name):
            raise NotExpressible(f"{part.address}: {name!r} is no name")
        words, noun = name.replace("-", "_").strip("_").lower(), snake(names.path.split(".")[-1])
        if words != noun and not words.endswith(f"_{noun}"):
            words = f"{words}_{noun}"
        if words[:1].isdigit():
            words = f"r_{words}"
        return Target(part, names, self.take(words, "Resource"))

    def _wanted(self) -> set[str]:
        """Addresses that something refers to or waits for."""
        found = {a for p in self.parts for a in referred(p) | set(p.awaited)}
        values = [v for o in self.outputs for v in (o.value, o.condition)]
        return found | {ref.address for v in values for ref in references(v)}

    # -- text

    def write(self) -> Written:
        resources = list(self._resources())
        shown = [self._output(o) for o in self.outputs]
        settings = self._settings()
        ambients = [line for _, line in self.ambients.values() if line]
        providers = [self._provider(alias, name) for alias, name in self.providers.items()]
        providers += [self._regional(region, name) for region, name in self.regions.items()]
        blocks = [self._imports(settings), *self._config(settings)]
        if ambients:
            blocks.append("\n".join(ambients))
        blocks += [*providers, *resources]
        if shown:
            blocks.append("\n".join(shown))
        text = "\n\n".join(b for b in blocks if b) + "\n"
        return Written(text, self.translator.helpers, self.packages, self.notes)

    def _imports(self, settings: list[list[str]]) -> str:
        helpers = bool(self.translator.helpers)
        if self.typescript:
            lines = ['import * as pulumi from "@pulumi/pulumi";']
            lines += [f'import * as {p} from "@pulumi/{p}";' for p in self._used_packages()]
            if helpers:
                lines.append('import * as helpers from "./helpers";')
            return "\n".join(lines)
        patterns = any(v.pattern is not None for v in self.bp.variables)
        modules = sorted(self.translator.imports | ({"re"} if patterns else set()))
        lines = [f"import {m}" for m in modules]
        own = ["import pulumi", *(f"import pulumi_{p} as {p}" for p in self._used_packages())]
        if helpers:
            own.insert(0, "import helpers")
        return "\n".join([*lines, *([""] if lines else []), *own])

    def _used_packages(self) -> list[str]:
        used = {t.names.package for t in self.targets.values()}
        used |= {function.split(".")[0] for function in self.looked_up}
        used |= {self.bp.provider} if self.providers or self.regions else set()
        return [p for p in self.packages if p in used]

    def _settings(self) -> list[list[str]]:
        return [
            declarations(v, self.variables[v.name][0], self.language) for v in self.bp.variables
        ]

    def _config(self, settings: list[list[str]]) -> Iterator[str]:
        if not settings and not self.providers:
            return
        first = "const config = new pulumi.Config();" if self.typescript else (
            "config = pulumi.Config()"
        )  # fmt: skip
        yield "\n".join([first, *(line for lines in settings for line in lines)])

    def ambient(self, name: str) -> Node:
        """A value of the place of deployment; plain where the configuration says it."""
        if name not in self.ambients:
            self.ambients[name] = self._ambient(name)
        return self.ambients[name][0]

    def _ambient(self, name: str) -> tuple[Node, str]:
        if name == "deployment_name":
            return Invoke(Name(self._spelled("pulumi.get_stack"))), ""
        if name == "deployment_id":
            project, stack = (
                Invoke(Name(self._spelled(f"pulumi.get_{w}"))) for w in ("project", "stack")
            )
            return Text((project, "-", stack)), ""
        if name in _SOURCES[self.bp.provider]:
            return self._looked_up(*_SOURCES[self.bp.provider][name])
        found = _CONFIGURED[self.bp.provider].get(name)
        if found is None:
            raise NotExpressible(f"{name} has no source in Pulumi for {self.bp.provider}")
        variable = self.take(name, "Name")
        literal = self.printer.literal(self.bp.provider)
        read = f"pulumi.Config({literal}).require({self.printer.literal(found)})"
        if self.typescript:
            return Name(variable), f"const {variable} = new {read};"
        return Name(variable), f"{variable} = {read}"

    def _looked_up(self, function: str, wanted: str, attribute: str) -> tuple[Node, str]:
        """An attribute of what a function of the provider tells, asked once for all of them."""
        if function in self.looked_up:
            return Member(Name(self.looked_up[function]), self._spelled(attribute)), ""
        variable = self.looked_up[function] = self.take(wanted, "Data")
        arguments: tuple[tuple[str, Node], ...] = ()
        if function.endswith("availability_zones"):
            # Local and wavelength zones have to be opted into: not what a subnet means.
            arguments = (("state", Literal("available")), ("filters", Items((_OPTED,))))
        call = Invoke(Name(self._spelled(f"{function}_output")), (), arguments)
        return Member(Name(variable), self._spelled(attribute)), self._assigned(variable, call)

    def _spelled(self, name: str) -> str:
        return camel(name) if self.typescript else name

    def _provider(self, alias: str, variable: str) -> str:
        region = Invoke(
            Name("config.require"), (Literal(f"{camel(alias.replace('-', '_'))}Region"),)
        )
        named = (("region", region),)
        call = Invoke(Name(f"{self.bp.provider}.Provider"), (Literal(alias),), named, new=True)
        return self._assigned(variable, call)

    def _regional(self, region: Value, variable: str) -> str:
        """A provider for the resources of another region."""
        name = region.name if isinstance(region, VariableRef) else str(region)
        self.translator.at(None, None)
        where = self.translator.given(region, Kind("string"), "region")
        cls = Name(f"{self.bp.provider}.Provider")
        call = Invoke(cls, (Literal(name),), (("region", where),), new=True)
        return self._assigned(variable, call)

    def _assigned(self, variable: str, node: Node) -> str:
        if self.typescript:
            start = f"const {variable} = "
            return f"{start}{self.printer.text(node, 0, len(start) + 1)};"
        start = f"{variable} = "
        return f"{start}{self.printer.text(node, 0, len(start))}"

    # -- resources

    def _resources(self) -> Iterator[str]:
        for loop, group in groupby(self.parts, key=_Together):
            parts = list(group)
            if loop.is_none:
                yield from (self._single(p) for p in parts)
            else:
                yield self._group(parts)

    def _single(self, part: Part) -> str:
        self.translator.at(part, None)
        return self._assigned(self.targets[part.address].variable, self._call(part))

    def _group(self, parts: list[Part]) -> str:
        first = parts[0]
        self.translator.at(first, first.condition)
        head = [self._declaration(p) for p in parts if p.address in self.wanted]
        opening = self._opening(first)
        body = []
        for part in parts:
            self.translator.at(part, part.condition)
            body.append(self._inside(part))
        end = ["}"] if self.typescript else []
        return "\n".join([*head, opening, *body, *end])

    def _declaration(self, part: Part) -> str:
        target = self.targets[part.address]
        name, kind = target.variable, f"{target.names.package}.{target.names.path}"
        if part.condition is not None:
            return f"let {name}: {kind} | undefined;" if self.typescript else f"{name} = None"
        if part.count is not None:
            return f"const {name}: {kind}[] = [];" if self.typescript else f"{name} = []"
        return (
            f"const {name}: Record<string, {kind}> = {{}};" if self.typescript else f"{name} = {{}}"
        )

    def _opening(self, part: Part) -> str:
        owner = part.owner or part.address
        known = self.translator.known
        if part.condition is not None:
            text = self._line(known(part.condition, f"{owner}.condition", "a condition"))
            return f"if ({text}) {{" if self.typescript else f"if {text}:"
        if part.count is not None:
            count: Value = part.count
            text = self._line(known(count, f"{owner}.count", "a count"))
            if self.typescript:
                return f"for (let i = 0; i < {text}; i++) {{"
            return f"for i in range({text}):"
        items = known(part.for_each, f"{owner}.for_each", "the set of a loop")
        text = self._line(items)
        if self.translator.is_mapping(part.for_each):
            if self.typescript:
                return f"for (const [key, value] of Object.entries({text})) {{"
            return f"for key, value in {self._operand(items)}.items():"
        if self.typescript:
            return f"for (const key of {text}) {{\n    const value = key;"
        return f"for key in {text}:\n    value = key"

    def _line(self, node: Node) -> str:
        return self.printer.line(node) or self.printer.text(node, 0, 8)

    def _operand(self, node: Node) -> str:
        return self.printer.operand(node) or self.printer.text(node, 0, 8)

    def _inside(self, part: Part) -> str:
        target = self.targets[part.address]
        call = self._call(part)
        end = ";" if self.typescript else ""
        if part.address not in self.wanted:
            return f"    {self.printer.text(call, 1, 5)}{end}"
        if part.condition is not None:
            start = f"    {target.variable} = "
        elif part.count is not None:
            verb = "push" if self.typescript else "append"
            start = f"    {target.variable}.{verb}("
            return f"{start}{self.printer.text(call, 1, len(start) + 2)}){end}"
        else:
            start = f"    {target.variable}[key] = "
        return f"{start}{self.printer.text(call, 1, len(start) + 1)}{end}"

    def _call(self, part: Part) -> Node:
        target = self.targets[part.address]
        name = part.address.split(".", 1)[-1]
        logical = self._logical(name, part)
        options = self._options(part, target)
        owner = part.owner or part.address
        if part.native:
            self.notes.append(
                Note("no_counterpart", owner, "native.terraform",
                     "it is Terraform's own: native.pulumi is what is written here", part.origin)
            )  # fmt: skip
        arguments = {
            k: v for k, v in part.arguments.items()
            if v is not None and k not in ("timeouts", "provider")
        }  # fmt: skip
        named = []
        for key, value in arguments.items():
            path = f"{owner}.{key}"
            found = target.names.shape.get(key)
            known = self.translator.field(found, path)
            spelled = self.translator.outputs.name_of(known)
            named.append((spelled, self.translator.given(value, known.kind, path)))
        named += self._native(part, target, {n for n, _ in named})
        return Invoke(
            Name(self._class(target)), (logical,), tuple(named), new=True, options=tuple(options)
        )

    def _class(self, target: Target) -> str:
        path = f"{target.names.package}.{target.names.path}"
        if self.typescript:
            return path
        return ".".join(f"{w}_" if iskeyword(w) else w for w in path.split("."))

    def _native(self, part: Part, target: Target, already: set[str]) -> Iterator[tuple[str, Node]]:
        if part.owner not in (None, part.address):
            return
        for key, value in self.native.get(part.address, {}).items():
            path = f"{part.address}.native.pulumi.{key}"
            if key == "provider":
                continue
            found = _by_camel(target.names.shape, key)
            if found is None:
                raise NotExpressible(f"{path}: {target.names.path} has no such property")
            name = self.translator.outputs.name_of(found)
            if name in already:
                raise NotExpressible(f"{path}: the resource's properties say it already")
            renamed = _renamed(value, found.kind, path)
            yield name, self.translator.given(renamed, found.kind, path)

    def _options(self, part: Part, target: Target) -> list[tuple[str, Node]]:
        options: list[tuple[str, Node]] = []
        given = part.arguments.get("provider") or part.native.get("provider")
        if part.owner in (None, part.address):
            given = self.native.get(part.address, {}).get("provider") or given
        owner = self.resources.get(part.owner or part.address)
        if given is not None:
            options.append(("provider", Name(self._alias(given, part))))
        elif owner is not None and owner.region is not None:
            options.append(("provider", Name(self._in_region(owner.region, part))))
        waits = [a for a in part.awaited if a not in referred(part)]
        if waits:
            items = tuple(self._awaited(a, part) for a in waits)
            options.append((self._spelled("depends_on"), Items(items)))
        rules = part.lifecycle
        if rules.prevent_destroy:
            options.append(("protect", Literal(True)))
        if rules.ignore_changes:
            paths = tuple(Literal(self._ignored(p, target)) for p in rules.ignore_changes)
            options.append((self._spelled("ignore_changes"), Items(paths)))
        if owner is not None:
            options += self._past(part, owner)
        if "timeouts" in part.arguments:
            options.append((self._spelled("custom_timeouts"), self._timeouts(part)))
        return options

    def _alias(self, given: Value, part: Part) -> str:
        found = _PROVIDER.match(given) if isinstance(given, str) else None
        if found is None:
            raise NotExpressible(f"{part.address}.provider: {given!r} is no provider's alias")
        alias = found[1]
        if alias not in self.providers:
            self.providers[alias] = self.take(alias.replace("-", "_"), "Provider")
        return self.providers[alias]

    def _in_region(self, region: Value, part: Part) -> str:
        place = f"{part.owner or part.address}.region"
        if self.bp.provider == "azure":
            raise NotExpressible(f"{place}: resources of Azure say their location themselves")
        if not isinstance(region, str | VariableRef):
            raise NotExpressible(f"{place}: a region is a name, or one variable")
        if region not in self.regions:
            name = region.name if isinstance(region, VariableRef) else region
            words = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
            self.regions[region] = self.take(f"in_{words}", "Provider")
        return self.regions[region]

    def _past(self, part: Part, owner: Resource) -> Iterator[tuple[str, Node]]:
        """Former names, under which Pulumi finds it again, and what is adopted."""
        name = part.address.split(".", 1)[-1]
        former = dict.fromkeys(
            name.replace(owner.name, before.rpartition(".")[2], 1)
            for before in owner.renamed_from
            if "." not in before or before.split(".")[-2] == owner.type
        )
        if former:
            items = tuple(self._alias_of(self._logical(f, part)) for f in former)
            yield "aliases", Items(items)
        if owner.import_id is not None and part.address == owner.address:
            place = f"{owner.address}.import.id"
            node = self.translator.known(owner.import_id, place, "what is adopted")
            yield "import" if self.typescript else "import_", node

    def _alias_of(self, name: Node) -> Node:
        named = (("name", name),)
        return Object(named) if self.typescript else Invoke(Name("pulumi.Alias"), (), named)

    def _logical(self, name: str, part: Part) -> Node:
        """The name in Pulumi's state, one for each instance of a loop."""
        if part.count is not None:
            return Text((f"{name}-", Name("i")))
        if part.for_each is not None:
            return Text((f"{name}-", Name("key")))
        return Literal(name)

    def _awaited(self, address: str, part: Part) -> Node:
        target = self.targets.get(address)
        if target is None:
            raise NotExpressible(f"{part.address}.depends_on: there is no {address}")
        node: Node = Name(target.variable)
        if target.part.condition is not None:
            if target.part.condition == part.condition:
                return Pattern("{0}!", (node,)) if self.typescript else node
            return Spread(Choice(node, Items((node,)), Items(())))
        if target.part.count is not None:
            return Spread(node)
        if target.part.for_each is not None:
            code = "Object.values({0})" if self.typescript else "{0}.values()"
            return Spread(Pattern(code, (node,)))
        return node

    def _ignored(self, path: str, target: Target) -> str:
        """A path of properties as Pulumi's schema spells it, in both languages."""
        if path == "all":
            return "*"
        kind, words = Kind("object", shape=target.names.shape), []
        for step in path.split("."):
            found = kind.shape.get(step) if kind.shape is not None else None
            words.append(found.camel if found is not None else step)
            kind = found.kind if found is not None else ANY
        return ".".join(words)

    def _timeouts(self, part: Part) -> Node:
        given = part.arguments["timeouts"]
        given = given[0] if isinstance(given, list) and len(given) == 1 else given
        if not isinstance(given, dict):
            raise NotExpressible(f"{part.address}.timeouts: an object is wanted")
        times = tuple(
            (k, self.translator.given(v, Kind("string"), f"{part.address}.timeouts.{k}"))
            for k, v in given.items()
            if k in ("create", "update", "delete") and v is not None
        )
        if self.typescript:
            return Object(times)
        return Invoke(Name("pulumi.CustomTimeouts"), (), times)

    # -- outputs

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
        if self.typescript:
            start = f"export const {self.exported[output.name]} = "
            return f"{start}{self.printer.text(node, 0, len(start) + 1)};"
        return self.printer.text(Invoke(Name("pulumi.export"), (Literal(output.name), node)), 0, 0)


# Attributes of what a function of the provider tells, and what the result is called.
_SOURCES: dict[str, dict[str, tuple[str, str, str]]] = {
    "aws": {
        "region": ("aws.get_region", "current_region", "region"),
        "account_id": ("aws.get_caller_identity", "current_identity", "account_id"),
        "partition": ("aws.get_partition", "current_partition", "partition"),
        "url_suffix": ("aws.get_partition", "current_partition", "dns_suffix"),
        "availability_zones": ("aws.get_availability_zones", "available_zones", "names"),
    },
    "azure": {
        "subscription_id": ("azure.core.get_client_config", "current_client", "subscription_id"),
        "tenant_id": ("azure.core.get_client_config", "current_client", "tenant_id"),
        "principal_id": ("azure.core.get_client_config", "current_client", "object_id"),
    },
    "gcp": {},
}
# Keys of the provider's own configuration.
_CONFIGURED: dict[str, dict[str, str]] = {
    "aws": {},
    "azure": {"region": "location"},
    "gcp": {"region": "region", "project": "project"},
}
_OPTED = Object(
    (("name", Literal("opt-in-status")), ("values", Items((Literal("opt-in-not-required"),))))
)


class _Together:
    """Neighbours with the same owner, loop and condition are written into one."""

    __slots__ = ("condition", "count", "for_each", "owner")

    def __init__(self, part: Part) -> None:
        self.owner = part.owner or part.address
        self.condition, self.count, self.for_each = part.condition, part.count, part.for_each

    @property
    def is_none(self) -> bool:
        return self.condition is None and self.count is None and self.for_each is None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Together):
            return NotImplemented
        if self.is_none or other.is_none:
            return self.is_none and other.is_none
        mine = (self.condition, self.count, self.for_each)
        theirs = (other.condition, other.count, other.for_each)
        # A condition alone may be shared by resources of several owners.
        return mine == theirs and (self.owner == other.owner or self.condition is not None)

    __hash__ = None  # type: ignore[assignment]


def _by_camel(shape: Shape, name: str) -> Field | None:
    return next((f for f in shape.fields.values() if f.camel == name), None)


def _renamed(value: Value, kind: Kind, path: str) -> Value:
    """Raw properties under Pulumi's names as the arguments that they stand for."""
    if isinstance(value, list):
        return [_renamed(v, kind.element or ANY, f"{path}[{n}]") for n, v in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if kind.name != "object" or kind.shape is None:
        return {k: _renamed(v, kind.element or ANY, f"{path}.{k}") for k, v in value.items()}
    arguments = {f.camel: (argument, f) for argument, f in kind.shape.fields.items()}
    found = {}
    for key, member in value.items():
        if key not in arguments:
            raise NotExpressible(f"{path}.{key}: there is no such property")
        argument, known = arguments[key]
        found[argument] = _renamed(member, known.kind, f"{path}.{key}")
    return found
