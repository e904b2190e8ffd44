"""Terraform's functions that read files, for the files of one configuration and no others."""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from dharma.blueprint.readers.terraform.files import Files, Outside, joined
from dharma.core.errors import LimitExceeded
from dharma.model.expressions.conversion import as_map, as_text
from dharma.model.expressions.errors import EvaluationError, ExpressionError, NoFile
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.functions import Function
from dharma.model.expressions.functions.registry import MAX_TEXT, limited_count
from dharma.model.expressions.nodes import Unknown, Value
from dharma.model.expressions.parser import ExpressionParser
from dharma.model.expressions.regexes import Pattern, compile_pattern
from dharma.model.expressions.scope import Scope

_DIGESTS = {"filemd5": "md5", "filesha1": "sha1", "filesha256": "sha256", "filesha512": "sha512"}
_GLOB = re.compile(r"(\*\*/?)|(\*)|(\?)|\{([^{}]*)\}|\[([^\]]+)\]")


class FileFunctions:
    """`folder` is that of the root module, from which paths are meant. What may be read is what
    modules may lie in: the repository or the folder given, without what git keeps for itself.
    `tell` hears of every path that leads out of it, since the call itself may be kept."""

    def __init__(self, files: Files, folder: str, tell: Callable[[str], None]) -> None:
        self._files = files
        self._folder = folder
        self._tell = tell
        self._templates: dict[tuple[str, tuple[str, ...]], Value] = {}

    def table(self, scope: Callable[[], Scope]) -> dict[str, Function]:
        """The functions by name; `scope` is what names inside templates may use."""

        def render(path: Value, values: Value) -> Value:
            return self._render(as_text(path), as_map(values), scope())

        def render_text(template: Value, values: Value) -> Value:
            parsed = parse_template_text(as_text(template), "the template", as_map(values))
            return evaluate(parsed, replace(_empty(scope()), bound=as_map(values)))

        plain: dict[str, tuple[Callable[..., Value], int, str]] = {
            "file": (self._text, 1, "string"),
            "fileexists": (self._exists, 1, "bool"),
            "fileset": (self._set, 2, "set(string)"),
            "filebase64": (lambda p: base64.b64encode(self._bytes(p)).decode(), 1, "string"),
            "filebase64sha256": (self._base64_digest("sha256"), 1, "string"),
            "filebase64sha512": (self._base64_digest("sha512"), 1, "string"),
            "basename": (lambda p: posixpath.basename(as_text(p).rstrip("/")) or ".", 1, "string"),
            "dirname": (lambda p: posixpath.dirname(as_text(p)) or ".", 1, "string"),
            "abspath": (lambda p: Unknown("abspath() depends on the machine"), 1, "string"),
            "pathexpand": (self._expanded, 1, "string"),
        }
        for name, digest in _DIGESTS.items():
            plain[name] = (self._digest(digest), 1, "string")
        made = {
            name: Function(name, compute, count, count, False, returns)
            for name, (compute, count, returns) in plain.items()
        }
        made["templatefile"] = Function("templatefile", render, 2, 2, True, "string")
        made["templatestring"] = Function("templatestring", render_text, 2, 2, True, "string")
        return made

    # -- reading

    def _path(self, path: Value) -> str:
        text = as_text(path)
        message = f"{text!r} is outside of the configuration, and is not read"
        try:
            whole = None if text.startswith("/") else joined(self._folder, text)
        except Outside:
            whole = None
        if whole is None:
            self._tell(message)
            raise NoFile(message)
        if ".git" in whole.split("/"):
            raise EvaluationError(message)
        return whole

    def _bytes(self, path: Value) -> bytes:
        whole = self._path(path)
        try:
            data = self._files.read(whole)
        except Outside as error:
            raise EvaluationError(error.message) from error
        except LimitExceeded as error:
            raise EvaluationError(f"{as_text(path)!r}: {error.message}") from error
        except OSError as error:
            raise NoFile(f"there is no file {as_text(path)!r}") from error
        if len(data) > MAX_TEXT:
            raise EvaluationError(f"{as_text(path)!r} is larger than {MAX_TEXT // 1024} KB")
        return data

    def _text(self, path: Value) -> str:
        try:
            return self._bytes(path).decode("utf-8")
        except UnicodeDecodeError as error:
            raise EvaluationError(f"{as_text(path)!r} is not UTF-8") from error

    def _exists(self, path: Value) -> Value:
        whole = self._path(path)
        try:
            return posixpath.basename(whole) in self._files.names(posixpath.dirname(whole) or ".")
        except Outside as error:
            raise EvaluationError(error.message) from error

    def _digest(self, name: str) -> Callable[[Value], Value]:
        return lambda path: hashlib.new(name, self._bytes(path), usedforsecurity=False).hexdigest()

    def _base64_digest(self, name: str) -> Callable[[Value], Value]:
        def compute(path: Value) -> Value:
            return base64.b64encode(hashlib.new(name, self._bytes(path)).digest()).decode()

        return compute

    def _expanded(self, path: Value) -> Value:
        text = as_text(path)
        return Unknown("a home folder depends on the machine") if text[:1] == "~" else text

    def _set(self, folder: Value, pattern: Value) -> Value:
        matcher = glob_pattern(as_text(pattern))
        try:
            found = [p for p in self._files.walk(self._path(folder)) if matcher.search(p)]
        except Outside as error:
            raise EvaluationError(error.message) from error
        limited_count(len(found))
        return list[Value](sorted(found))

    # -- templates

    def _render(self, path: str, values: dict[str, Value], scope: Scope) -> Value:
        key = (path, tuple(sorted(values)))
        if key not in self._templates:
            self._templates[key] = parse_template_text(self._text(path), path, values)
        inner = replace(_empty(scope), bound=values)
        try:
            return evaluate(self._templates[key], inner)
        except EvaluationError as error:
            raise EvaluationError(f"{path}: {error.message}") from error


def _empty(scope: Scope) -> Scope:
    """A scope without names: templates know what they are given."""
    return Scope(functions=scope.functions, budget=scope.budget)


def parse_template_text(text: str, name: str, values: Iterable[str]) -> Value:
    """A whole text as a template over some names. Raises EvaluationError naming the line."""
    parser = ExpressionParser(text, MAX_TEXT)
    parser.bound.extend(values)
    try:
        return parser.bare_template()
    except ExpressionError as error:
        line = text.count("\n", 0, error.offset) + 1
        raise EvaluationError(f"{name}:{line}: {error.message}") from error


def glob_pattern(text: str) -> Pattern:
    """Terraform's patterns of files: `*`, `**`, `?`, `{a,b}`, `[ab]`, for whole paths.

    The matcher is the one of expressions: both the pattern and the names may be a stranger's, and
    it does not backtrack.
    """
    pieces: list[str] = []
    position = 0
    for match in _GLOB.finditer(text):
        pieces.append(_literal(text[position : match.start()]))
        position = match.end()
        if match[1]:
            pieces.append("(?:.*/)?" if match[1].endswith("/") else ".*")
        elif match[2]:
            pieces.append("[^/]*")
        elif match[3]:
            pieces.append("[^/]")
        elif match[4] is not None:
            pieces.append(f"(?:{'|'.join(map(_literal, match[4].split(',')))})")
        else:
            inner = match[5].replace("\\", "\\\\").replace("[", "\\[")
            pieces.append(f"[{'^' + inner[1:] if inner[0] in '!^' else inner}]")
    pieces.append(_literal(text[position:]))
    try:
        return compile_pattern(f"^(?:{''.join(pieces)})$")
    except EvaluationError as error:
        raise EvaluationError(f"{text[:40]!r} is no pattern of files") from error


def _literal(text: str) -> str:
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", text)
