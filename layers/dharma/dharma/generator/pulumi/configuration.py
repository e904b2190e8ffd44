"""Variables as a program reads them from `pulumi.Config`, with the checks of the blueprint."""

from __future__ import annotations

import re

from dharma.core.errors import NotExpressible
from dharma.generator.pulumi import python, typescript
from dharma.generator.pulumi.functions import Language
from dharma.generator.pulumi.names import camel
from dharma.generator.pulumi.syntax import Literal, Mapping, Node
from dharma.generator.pulumi.syntax import Sequence as Items
from dharma.model.blueprint import Variable
from dharma.model.expressions.nodes import Expression, Value
from dharma.model.types import Type, parse_type

# Of RE2's syntax, what JavaScript or Python would read as something else.
_FOREIGN = re.compile(r"\(\?(?!:)|\[\[:|\\[AzZQECpP]")


def key_of(variable: Variable) -> str:
    """The key in the stack's configuration: `notifyAccount`."""
    return camel(variable.name.replace("-", "_"))


def comment_text(text: str) -> str:
    """A text as one line that cannot end a comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def declarations(variable: Variable, name: str, language: Language) -> list[str]:
    """The lines that read one variable and check it."""
    write = _typescript if language == "typescript" else _python
    return write(variable, name, parse_type(variable.type))


def checks(variable: Variable, kind: Type) -> list[tuple[str, str, str]]:
    """Each condition that is refused, in TypeScript and in Python with `{0}` for the value, and
    the message; the same words as in Terraform."""
    found: list[tuple[str, str, str]] = []
    name = variable.name
    if variable.allowed:
        values = list(variable.allowed)
        words = ", ".join(v if isinstance(v, str) else str(v).lower() for v in values)
        shown = [_hole_free(", ".join(p.literal(v) for v in values)) for p in (_TS, _PY)]
        found.append(
            (f"![{shown[0]}].includes({{0}})", f"{{0}} not in [{shown[1]}]",
             f"{name} must be one of: {words}.")
        )  # fmt: skip
    if variable.pattern is not None:
        if _FOREIGN.search(variable.pattern):
            raise NotExpressible(
                f"variables.{name}.pattern: {variable.pattern!r} has a meaning of its own in "
                "JavaScript and Python"
            )
        found.append(
            (f"!new RegExp({_hole_free(_TS.literal(variable.pattern))}).test({{0}})",
             f"not re.search({_hole_free(_PY.literal(variable.pattern))}, {{0}})",
             f"{name} must match {variable.pattern}.")
        )  # fmt: skip
    number = kind.name == "number"
    measure = "" if number else "length "
    for limit, sign, said in ((variable.min, "<", "least"), (variable.max, ">", "most")):
        if limit is None:
            continue
        shown_limit = int(limit) if float(limit).is_integer() else limit
        measured = ("{0}", "{0}") if number else ("{0}.length", "len({0})")
        message = f"{name} must have {measure}at {said} {shown_limit}."
        if number:
            message = f"{name} must be at {said} {shown_limit}."
        found.append(
            (f"{measured[0]} {sign} {shown_limit}", f"{measured[1]} {sign} {shown_limit}", message)
        )
    return found


_TS = typescript.TypeScript()
_PY = python.Python()


def _hole_free(literal: str) -> str:
    return literal.replace("{", "{{").replace("}", "}}")


def _typescript(variable: Variable, name: str, kind: Type) -> list[str]:
    given = not variable.required
    suffix = {"string": "", "number": "Number", "bool": "Boolean"}.get(kind.name, "Object")
    secret = "Secret" if variable.sensitive else ""
    types = f"<{type_text(kind)}>" if suffix == "Object" else ""
    verb = "get" if given else "require"
    read = f"config.{verb}{secret}{suffix}{types}({typescript.quote(key_of(variable))})"
    lines = [f"// {comment_text(variable.description)}"] if variable.description else []
    if given and variable.default is not None:
        default = _TS.text(_node(variable.default), 0, len(read) + 20)
        read += f" ?? {f'pulumi.secret({default})' if secret else default}"
    tests = checks(variable, kind)
    absent = given and variable.default is None
    if not tests or not secret:
        lines.append(f"const {name} = {read};")
        for test, _, message in tests:
            guard = f"{name} !== undefined && " if absent else ""
            lines += _throw(guard + test.format(name), message, "")
        return lines
    safe = f"({read})" if " ?? " in read else read
    question = "?" if absent else ""
    lines.append(f"const {name} = {safe}{question}.apply((given) => {{")
    for test, _, message in tests:
        lines += _throw(test.format("given"), message, "    ")
    return [*lines, "    return given;", "});"]


def _throw(test: str, message: str, indent: str) -> list[str]:
    return [
        f"{indent}if ({test}) {{",
        f"{indent}    throw new pulumi.RunError({typescript.quote(message)});",
        f"{indent}}}",
    ]


def _python(variable: Variable, name: str, kind: Type) -> list[str]:
    given = not variable.required
    suffix = {"string": "", "number": f"_{_number(variable)}", "bool": "_bool"}
    end = suffix.get(kind.name, "_object")
    secret = "_secret" if variable.sensitive else ""
    verb = "get" if given else "require"
    arguments = [python.quote(key_of(variable))]
    default = given and variable.default is not None
    shown = _PY.text(_node(variable.default), 0, 40) if default else ""
    if default and not secret:
        arguments.append(shown)
    read = f"config.{verb}{secret}{end}({', '.join(arguments)})"
    lines = [f"# {comment_text(variable.description)}"] if variable.description else []
    if default and not secret and kind.name == "bool" and variable.default is False:
        # Without one, Python's SDK gives None.
        read = f"config.get_bool({arguments[0]}) or False"
    lines.append(f"{name} = {read}")
    if default and secret:
        lines += [f"if {name} is None:", f"    {name} = pulumi.Output.secret({shown})"]
    tests = checks(variable, kind)
    if not tests:
        return lines
    absent = given and variable.default is None
    if not secret:
        for _, test, message in tests:
            guard = f"{name} is not None and " if absent else ""
            lines += _raise(guard + test.format(name), message, "")
        return lines
    checked = ["", "", f"def check_{name}(given):"]
    for _, test, message in tests:
        checked += _raise(test.format("given"), message, "    ")
    checked += ["    return given", "", ""]
    use = f"{name} = {name}.apply(check_{name})"
    return [*lines, *checked, *([f"if {name} is not None:", f"    {use}"] if absent else [use])]


def _raise(test: str, message: str, indent: str) -> list[str]:
    return [f"{indent}if {test}:", f"{indent}    raise pulumi.RunError({python.quote(message)})"]


def _number(variable: Variable) -> str:
    """Whole numbers, unless something about the variable has a fraction."""
    told = [variable.default, *variable.allowed, variable.min, variable.max]
    fractions = [t for t in told if isinstance(t, float) and not t.is_integer()]
    return "float" if fractions else "int"


def type_text(kind: Type) -> str:
    """Terraform's type as TypeScript's."""
    if kind.name in ("list", "set"):
        inner = type_text(kind.element or Type("any"))
        return f"({inner})[]" if " " in inner and not inner.startswith("{") else f"{inner}[]"
    if kind.name == "map":
        return f"Record<string, {type_text(kind.element or Type('any'))}>"
    if kind.name == "object":
        members = (
            f"{_TS.key(n)}{'?' if a.optional else ''}: {type_text(a.type)}"
            for n, a in kind.attributes.items()
        )
        return f"{{ {'; '.join(members)} }}"
    if kind.name == "tuple":
        return f"[{', '.join(map(type_text, kind.members))}]"
    return {"bool": "boolean"}.get(kind.name, kind.name)


def _node(value: Value) -> Node:
    if isinstance(value, dict):
        return Mapping(tuple((k, _node(v)) for k, v in value.items()))
    if isinstance(value, list):
        return Items(tuple(_node(v) for v in value))
    if isinstance(value, Expression):
        raise NotExpressible("a default is a plain value")
    return Literal(value)
