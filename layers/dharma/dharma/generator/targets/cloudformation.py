"""CloudFormation: one template, YAML with short intrinsic tags or JSON.

Variables are parameters, `bool` ones with `true` and `false` as allowed words and those without a
value empty; conditions get names made from what they say and are shared; literal maps that are
looked up become mappings. A resource with `prevent_destroy` is retained, on deletion and on
replacement. `native.cloudformation` of a resource: attributes of the resource itself
(`DeletionPolicy`, `UpdateReplacePolicy`, `UpdatePolicy`, `CreationPolicy`, `Metadata`) stand beside
its type, everything else among its properties, where it wins over what the model says.

`DependsOn` is written where no reference says it already. A resource that works only once a gateway
is attached to its VPC waits for the attachment (`dharma.catalog.vpc_gateways`): a reference to the
gateway itself does not say that.

Over 500 resources, or more bytes than one template may have, it is a root template with nested
stacks (`nested_stacks`), or with `limits` None one template with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dharma.catalog.document import Document, Note, Part
from dharma.catalog.naming import snake
from dharma.core.errors import NotExpressible
from dharma.generator.cloudformation.conditions import Conditions
from dharma.generator.cloudformation.nested_stacks import ONE_TEMPLATE, Limits, split
from dharma.generator.cloudformation.parameters import (
    output_names,
    parameter,
    parameter_names,
)
from dharma.generator.cloudformation.values import Scope, Values
from dharma.generator.inexpressible import Inexpressible
from dharma.generator.yaml_text import Tagged, to_json, to_yaml
from dharma.model.blueprint import Blueprint, Output
from dharma.model.expressions.nodes import Binary, Symbol, Value, VariableRef, references, walk

RESOURCE_ATTRIBUTES = frozenset(
    {"CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy"}
)
_LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}\Z")
_TYPE = re.compile(r"[A-Za-z0-9_@:-]{1,255}\Z")


def write_cloudformation(
    bp: Blueprint,
    document: Document,
    outputs: Sequence[Output],
    *,
    json: bool = False,
    limits: Limits | None = ONE_TEMPLATE,
) -> tuple[dict[str, str], list[Note]]:
    """The file and its warnings. `document` and `outputs` use CloudFormation's own names; what is
    left of variables without a parameter type was replaced by values before. Raises
    `NotExpressible` naming the path."""
    if not document.parts:
        raise NotExpressible("a template of CloudFormation has at least one resource")
    writing = _Template(bp, document)
    template = writing.build(outputs)
    print_text, suffix = (to_json, ".json") if json else (to_yaml, ".yaml")
    text = print_text(template)
    size = len(text.encode("utf-8", "surrogatepass"))
    files = {f"template{suffix}": text}
    holds = limits or ONE_TEMPLATE
    if len(document.parts) <= holds.resources and size <= holds.bytes:
        return files, writing.notes
    said = f"{len(document.parts)} resources in {size} bytes are more than "
    if limits is None:
        said += (
            f"the {holds.resources} resources and {holds.bytes} bytes that CloudFormation takes in "
            "one template: it refuses this one"
        )
    else:
        nested = split(template, print_text, suffix, limits)
        files = {path: print_text(part) for path, part in sorted(nested.items())}
        said += (
            f"one template holds: {len(nested) - 1} nested stacks, which `aws cloudformation "
            "package` uploads"
        )
    return files, [*writing.notes, Note("approximated", "template", "", said)]


class _Template:
    def __init__(self, bp: Blueprint, document: Document) -> None:
        self.bp = bp
        self.parts = document.parts
        self.by_address = {p.address: p for p in self.parts}
        self.notes: list[Note] = []
        self.ssm = self._ssm_names()
        self.names = parameter_names(bp)
        self.scope = Scope(
            parameters={n: p for n, p in self.names.items() if n not in self.ssm},
            optional=frozenset(v.name for v in bp.variables if v.is_optional),
            ssm={n: self.names[n] for n in self.ssm if n in self.names},
            existence={p.address: p.condition for p in self.parts if p.condition is not None},
        )
        self.values = Values(self.scope)
        booleans = frozenset(v.name for v in bp.variables if v.type == "bool")
        self.conditions = Conditions(self.values.operand, booleans)
        self.values.condition_name = self.conditions.name

    def build(self, outputs: Sequence[Output]) -> dict[str, Any]:
        self.output_names = output_names(outputs)
        resources = {part.address: self._resource(part) for part in self.parts}
        shown = self._outputs(outputs)
        sections: dict[str, Any] = {"AWSTemplateFormatVersion": "2010-09-09"}
        if self.bp.description:
            sections["Description"] = self.bp.description
        sections["Metadata"] = {"Dharma": self._provenance()}
        sections["Parameters"] = self._parameters()
        sections["Mappings"] = self.scope.mappings
        sections["Conditions"] = self.conditions.section
        sections["Resources"] = resources
        sections["Outputs"] = shown
        return {k: v for k, v in sections.items() if v}

    def _provenance(self) -> dict[str, Any]:
        """What reading the template back needs to find the same names."""
        found: dict[str, Any] = {"Blueprint": self.bp.name, "Version": self.bp.version}
        declared = {"Variables": self.names, "Outputs": self.output_names}
        for section, names in declared.items():
            odd = {logical: name for name, logical in names.items() if snake(logical) != name}
            if odd:
                found[section] = odd
        optional = [self.names[n] for n in self.names if n in self.scope.optional]
        if optional:
            found["Optional"] = optional
        return found

    def _ssm_names(self) -> set[str]:
        found: set[str] = set()
        for part in self.parts:
            for node in walk(part.arguments):
                match node:
                    case Symbol(("data", "aws_ssm_parameter", str(name), "value")):
                        found.add(name)
        return found

    def _parameters(self) -> dict[str, Any]:
        return {
            self.names[v.name]: parameter(v, ssm=v.name in self.ssm)
            for v in self.bp.variables
            if v.name in self.names
        }

    def _resource(self, part: Part) -> dict[str, Any]:
        if not _LOGICAL_ID.match(part.address):
            raise NotExpressible(f"{part.owner}: {part.address!r} is no logical id")
        if not _TYPE.match(part.type):
            raise NotExpressible(f"{part.owner}: {part.type!r} is no resource type")
        if part.count is not None or part.for_each is not None:
            raise NotExpressible(f"{part.owner}: CloudFormation repeats no resources")
        arguments = dict(part.arguments)
        attributes: dict[str, Value] = {}
        for key, value in part.native.items():
            (attributes if key in RESOURCE_ATTRIBUTES else arguments)[key] = value
        body: dict[str, Any] = {"Type": part.type}
        try:
            if part.condition is not None:
                body["Condition"] = self.conditions.name(part.condition)
            if depends_on := self._depends_on(part):
                body["DependsOn"] = depends_on
            if part.lifecycle.prevent_destroy:
                body["DeletionPolicy"] = body["UpdateReplacePolicy"] = "Retain"
            body |= self.values.under(part.condition, attributes)
            if properties := self.values.under(part.condition, arguments):
                body["Properties"] = properties
        except Inexpressible as error:
            raise error.at(part.owner or part.address) from None
        return body

    def _depends_on(self, part: Part) -> list[str]:
        """The awaited resources, without those that a reference waits for anyway, its own or that
        of another awaited one."""
        missing = next((d for d in part.awaited if d not in self.by_address), None)
        if missing is not None:
            raise NotExpressible(f"{part.owner or part.address}.depends_on: there is no {missing}")
        if not part.awaited:
            return []
        referred = {r.address for r in references(part.arguments)}
        for address in part.awaited:
            referred |= {r.address for r in references(self.by_address[address].arguments)}
        return [d for d in part.awaited if d not in referred]

    def _outputs(self, outputs: Sequence[Output]) -> dict[str, Any]:
        return {
            self.output_names[o.name]: self._output(o) for o in outputs if not self._is_secret(o)
        }

    def _is_secret(self, output: Output) -> bool:
        """CloudFormation shows outputs to all who may describe the stack. One that is sensitive is
        written all the same, with a warning; one that gives away a sensitive variable is not."""
        if not (output.sensitive or self._shows_secret(output)):
            return False
        left_out = self._shows_secret(output)
        message = "CloudFormation has no sensitive outputs: it is " + (
            "left out, since it holds a sensitive variable" if left_out else "shown openly"
        )
        path = f"outputs.{output.name}"
        self.notes.append(Note("no_counterpart", path, "sensitive", message, output.origin))
        return left_out

    def _shows_secret(self, output: Output) -> bool:
        secrets = {v.name for v in self.bp.variables if v.sensitive}
        return any(isinstance(n, VariableRef) and n.name in secrets for n in walk(output.value))

    def _output(self, output: Output) -> dict[str, Any]:
        place = f"outputs.{output.name}"
        body: dict[str, Any] = {}
        if output.description:
            body["Description"] = output.description
        try:
            condition = self._output_condition(output)
            if condition is not None:
                body["Condition"] = self.conditions.name(condition)
            body["Value"] = _text(self.values.under(condition, output.value))
        except Inexpressible as error:
            raise error.at(place) from None
        return body

    def _output_condition(self, output: Output) -> Value:
        """An output exists only where all that it shows exists."""
        needed = [output.condition] if output.condition is not None else []
        for ref in references(output.value):
            existence = self.scope.existence.get(ref.address)
            if existence is not None and existence not in needed:
                needed.append(existence)
        if not needed:
            return None
        condition = needed[0]
        for other in needed[1:]:
            condition = Binary("&&", condition, other)
        return condition


def _text(value: Any) -> Any:
    """The value of an output is text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) or (isinstance(value, Tagged) and value.long == "Fn::GetAZs"):
        return Tagged("!Join", "Fn::Join", [",", value])
    if isinstance(value, dict):
        raise Inexpressible("the value of an output is text; encode a map with jsonencode()")
    return value
