"""The JSON of `terraform show -json PLAN` as a blueprint.

What the plan knows comes from `planned_values`, what it does not know yet from `configuration`,
which names the references (see `plan_references`); what neither tells is `Unknown` with the reason.
Modules are flattened: the path of a module is part of the resource's name, every instance of a loop
is a resource of its own. A sensitive value is never read: it becomes the variable that it comes
from, or unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from dharma.blueprint.readers.folding import folded
from dharma.blueprint.readers.plan_references import Module, element_of, listed, steps_of, value_of
from dharma.blueprint.readers.result import ReadResult
from dharma.catalog import Catalog
from dharma.catalog.document import Document, Part
from dharma.core.errors import Fault, InvalidTemplate, LimitExceeded
from dharma.model.blueprint import Blueprint, Output, Variable
from dharma.model.expressions.nodes import (
    ResourceRef,
    Unknown,
    Value,
    VariableRef,
    walk,
)
from dharma.model.origin import Origin

MAX_BYTES = 48 * 1024 * 1024
MAX_DEPTH = 100
_PROVIDERS = {"aws": "aws", "azurerm": "azure", "google": "gcp"}
_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\.[A-Za-z_][A-Za-z0-9_-]*\Z")
_FORMAT_VERSION = re.compile(r"(0|1)\.\d+\Z")


def read_terraform_plan(data: str | bytes, file: str | None, catalog: Catalog) -> ReadResult:
    """Raises `InvalidTemplate` for what is no plan (with the line of broken JSON), `LimitExceeded`
    for one that is too large or too deep."""
    return _Plan(parse_json(data, file), file).read(catalog)


def parse_json(data: str | bytes, file: str | None) -> dict[str, Any]:
    """A JSON object within the limits of a plan."""
    if len(data) > MAX_BYTES:
        raise _too_much(f"the file is larger than {MAX_BYTES // 1024 // 1024} MB", file)
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        found = json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        message = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        raise invalid(message, file, hint="save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise invalid(f"not JSON: {error.msg}", file, error.lineno, error.colno) from error
    except RecursionError as error:
        raise _too_much(f"nested deeper than {MAX_DEPTH} levels", file) from error
    except ValueError as error:
        raise _too_much(f"a value beyond the limits: {error}", file) from error
    if not isinstance(found, dict):
        raise invalid("a plan is an object", file, 1, 1)
    if _too_deep(found):
        raise _too_much(f"nested deeper than {MAX_DEPTH} levels", file)
    return found


def _no_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is not a value", name, 0)


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def invalid(
    message: str,
    file: str | None,
    line: int | None = None,
    column: int | None = None,
    hint: str | None = None,
) -> InvalidTemplate:
    fault = Fault(message, file=file, line=line, column=column, hint=hint)
    return InvalidTemplate(str(fault), [fault])


def require_each_once(addresses: Iterable[str], file: str | None) -> None:
    """Terraform names nothing twice: one of the two would hide the other from every analysis."""
    seen: set[str] = set()
    for address in addresses:
        if address in seen:
            raise invalid(f"the address {address[:200]!r} stands twice", file)
        seen.add(address)


def _too_much(message: str, file: str | None) -> LimitExceeded:
    fault = Fault(message, file=file)
    return LimitExceeded(str(fault), [fault])


@dataclass(frozen=True, slots=True)
class _Planned:
    """A value with what the plan says about it; masks are true for the whole or nested alike."""

    value: Any
    unknown: Any
    sensitive: Any

    def at(self, step: str | int) -> _Planned:
        inner: Any = None
        if isinstance(self.value, dict):
            inner = self.value.get(step)
        elif isinstance(self.value, list) and isinstance(step, int):
            inner = self.value[step]
        return _Planned(inner, _at(self.unknown, step), _at(self.sensitive, step))


class _Plan:
    def __init__(self, plan: dict[str, Any], file: str | None) -> None:
        self.plan = plan
        self.file = file
        version = plan.get("format_version")
        if not isinstance(version, str) or not _FORMAT_VERSION.match(version):
            raise invalid(f"format_version {version!r} is not understood", file)
        if not isinstance(plan.get("planned_values"), dict):
            raise invalid("the plan has no planned_values", file)
        configuration = _mapping(_mapping(plan, "configuration"), "root_module")
        self.root = Module(configuration)
        self.unknown = self._masks("after_unknown")
        self.sensitive = self._masks("after_sensitive")
        self.instances: dict[str, list[str]] = {}

    def read(self, catalog: Catalog) -> ReadResult:
        found = list(self._resources(_mapping(self.plan["planned_values"], "root_module"), ""))
        require_each_once((address for address, *_ in found), self.file)
        for address, _, configured, _ in found:
            self.instances.setdefault(configured, []).append(address)
        parts: list[Part] = []
        stray: set[tuple[str, str]] = set()
        for address, resource, configured, module in found:
            part, unasked = self._part(address, resource, configured, module, catalog)
            parts.append(part)
            stray.update((address, name) for name in unasked)
        resources, outputs, notes = folded(Document("terraform", parts), self._outputs(), catalog)
        # What the provider added by itself and nobody wrote is no loss.
        kept = [n for n in notes if (n.address, _head(n.path)) not in stray]
        blueprint = Blueprint(
            name=_name(self.file),
            version="0.1.0",
            provider=provider_of(parts),  # type: ignore[arg-type]
            variables=tuple(self._variables(resources)),
            resources=tuple(resources),
            outputs=tuple(outputs),
            origin=Origin(self.file),
        )
        return ReadResult(blueprint, tuple(kept), "terraform-plan")

    def _masks(self, name: str) -> dict[str, Any]:
        found = {}
        for change in self._complete(self.plan, "resource_changes"):
            found[change["address"]] = _mapping(change, "change").get(name)
        return found

    def _resources(
        self, module: dict[str, Any], path: str
    ) -> Iterator[tuple[str, dict[str, Any], str, Module]]:
        """Every managed resource with its address, that of its configuration, and its module."""
        here = self._module(path)
        for resource in self._complete(module, "resources"):
            address = resource["address"]
            if resource.get("mode") not in ("managed", "data"):
                raise invalid(f"{address[:80]!r} has no mode", self.file)
            if resource["mode"] == "managed":
                local = f"{resource.get('type')}.{resource.get('name')}"
                whole = f"{here.path}{local}"
                if not _LOCAL.match(local) or not _is_instance(address, whole):
                    raise invalid(f"the address {address[:80]!r} is not that of {local}", self.file)
                yield address, resource, whole, here
        for child in self._complete(module, "child_modules"):
            yield from self._resources(child, child["address"])

    def _complete(self, owner: dict[str, Any], name: str) -> list[dict[str, Any]]:
        """The members of a list, each with its address: what was passed over here would be judged
        by nobody."""
        found = owner.get(name)
        if found is None:
            return []
        if not isinstance(found, list):
            raise invalid(f"{name} is no list", self.file)
        for position, entry in enumerate(found):
            if not isinstance(entry, dict) or not isinstance(entry.get("address"), str):
                raise invalid(f"{name}[{position}] has no address", self.file)
        return found

    def _module(self, path: str) -> Module:
        module = self.root
        steps = steps_of(path)
        position = 0
        while position + 1 < len(steps):
            name, key = str(steps[position + 1]), ""
            position += 2
            if position < len(steps) and steps[position] != "module":
                step = steps[position]
                text = step.lstrip("\0") if isinstance(step, str) else step
                key = f"[{json.dumps(text)}]"
                position += 1
            module = module.child(name, key)
        return module

    def _part(
        self,
        address: str,
        resource: dict[str, Any],
        configured: str,
        module: Module,
        catalog: Catalog,
    ) -> tuple[Part, list[str]]:
        """The part, and the names of arguments that nobody wrote."""
        kind = str(resource.get("type"))
        configuration = module.resources.get(configured.removeprefix(module.path), {})
        expressions = configuration.get("expressions")
        written = expressions if isinstance(expressions, dict) else {}
        known = catalog.kind_of("terraform", kind) is not None or bool(
            catalog.pieces_of("terraform", kind)
        )
        values = _mapping(resource, "values")
        unknown, sensitive = self.unknown.get(address), self.sensitive.get(address)
        if not sensitive:
            sensitive = resource.get("sensitive_values")
        arguments: dict[str, Value] = {}
        unasked = []
        for name in dict.fromkeys([*written, *values, *_names(unknown)]):
            if name not in written:
                if not _worth_reading(values.get(name), known):
                    continue
                unasked.append(name)
            planned = _Planned(values.get(name), _at(unknown, name), _at(sensitive, name))
            value = self._value(planned, written.get(name), module, name)
            if value is not None and not (name not in written and isinstance(value, Unknown)):
                arguments[name] = value
        return (
            Part(
                address=address,
                type=kind,
                arguments=arguments,
                depends_on=self._depends_on(configuration, module, address),
                origin=Origin(self.file, address=address),
            ),
            unasked,
        )

    def _value(self, planned: _Planned, written: Any, module: Module, name: str) -> Value:
        """A value of the plan; `written` is its expression, `name` the argument it belongs to."""
        if planned.sensitive is True:
            found = value_of(written, module, name)
            return found if isinstance(found, VariableRef) else Unknown("a sensitive value")
        if planned.unknown is True:
            return value_of(written, module, name)
        known = planned.value
        if isinstance(known, dict):
            inner = written if isinstance(written, dict) and "references" not in written else {}
            members: dict[str, Value] = {}
            for key in dict.fromkeys([*known, *_names(planned.unknown)]):
                own = key in inner
                expression = inner[key] if own else _inherited(written)
                value = self._value(planned.at(key), expression, module, key if own else name)
                # What the provider computes beside the written members says nothing.
                if value is not None and not (isinstance(value, Unknown) and inner and not own):
                    members[key] = value
            return members
        if isinstance(known, list):
            blocks = [_block_of(written, i, len(known)) for i in range(len(known))]
            return [self._value(planned.at(i), block, module, "") for i, block in enumerate(blocks)]
        return self._known(known, written, module, name)

    def _known(self, known: Any, written: Any, module: Module, name: str) -> Value:
        """A known value; where it is a reference to an attribute with that very value (a plan over
        what exists already), the reference."""
        if isinstance(written, dict) and isinstance(known, str) and "references" in written:
            found = value_of(written, module, name)
            if isinstance(found, ResourceRef) and self._attribute(found) == known:
                return found
        value: Value = known
        return value

    def _attribute(self, ref: ResourceRef) -> Any:
        key = "" if ref.instance is None else f"[{json.dumps(ref.instance)}]"
        value = self._planned.get(f"{ref.address}{key}")
        for step in ref.path:
            if isinstance(value, dict) and isinstance(step, str):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    @property
    def _planned(self) -> dict[str, Any]:
        if not hasattr(self, "_planned_values"):
            root = _mapping(self.plan["planned_values"], "root_module")
            self._planned_values = {
                address: _mapping(resource, "values")
                for address, resource, _, _ in self._resources(root, "")
            }
        return self._planned_values

    def _depends_on(
        self, configuration: dict[str, Any], module: Module, address: str
    ) -> tuple[str, ...]:
        """What is waited for, as addresses of instances; a whole module is all in it."""
        found: dict[str, None] = {}
        for name in listed(configuration, "depends_on"):
            whole = f"{module.path}{name}"
            for configured, instances in self.instances.items():
                if configured == whole or configured.startswith((f"{whole}.", f"{whole}[")):
                    found.update(dict.fromkeys(instances))
        found.pop(address, None)
        return tuple(found)

    def _outputs(self) -> list[Output]:
        declared = _mapping(self.root.configuration, "outputs")
        planned = _mapping(self.plan["planned_values"], "outputs")
        outputs = []
        for name in dict.fromkeys([*planned, *declared]):
            entry, said = _mapping(planned, name), _mapping(declared, name)
            secret = bool(entry.get("sensitive") or said.get("sensitive"))
            expression = said.get("expression")
            value: Value = entry.get("value")
            if secret or value is None:
                value = value_of(expression, self.root, name)
            described = said.get("description")
            outputs.append(
                Output(
                    name=name,
                    value=value,
                    description=described if isinstance(described, str) else None,
                    sensitive=secret,
                    origin=Origin(self.file, address=f"output.{name}"),
                )
            )
        return outputs

    def _variables(self, resources: list[Any]) -> Iterator[Variable]:
        """Those variables that the values still speak of; the others are written in by the plan."""
        used = {
            node.name
            for resource in resources
            for node in walk(resource.properties)
            if isinstance(node, VariableRef)
        }
        declared = _mapping(self.root.configuration, "variables")
        for name in dict.fromkeys([*declared, *sorted(used)]):
            if name not in used:
                continue
            said = _mapping(declared, name)
            described = said.get("description")
            yield Variable(
                name=name,
                type="string",
                required=True,
                description=described if isinstance(described, str) else None,
                sensitive=bool(said.get("sensitive")),
                origin=Origin(self.file, address=f"var.{name}"),
            )


def provider_of(parts: list[Part]) -> str:
    """The cloud that most resources belong to."""
    counts = dict.fromkeys(_PROVIDERS.values(), 0)
    for part in parts:
        cloud = _PROVIDERS.get(part.type.split("_", 1)[0])
        if cloud is not None:
            counts[cloud] += 1
    return max(counts, key=lambda cloud: counts[cloud])


def _is_instance(address: str, whole: str) -> bool:
    rest = address.removeprefix(whole)
    return address.startswith(whole) and (not rest or (rest[0] == "[" and rest[-1] == "]"))


def _mapping(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _names(mask: Any) -> list[str]:
    return [k for k, v in mask.items() if v] if isinstance(mask, dict) else []


def _at(mask: Any, step: str | int) -> Any:
    """A mask one level down; true covers everything below."""
    if mask is True:
        return True
    if isinstance(mask, dict) and isinstance(step, str):
        return mask.get(step)
    if isinstance(mask, list) and isinstance(step, int) and step < len(mask):
        return mask[step]
    return None


def _block_of(written: Any, position: int, length: int) -> Any:
    """The expressions of one block or element: written one by one, or one for all (`dynamic`)."""
    if isinstance(written, list):
        if len(written) == length:
            return written[position]
        return written[0] if len(written) == 1 else None
    return element_of(written, position, length)


def _inherited(written: Any) -> Any:
    """References of a whole that stand for each of its members."""
    return written if isinstance(written, dict) and "references" in written else None


def _worth_reading(value: Any, known: bool) -> bool:
    """Whether something that nobody wrote is read: the defaults of a known kind, and blocks, which
    `dynamic` makes without a trace in the configuration."""
    return value not in (None, "", [], {}) and (known or _is_blocks(value))


def _is_blocks(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _head(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _name(file: str | None) -> str:
    stem = PurePath(file).name.split(".")[0] if file else ""
    name = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:60]
    return name if name[:1].isalpha() else f"plan-{name}".rstrip("-")
