"""A CloudFormation template with its intrinsics worked out.

Needed where the cloud does not do it itself: an emulator that knows change sets only roughly
(`sandbox_cloudformation`). Reads JSON templates with the long names of the intrinsics, which is
what the generator writes for deployments.

A `NoEcho` parameter is worked out twice: `literal` keeps the reference to it (`{"Ref": ...}`, or
`Fn::Join` where it is part of a text), so that the result may be shown and stored; `revealed` has
the value itself.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dharma.core.errors import DeploymentFailed, InvalidTemplate

ABSENT = object()
_SUB = re.compile(r"\$\{(!?)([^}]*)\}")
_LISTS = ("CommaDelimitedList", "List<")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as the template has it."""

    logical_id: str
    type: str
    properties: dict[str, Any]
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    retain: bool = False

    def references(self) -> set[str]:
        """Names that it refers to: logical ids, and parameters too."""
        return set(self.depends_on) | set(_names(self.properties))


@dataclass(slots=True)
class Surroundings:
    """What the template's place gives: pseudo parameters, zones by region, the attributes of
    resources that exist (`ref` and `attribute` raise `DeploymentFailed` for those that do not), and
    values of the parameter store and of other stacks' exports."""

    pseudo: Mapping[str, str]
    zones: Callable[[str], list[str]]
    ref: Callable[[str], str]
    attribute: Callable[[str, str], Any]
    stored: Callable[[str], str]
    exported: Callable[[str], str]


@dataclass(slots=True)
class Template:
    """`parameters` are the given values, as texts."""

    document: dict[str, Any]
    parameters: Mapping[str, str]
    resources: dict[str, Resource] = field(init=False)

    def __post_init__(self) -> None:
        self.resources = {
            name: Resource(
                name,
                body["Type"],
                body.get("Properties", {}),
                _listed(body.get("DependsOn", [])),
                body.get("Condition"),
                body.get("DeletionPolicy") == "Retain",
            )
            for name, body in self.document.get("Resources", {}).items()
        }

    @classmethod
    def parse(cls, body: str, parameters: Mapping[str, str]) -> Template:
        try:
            document = json.loads(body)
        except ValueError as error:
            raise InvalidTemplate(f"the template is no JSON: {error}") from error
        return cls(document, parameters)

    @property
    def secrets(self) -> set[str]:
        """Parameters that are not shown."""
        declared = self.document.get("Parameters", {})
        return {
            name for name, body in declared.items() if str(body.get("NoEcho")).lower() == "true"
        }

    def order(self) -> list[str]:
        """Logical ids, each behind those that it refers to; alphabetical where that leaves a
        choice. `InvalidTemplate` names a cycle."""
        return [name for level in self.levels() for name in level]

    def levels(self) -> list[list[str]]:
        """Logical ids in groups: what a group's members refer to lies in the groups before, so that
        they may all be made at once. Alphabetical inside. `InvalidTemplate` names a cycle."""
        waiting = {
            name: resource.references() & self.resources.keys()
            for name, resource in self.resources.items()
        }
        users: dict[str, list[str]] = {}
        for name, references in waiting.items():
            for reference in references:
                users.setdefault(reference, []).append(name)
        found: list[list[str]] = []
        level = sorted(name for name, references in waiting.items() if not references)
        while level:
            found.append(level)
            freed: list[str] = []
            for name in level:
                del waiting[name]
                for user in users.get(name, ()):
                    waiting[user].discard(name)
                    if not waiting[user]:
                        freed.append(user)
            level = sorted(freed)
        if waiting:
            raise InvalidTemplate(
                f"the resources refer to one another in a circle: {_circle(waiting)}"
            )
        return found

    def evaluation(self, surroundings: Surroundings, *, reveal: bool) -> Evaluation:
        return Evaluation(self, surroundings, reveal)


@dataclass(slots=True)
class Evaluation:
    """Works values out, in one of the two ways."""

    template: Template
    surroundings: Surroundings
    reveal: bool

    def exists(self, resource: Resource) -> bool:
        return resource.condition is None or self.condition(resource.condition)

    def properties(self, resource: Resource) -> dict[str, Any]:
        worked_out = self.value(resource.properties)
        assert isinstance(worked_out, dict)
        return worked_out

    def outputs(self) -> dict[str, str]:
        """The outputs whose condition holds, as texts."""
        declared: dict[str, Any] = self.template.document.get("Outputs", {})
        return {
            name: _text(self.value(body["Value"]))
            for name, body in declared.items()
            if "Condition" not in body or self.condition(body["Condition"])
        }

    def value(self, node: Any) -> Any:
        """A value without intrinsics; members that are `AWS::NoValue` are left out."""
        if isinstance(node, dict):
            if len(node) == 1:
                ((name, argument),) = node.items()
                if name == "Ref" or name.startswith("Fn::"):
                    return self._intrinsic(name, argument)
            members = ((key, self.value(member)) for key, member in node.items())
            return {key: member for key, member in members if member is not ABSENT}
        if isinstance(node, list):
            elements = (self.value(element) for element in node)
            return [element for element in elements if element is not ABSENT]
        return node

    def condition(self, name: str) -> bool:
        declared: dict[str, Any] = self.template.document.get("Conditions", {})
        if name not in declared:
            raise InvalidTemplate(f"there is no condition {name}")
        return self._truth(declared[name])

    def _truth(self, node: Any) -> bool:
        ((name, argument),) = node.items()
        match name:
            case "Condition":
                return self.condition(argument)
            case "Fn::Equals":
                # Conditions may rest on secrets; what comes out is one bit, not the secret.
                left, right = (self._shown_or_not().value(side) for side in argument)
                return _text(left) == _text(right)
            case "Fn::Not":
                return not self._truth(argument[0])
            case "Fn::And":
                return all(self._truth(each) for each in argument)
            case "Fn::Or":
                return any(self._truth(each) for each in argument)
        raise InvalidTemplate(f"no such condition function: {name}")

    def _shown_or_not(self) -> Evaluation:
        return Evaluation(self.template, self.surroundings, reveal=True)

    def _intrinsic(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._ref(argument)
            case "Fn::GetAtt":
                return self._attribute(argument)
            case "Fn::If":
                condition, then, otherwise = argument
                return self.value(then if self.condition(condition) else otherwise)
            case "Fn::Join":
                separator, parts = argument
                return _joined(separator, self.value(parts))
            case "Fn::Sub":
                return self._sub(argument)
            case "Fn::Select":
                index, elements = argument
                return self.value(elements)[int(_text(self.value(index)))]
            case "Fn::Split":
                separator, text = argument
                return self._plain(text, name).split(separator)
            case "Fn::GetAZs":
                region = self._plain(argument, name) or self.surroundings.pseudo["AWS::Region"]
                return self.surroundings.zones(region)
            case "Fn::Base64":
                text = self.value(argument)
                if isinstance(text, dict):
                    return {"Fn::Base64": text}
                return base64.b64encode(_text(text).encode()).decode()
            case "Fn::FindInMap":
                mapping, first, second = (_text(self.value(each)) for each in argument)
                return self.template.document["Mappings"][mapping][first][second]
            case "Fn::ImportValue":
                return self.surroundings.exported(self._plain(argument, name))
        raise InvalidTemplate(f"the sandbox does not know {name}")

    def _ref(self, name: str) -> Any:
        declared: dict[str, Any] = self.template.document.get("Parameters", {})
        if name == "AWS::NoValue":
            return ABSENT
        if name in declared:
            return self._parameter(name, declared[name])
        if name in self.surroundings.pseudo:
            return self.surroundings.pseudo[name]
        return self.surroundings.ref(name)

    def _parameter(self, name: str, declared: Mapping[str, Any]) -> Any:
        if name in self.template.secrets and not self.reveal:
            return {"Ref": name}
        given = self.template.parameters.get(name, declared.get("Default"))
        if given is None:
            raise DeploymentFailed(f"the parameter {name} has no value")
        text = _text(given)
        if str(declared["Type"]).startswith("AWS::SSM::Parameter::Value"):
            return self.surroundings.stored(text)
        if str(declared["Type"]).startswith(_LISTS):
            return [part.strip() for part in text.split(",")] if text else []
        return text

    def _attribute(self, argument: Any) -> Any:
        path = argument if isinstance(argument, list) else str(argument).split(".", 1)
        return self.surroundings.attribute(path[0], ".".join(path[1:]))

    def _sub(self, argument: Any) -> Any:
        text, given = argument if isinstance(argument, list) else (argument, {})
        parts: list[Any] = []
        end = 0
        for match in _SUB.finditer(text):
            parts.append(text[end : match.start()])
            end = match.end()
            literal, name = match.groups()
            if literal:
                parts.append("${" + name + "}")
            elif name in given:
                parts.append(self.value(given[name]))
            elif "." in name:
                parts.append(self._attribute(name))
            else:
                parts.append(self._ref(name))
        parts.append(text[end:])
        return _joined("", parts)

    def _plain(self, node: Any, function: str) -> str:
        text = self.value(node)
        if isinstance(text, dict | list):
            raise DeploymentFailed(f"{function} over a secret or a list does not work here")
        return _text(text)


def _circle(waiting: Mapping[str, set[str]]) -> str:
    """`A -> B -> A`: each of these refers to another of them, so following them comes back."""
    path = [min(waiting)]
    while (following := min(waiting[path[-1]])) not in path:
        path.append(following)
    return " -> ".join([*path[path.index(following) :], following])


def _joined(separator: str, parts: list[Any]) -> Any:
    if any(isinstance(part, dict) for part in parts):
        return {"Fn::Join": [separator, [p if isinstance(p, dict) else _text(p) for p in parts]]}
    return separator.join(_text(part) for part in parts)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_text(each) for each in value)
    return str(value)


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _names(node: Any) -> Iterator[str]:
    """Everything that a value refers to by name."""
    if isinstance(node, list):
        for element in node:
            yield from _names(element)
    elif isinstance(node, dict):
        for key, member in node.items():
            if key == "Ref" and isinstance(member, str):
                yield member
            elif key == "Fn::GetAtt":
                yield member[0] if isinstance(member, list) else str(member).split(".", 1)[0]
            elif key == "Fn::Sub":
                text, given = member if isinstance(member, list) else (member, {})
                for match in _SUB.finditer(text):
                    if not match.group(1) and match.group(2) not in given:
                        yield match.group(2).split(".", 1)[0]
                yield from _names(given)
            else:
                yield from _names(member)
