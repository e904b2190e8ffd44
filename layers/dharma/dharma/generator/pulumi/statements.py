"""Statements of a program around its expressions, in each of the languages.

Resources that are made under a condition or in a loop are declared before it, empty, and kept
inside of it: in a variable, in a list, or under the key of the loop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from keyword import iskeyword
from typing import Literal as OneOf

from dharma.generator.pulumi.functions import Language
from dharma.generator.pulumi.printing import Printer
from dharma.generator.pulumi.python import Python
from dharma.generator.pulumi.syntax import Invoke, Literal, Name, Node
from dharma.generator.pulumi.typescript import TypeScript

Repeat = OneOf["condition", "count", "for_each"]


def statements_in(language: Language) -> Statements:
    """How a language says them."""
    return TypeScriptStatements() if language == "typescript" else PythonStatements()


class Statements(ABC):
    """Each is one or more lines of text, without the last line break."""

    printer: Printer
    closing: tuple[str, ...]
    end: str

    @abstractmethod
    def assigned(self, variable: str, node: Node) -> str: ...

    @abstractmethod
    def exported(self, name: str, identifier: str, node: Node) -> str:
        """An output of the program."""

    @abstractmethod
    def imports(self, packages: Iterable[str], modules: Iterable[str], *, helpers: bool) -> str:
        """What the program uses: Pulumi's packages, the language's own modules, the helpers."""

    @abstractmethod
    def class_path(self, path: str) -> str:
        """A class as an expression names it."""

    @abstractmethod
    def declared(self, variable: str, cls: str, repeat: Repeat) -> str: ...

    @abstractmethod
    def condition(self, test: Node) -> str:
        """The head of an `if`."""

    @abstractmethod
    def counted(self, count: Node) -> str:
        """The head of a loop that binds `i`."""

    @abstractmethod
    def over_mapping(self, mapping: Node) -> str:
        """The head of a loop that binds `key` and `value`."""

    @abstractmethod
    def over_set(self, items: Node) -> str:
        """The same, where both are the item."""

    @abstractmethod
    def appended(self, variable: str) -> str:
        """The beginning of the statement that adds to a list."""

    def alone(self, node: Node) -> str:
        """In a block, what nobody refers to."""
        return f"    {self.printer.text(node, 1, 5)}{self.end}"

    def kept(self, variable: str, node: Node, repeat: Repeat) -> str:
        """In a block, what others refer to."""
        if repeat == "count":
            start = f"    {self.appended(variable)}("
            return f"{start}{self.printer.text(node, 1, len(start) + 2)}){self.end}"
        start = f"    {variable} = " if repeat == "condition" else f"    {variable}[key] = "
        return f"{start}{self.printer.text(node, 1, len(start) + 1)}{self.end}"

    def _line(self, node: Node) -> str:
        return self.printer.line(node) or self.printer.text(node, 0, 8)


class TypeScriptStatements(Statements):
    printer = TypeScript()
    closing = ("}",)
    end = ";"

    def assigned(self, variable: str, node: Node) -> str:
        return self._constant(f"const {variable} = ", node)

    def exported(self, name: str, identifier: str, node: Node) -> str:
        return self._constant(f"export const {identifier} = ", node)

    def _constant(self, start: str, node: Node) -> str:
        return f"{start}{self.printer.text(node, 0, len(start) + 1)};"

    def imports(self, packages: Iterable[str], modules: Iterable[str], *, helpers: bool) -> str:
        lines = ['import * as pulumi from "@pulumi/pulumi";']
        lines += [f'import * as {p} from "@pulumi/{p}";' for p in packages]
        if helpers:
            lines.append('import * as helpers from "./helpers";')
        return "\n".join(lines)

    def class_path(self, path: str) -> str:
        return path

    def declared(self, variable: str, cls: str, repeat: Repeat) -> str:
        if repeat == "condition":
            return f"let {variable}: {cls} | undefined;"
        if repeat == "count":
            return f"const {variable}: {cls}[] = [];"
        return f"const {variable}: Record<string, {cls}> = {{}};"

    def condition(self, test: Node) -> str:
        return f"if ({self._line(test)}) {{"

    def counted(self, count: Node) -> str:
        return f"for (let i = 0; i < {self._line(count)}; i++) {{"

    def over_mapping(self, mapping: Node) -> str:
        return f"for (const [key, value] of Object.entries({self._line(mapping)})) {{"

    def over_set(self, items: Node) -> str:
        return f"for (const key of {self._line(items)}) {{\n    const value = key;"

    def appended(self, variable: str) -> str:
        return f"{variable}.push"


class PythonStatements(Statements):
    printer = Python()
    closing = ()
    end = ""

    def assigned(self, variable: str, node: Node) -> str:
        start = f"{variable} = "
        return f"{start}{self.printer.text(node, 0, len(start))}"

    def exported(self, name: str, identifier: str, node: Node) -> str:
        return self.printer.text(Invoke(Name("pulumi.export"), (Literal(name), node)), 0, 0)

    def imports(self, packages: Iterable[str], modules: Iterable[str], *, helpers: bool) -> str:
        lines = [f"import {m}" for m in modules]
        own = ["import pulumi", *(f"import pulumi_{p} as {p}" for p in packages)]
        if helpers:
            own.insert(0, "import helpers")
        return "\n".join([*lines, *([""] if lines else []), *own])

    def class_path(self, path: str) -> str:
        return ".".join(f"{w}_" if iskeyword(w) else w for w in path.split("."))

    def declared(self, variable: str, cls: str, repeat: Repeat) -> str:
        empty = {"condition": "None", "count": "[]", "for_each": "{}"}
        return f"{variable} = {empty[repeat]}"

    def condition(self, test: Node) -> str:
        return f"if {self._line(test)}:"

    def counted(self, count: Node) -> str:
        return f"for i in range({self._line(count)}):"

    def over_mapping(self, mapping: Node) -> str:
        operand = self.printer.operand(mapping) or self.printer.text(mapping, 0, 8)
        return f"for key, value in {operand}.items():"

    def over_set(self, items: Node) -> str:
        return f"for key in {self._line(items)}:\n    value = key"

    def appended(self, variable: str) -> str:
        return f"{variable}.append"
