"""The facts that the writers need, as compact text: one line of fields per type and nested object.

    name:s  policy:s  cors_rule=cors_rules:[12]  topic_arn=topic:s  arn-:s  rule:^7

A field is `argument[=property][~camel][-]:type`: Terraform's name, Python's where it differs,
TypeScript's where it is not that one in camel case, `-` where it can only be read. Types are
s(tring), n(umber), b(ool), a(ny), f(ile or archive), r (archive), `[list]`, `{map}`, the number of
an object, and `^` before what Terraform has as a list of one and Pulumi as the thing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.pulumi_names.matching import partners, singular
from scripts.pulumi_names.sdk import Package, Property, ResourceClass, Type

Schema = Mapping[str, Any]
_LETTERS = {"str": "s", "number": "n", "bool": "b", "any": "a", "file": "f", "archive": "r"}
_NOTHING: Schema = {"attributes": {}, "blocks": {}}


class Shapes:
    """The fields of types, whose nested objects gather in `objects`; equal ones are one."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.objects: list[str] = []
        self.unpaired: list[str] = []
        self._numbers: dict[str, int] = {}
        self._by_class: dict[tuple[str, str], int] = {}

    def of_type(self, kind: str, schema: Schema, found: ResourceClass) -> str:
        return self._fields(kind, schema, found.outputs, set(found.inputs))

    def _fields(
        self, place: str, schema: Schema, properties: Mapping[str, Property], inputs: set[str]
    ) -> str:
        arguments = {**schema["attributes"], **schema.get("blocks", {})}
        arguments.pop("timeouts", None)
        if "id" in arguments and "id" not in properties:
            del arguments["id"]
        pairs = partners(arguments, properties)
        self.unpaired += [f"{place}.{a}" for a in arguments if a not in pairs]
        taken = {p: a for a, p in pairs.items()}
        # What the other package's version does not know yet goes by the rule.
        for name, found in properties.items():
            if name not in taken:
                guess = singular(name) if _is_list_of_objects(found.type) else name
                taken[name] = name if guess in arguments else guess
        texts = []
        for name, argument in sorted(taken.items(), key=lambda item: (item[1], item[0])):
            found = properties[name]
            text = argument
            if name != argument:
                text += f"={name}"
            if found.camel != camel(name):
                text += f"~{found.camel}"
            if name not in inputs:
                text += "-"
            nested = arguments.get(argument)
            texts.append(f"{text}:{self._type(f'{place}.{argument}', found.type, nested)}")
        return " ".join(texts)

    def _type(self, place: str, kind: Type, nested: Any) -> str:
        text = self._plain_type(place, kind, nested)
        return f"^{text}" if _is_list(nested) and kind[0] not in ("list", "any") else text

    def _plain_type(self, place: str, kind: Type, nested: Any) -> str:
        match kind:
            case ("list", inner):
                return f"[{self._plain_type(place, inner, nested)}]"
            case ("map", inner):
                return f"{{{self._plain_type(place, inner, nested)}}}"
            case ("object", module, name):
                return str(self._object(place, str(module), str(name), nested))
            case _:
                return _LETTERS[str(kind[0])]

    def _object(self, place: str, module: str, name: str, nested: Any) -> int:
        properties = self.package.objects[module, name]
        if not isinstance(nested, dict):
            # Recursive classes (a statement of statements) come only here.
            return self._by_rule(place, module, name, properties)
        fields = self._fields(place, nested, properties, set(properties))
        if fields not in self._numbers:
            self._numbers[fields] = len(self.objects)
            self.objects.append(fields)
        return self._numbers[fields]

    def _by_rule(
        self, place: str, module: str, name: str, properties: Mapping[str, Property]
    ) -> int:
        if (module, name) not in self._by_class:
            number = self._by_class[module, name] = len(self.objects)
            self.objects.append("")
            self.objects[number] = self._fields(place, _NOTHING, properties, set(properties))
        return self._by_class[module, name]


def _is_list(nested: Any) -> bool:
    if isinstance(nested, dict):
        return nested.get("nesting") in ("list", "set")
    return isinstance(nested, str) and nested.startswith(("list(", "set("))


def _is_list_of_objects(kind: Type) -> bool:
    match kind:
        case ("list", ("object", *_)):
            return True
    return False


def camel(name: str) -> str:
    """`cidr_block` as `cidrBlock`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
