"""Functions of ARM templates that Terraform can compute in other words, and the way back.

- `uniqueString(...)` is a function of the azapi provider, which gives the very same text
  (https://github.com/Azure/terraform-provider-azapi, docs/functions/unique_string.md).
- `guid(...)` is a name-based UUID (version 5) of the arguments with hyphens between them, in a name
  space of Azure's own (https://learn.microsoft.com/azure/azure-resource-manager/bicep/
  bicep-functions-string#guid).
- `uri(base, relative)` is the base up to its last slash and the rest behind it.
"""

from __future__ import annotations

from itertools import pairwise

from dharma.model.arm_functions import ARM_FUNCTION
from dharma.model.expressions.nodes import Call, Template, Value, transform
from dharma.model.expressions.templates import join_parts

UNIQUE_STRING = "provider::azapi::unique_string"
_GUIDS = "11fb06fb-712d-4ddd-98c7-e71bbd588830"
_FOLDER = "^.*/"


def in_terraform(node: Call) -> Value:
    """The same in Terraform's words; None where Terraform has none."""
    match node.name.removeprefix(ARM_FUNCTION), node.arguments:
        case "uniqueString", arguments if arguments:
            return Call(UNIQUE_STRING, (list(arguments),))
        case "guid", arguments if arguments:
            return Call("uuidv5", (_GUIDS, Call("join", ("-", list(arguments)))))
        case "uri", (base, relative):
            return _address(base, relative)
    return None


def out_of_terraform(value: Value) -> Value:
    """A value with ARM's functions in place of the words that stand for them."""
    return transform(value, _meant)


def _meant(node: Value) -> Value:
    match node:
        case Call(name, (list() as arguments,), expand=False) if name == UNIQUE_STRING:
            return Call(f"{ARM_FUNCTION}uniqueString", tuple(arguments))
        case Call("uuidv5", (space, Call("join", ("-", list() as arguments)))) if space == _GUIDS:
            return Call(f"{ARM_FUNCTION}guid", tuple(arguments))
        case Template(parts):
            return _with_addresses(parts)
    return node


def _address(base: Value, relative: Value) -> Value:
    rest = (
        relative.removeprefix("/")
        if isinstance(relative, str)
        else Call("trimprefix", (relative, "/"))
    )
    return join_parts((Call("regex", (_FOLDER, base)), rest))


def _with_addresses(parts: tuple[Value, ...]) -> Value:
    """A text in which the folder of an address is followed by what lies in it: by a computed part
    that begins with no slash, or by text and all that stands behind it, which is the same address
    with more at its end. A computed part that may begin with a slash keeps it: of two `uri` drops
    one."""
    for position, (part, following) in enumerate(pairwise(parts)):
        match part, following:
            case Call("regex", (folder, base), False), Call("trimprefix", (rest, "/"), False) if (
                folder == _FOLDER
            ):
                relative, end = rest, position + 2
            case Call("regex", (folder, base), False), str() if folder == _FOLDER:
                relative, end = join_parts(parts[position + 1 :]), len(parts)
                if following.startswith("/"):
                    relative = join_parts(("/", relative))
            case _:
                continue
        found = Call(f"{ARM_FUNCTION}uri", (base, relative))
        return join_parts((*parts[:position], found, _with_addresses(parts[end:])))
    return join_parts(parts)
