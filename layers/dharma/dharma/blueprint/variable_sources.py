"""Where the values of a blueprint's variables come from.

Later sources win: the blueprint's defaults, Terraform's environment variables (`TF_VAR_name`),
values beside the source (`terraform.tfvars`), the environment, var-files in their order, `--var`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dharma.blueprint.tree import plain
from dharma.blueprint.variables import invalid_values, type_of, unknown_variable
from dharma.blueprint.yaml_source import MAX_BYTES, decode, read_yaml
from dharma.core.errors import Fault, InvalidBlueprint, InvalidVariables, LimitExceeded
from dharma.core.reading import read_bounded
from dharma.model.blueprint import Blueprint, Variable
from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.nodes import Value, is_known
from dharma.model.expressions.parser import ExpressionParser, parse_expression
from dharma.model.types import ANY, Type

TERRAFORM_PREFIX = "TF_VAR_"
_HEAD = 64 * 1024


def collect(
    blueprint: Blueprint,
    *,
    inherited: Mapping[str, str] | None = None,
    beside: Mapping[str, Any] | None = None,
    environment: Mapping[str, Any] | None = None,
    files: Iterable[str | Path] = (),
    assignments: Iterable[str] = (),
) -> dict[str, Any]:
    """The stated values (defaults not among them), later sources over earlier ones.

    `inherited` are the environment variables of the process (`terraform_variables`), `beside` are
    values that stand beside the source, `environment` may hold variables of other blueprints, as
    `inherited` may; `assignments` are `name=value`. Raises InvalidVariables with every value that
    no declared variable takes, or that cannot be read.
    """
    declared = {variable.name: variable for variable in blueprint.variables}
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for name, text in (inherited or {}).items():
        if name in declared and name not in (beside or {}):
            try:
                values[name] = parse_value(text, type_of(declared[name]))
            except (ExpressionError, LimitExceeded) as error:
                where = f"{TERRAFORM_PREFIX}{name}"
                faults.append(Fault(f"the value cannot be read: {error.message}", where))
    values.update(beside or {})
    values.update((k, v) for k, v in (environment or {}).items() if k in declared)
    for path in files:
        try:
            found = read_variable_file(Path(path), declared)
        except InvalidVariables as error:
            faults.extend(error.faults)
            continue
        for name, value in found.items():
            if name in declared:
                values[name] = value
            else:
                faults.append(unknown_variable(name, declared, str(path)))
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not equals or not name:
            faults.append(Fault(f"{assignment!r} is no variable", hint="write name=value"))
        elif name not in declared:
            faults.append(unknown_variable(name, declared, None))
        else:
            try:
                values[name] = parse_value(text, type_of(declared[name]))
            except (ExpressionError, LimitExceeded) as error:
                faults.append(Fault(f"the value cannot be read: {error.message}", f"var.{name}"))
    if faults:
        raise invalid_values(faults)
    return values


def terraform_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that Terraform would take out of the environment, by name
    (https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_var_name)."""
    return {
        name.removeprefix(TERRAFORM_PREFIX): text
        for name, text in environment.items()
        if name.startswith(TERRAFORM_PREFIX)
    }


def parse_value(text: str, type: Type) -> Value:
    """A value on the command line: text for a string, else an expression without references
    (`["a", "b"]`, `{size = 2}`, JSON); a variable of any type takes other text as it is. Raises
    ExpressionError."""
    if type.name == "string":
        return text
    if type.name in ("number", "bool"):
        return text.strip()
    if type == ANY and text.lstrip()[:1] not in ("[", "{"):
        return _value_or_text(text)
    value = parse_expression(text)
    if not is_known(value):
        raise ExpressionError("a value has no references and no functions")
    return value


def _value_or_text(text: str) -> Value:
    try:
        value = parse_expression(text)
    except (ExpressionError, LimitExceeded):
        return text
    return value if is_known(value) else text


def read_variable_file(
    path: Path, declared: Mapping[str, Variable] | None = None
) -> dict[str, Value]:
    """The values in a file: YAML, JSON, `name = value` lines (.tfvars), or the parameters of an ARM
    template (`azuredeploy.parameters.json`), which speak of variables that are `declared`. Raises
    InvalidVariables with file and line."""
    try:
        data = read_bounded(path, MAX_BYTES)
    except LimitExceeded as error:
        raise InvalidVariables(error.message, error.faults) from error
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise invalid_values([Fault(f"cannot be read: {reason}", file=str(path))]) from error
    try:
        if path.name.endswith(".tfvars"):
            return _read_assignments(decode(data, str(path)), str(path))
        if b"eploymentParameters" in data[:_HEAD]:
            from dharma.blueprint.parameter_file import is_parameter_file, read_parameter_file

            text = decode(data, str(path))
            if is_parameter_file(text):
                return read_parameter_file(text, str(path), declared or {})
        root = read_yaml(data, str(path))
    except (InvalidBlueprint, LimitExceeded) as error:
        raise InvalidVariables(error.message, error.faults) from error
    if not isinstance(root.value, dict):
        message = "a file of variables is a mapping of names to values"
        raise invalid_values([Fault(message, file=str(path), line=root.line, column=root.column)])
    return {name: plain(node) for name, (_, node) in root.value.items()}


def _read_assignments(text: str, file: str) -> dict[str, Value]:
    values: dict[str, Value] = {}
    start = 0
    try:
        parser = ExpressionParser(text)
        parser.advance()
        while parser.kind != "end":
            name = parser.identifier("the name of a variable")
            parser.expect("=", " after the name of a variable")
            start = parser.start
            values[name] = parser.expression()
            if not is_known(values[name]):
                raise ExpressionError("a value has no references and no functions", start)
            if parser.kind != "end" and not parser.on_new_line:
                raise parser.unexpected("a new line")
    except ExpressionError as error:
        before = text[: error.offset]
        line, column = before.count("\n") + 1, error.offset - before.rfind("\n")
        raise invalid_values([Fault(error.message, "", file, line, column, error.hint)]) from error
    return values
