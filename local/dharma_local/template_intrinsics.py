"""CloudFormation's intrinsics with local names.

`Ref` of a resource is its logical id, `GetAtt X.Arn` an ARN of the made-up account 000000000000;
parameters have their defaults.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dharma_local.template import ACCOUNT, REGION, function_arn, state_machine_arn

_SUB = re.compile(r"\$\{([^!}][^}]*)\}")
_ABSENT = object()
_FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
_MACHINES = ("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine")


class Intrinsics:
    """Resolves values with local names in the place of what CloudFormation would create."""

    def __init__(self, document: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self.resources: Mapping[str, Any] = document["Resources"]
        self._mappings = document.get("Mappings") or {}
        self._conditions = document.get("Conditions") or {}
        self._parameters = {
            name: parameters.get(name, spec.get("Default", ""))
            for name, spec in (document.get("Parameters") or {}).items()
        }
        self._pseudo = {
            "AWS::Region": REGION,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": "dharma",
            "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/dharma/local",
            "AWS::NotificationARNs": [],
        }

    def value(self, raw: Any) -> Any:
        if isinstance(raw, list):
            return [v for v in map(self.value, raw) if v is not _ABSENT]
        if not isinstance(raw, dict):
            return raw
        if len(raw) == 1:
            name, argument = next(iter(raw.items()))
            if name == "Ref":
                return self.reference(argument)
            if name == "Condition" and isinstance(argument, str):
                return self.condition(argument)
            if isinstance(name, str) and name.startswith("Fn::"):
                return self._function(name[4:], argument)
        resolved = {key: self.value(item) for key, item in raw.items()}
        return {key: item for key, item in resolved.items() if item is not _ABSENT}

    def reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _ABSENT
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._parameters:
            return self._parameters[name]
        if name in self.resources:
            kind = self.resources[name].get("Type")
            return self.attribute(name, "Arn") if kind in _MACHINES else name
        return name  # made by SAM itself, such as ServerlessHttpApi or <Function>Role

    def attribute(self, name: str, attribute: str) -> str:
        kind = self.resources.get(name, {}).get("Type", "")
        if attribute == "Arn" and kind in _FUNCTIONS:
            return function_arn(name)
        if attribute == "Arn" and kind in _MACHINES:
            return state_machine_arn(name)
        if attribute == "Arn":
            service = kind.split("::")[1].lower() if kind.count("::") == 2 else "unknown"
            return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"
        return name if attribute in ("Name", "QueueName") else f"{name}.{attribute}"

    def condition(self, name: str) -> bool:
        return bool(self.value(self._conditions[name]))

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Sub":
            return self._substitute(argument)
        if name == "GetAtt":
            parts = argument if isinstance(argument, list) else argument.split(".", 1)
            return self.attribute(parts[0], str(self.value(parts[1])))
        if name == "If":
            condition, then, otherwise = argument
            return self.value(then if self.condition(condition) else otherwise)
        if name == "FindInMap":
            table, row, column = (self.value(part) for part in argument[:3])
            return self.value(self._mappings[table][row][column])
        values = self.value(argument)
        if name == "Join":
            return str(values[0]).join(str(v) for v in values[1])
        if name == "Select":
            return values[1][int(values[0])]
        if name == "Split":
            return str(values[1]).split(str(values[0]))
        if name == "Equals":
            return values[0] == values[1]
        if name == "Not":
            return not values[0]
        if name in ("And", "Or"):
            return all(values) if name == "And" else any(values)
        if name == "Base64":
            return values
        if name == "GetAZs":
            return [f"{REGION}{zone}" for zone in "abc"]
        return {f"Fn::{name}": values}  # of no meaning on one machine (ImportValue, Transform ...)

    def _substitute(self, argument: Any) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument
        own = {key: self.value(item) for key, item in own.items()}

        def replace(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name in own:
                return str(own[name])
            if "." in name:
                return self.attribute(*name.split(".", 1))
            return str(self.reference(name))

        return _SUB.sub(replace, text).replace("${!", "${")
