"""The values in a parameter file of ARM (`azuredeploy.parameters.json`).

A parameter is the variable that was read from it, in a template of somebody else; elsewhere the
variable whose name it would have: `adminPassword` for `admin_password`. Azure takes names without
regard to case. A reference to a key vault is a value that only Azure knows.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/parameter-files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dharma.blueprint.nearest import suggestion
from dharma.blueprint.readers.arm.lenient import as_json
from dharma.blueprint.readers.arm.parameters import name_of
from dharma.blueprint.readers.template_source import read_tree
from dharma.blueprint.tree import folded_members, plain
from dharma.blueprint.variables import checked_value
from dharma.blueprint.yaml_source import Node
from dharma.core.errors import Fault, InvalidTemplate, InvalidVariables, LimitExceeded
from dharma.model.blueprint import Variable
from dharma.model.expressions.nodes import Unknown, Value

_SCHEMA = re.compile(r'"\$schema"\s*:\s*"[^"]*DeploymentParameters\.json', re.IGNORECASE)
_HEAD = 64 * 1024
_FORMS = 'write {"value": ...}, or {"reference": {"keyVault": {"id": ...}, "secretName": ...}}'


def is_parameter_file(text: str) -> bool:
    """Whether the text says that it is one."""
    return _SCHEMA.search(text[:_HEAD]) is not None


def read_parameter_file(text: str, file: str, declared: Mapping[str, Variable]) -> dict[str, Value]:
    """The values by variable; a secret of a key vault is `Unknown`. Raises `InvalidVariables` with
    file and line of everything that is no value, or none of that variable."""
    try:
        root = read_tree(as_json(text), file)
    except (InvalidTemplate, LimitExceeded) as error:
        raise InvalidVariables(error.message, error.faults) from error
    return _Reading(file, declared).read(root)


class _Reading:
    def __init__(self, file: str, declared: Mapping[str, Variable]) -> None:
        self.file = file
        self.declared = declared
        self.faults: list[Fault] = []
        self.by_parameter = {
            (v.origin.address or "").removeprefix("parameters.").lower(): v
            for v in declared.values()
            if (v.origin.address or "").startswith("parameters.")
        }

    @property
    def names(self) -> list[str]:
        """What may be given: the parameters as the template spells them, else the variables."""
        addresses = (v.origin.address or "" for v in self.by_parameter.values())
        spelled = [address.removeprefix("parameters.") for address in addresses]
        return spelled or list(self.declared)

    def read(self, root: Node) -> dict[str, Value]:
        section = folded_members(root).get("parameters")
        values: dict[str, Value] = {}
        if section is None or not isinstance(section.value, dict):
            self._fault("a file of parameters has an object `parameters`", "", section or root)
        else:
            for name, (key, node) in section.value.items():
                values.update(self._parameter(name, key, node))
        if self.faults:
            first = str(self.faults[0])
            several = f"{len(self.faults)} faults in the parameters, first: {first}"
            raise InvalidVariables(first if len(self.faults) == 1 else several, self.faults)
        return values

    def _parameter(self, name: str, key: Node, node: Node) -> Iterator[tuple[str, Value]]:
        variable = self.by_parameter.get(name.lower()) or self.declared.get(name_of(name))
        if variable is None:
            known = ", ".join(self.names) or "none"
            hint = suggestion(name, self.names) or f"declared: {known}"
            self._fault("there is no such parameter", name, key, hint)
            return
        body = folded_members(node)
        given = [word for word in ("value", "reference") if word in body]
        if len(given) != 1:
            wrong = "both a value and a reference" if given else "neither a value nor a reference"
            self._fault(f"it has {wrong}", name, node, _FORMS)
        elif given == ["reference"]:
            yield from self._reference(name, variable, body["reference"])
        else:
            value = plain(body["value"])
            _, wrong_ones = checked_value(variable, value)
            for message in wrong_ones:
                self._fault(message, name, body["value"])
            yield variable.name, value

    def _reference(self, name: str, variable: Variable, node: Node) -> Iterator[tuple[str, Value]]:
        body = folded_members(node)
        vault = folded_members(body.get("keyvault"))
        if "id" not in vault or "secretname" not in body:
            missing = "secretName" if "id" in vault else "keyVault.id"
            self._fault(f"the reference has no {missing}", name, node, _FORMS)
            return
        place = f"{self.file}:{node.line}:{node.column}"
        secret = body["secretname"].value
        yield (
            variable.name,
            Unknown(f"var.{variable.name} is the secret {secret} of a key vault ({place})"),
        )

    def _fault(self, message: str, name: str, node: Node, hint: str | None = None) -> None:
        path = f"parameters.{name}" if name else ""
        self.faults.append(Fault(message, path, self.file, node.line, node.column, hint))
