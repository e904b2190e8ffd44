"""Which route of the template answers a method and a path, by API Gateway's order of precedence.

A full match first, then a route with path variables (more literal segments before fewer), then a
greedy variable (`{proxy+}`), then `$default`. Within one path a named method goes before ANY.
Source: "Working with routes for HTTP APIs", Amazon API Gateway developer guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dharma_local.template import Route

# Stands for a slash inside a segment while routes are matched.
ENCODED_SLASH = "\x00"
_VARIABLE = re.compile(r"\{([A-Za-z0-9_.-]+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Match:
    route: Route
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Pattern:
    rank: tuple[int, ...]
    regex: re.Pattern[str]
    names: tuple[str, ...]
    routes: dict[str, Route]


class Router:
    def __init__(self, routes: Iterable[Route]) -> None:
        self._default: Route | None = None
        self._literal: dict[str, dict[str, Route]] = {}
        patterns: dict[str, _Pattern] = {}
        for route in routes:
            if route.path == "$default":
                self._default = route
            elif "{" in route.path:
                pattern = patterns.setdefault(route.path, _compile(route.path))
                pattern.routes[route.method] = route
            else:
                self._literal.setdefault(route.path, {})[route.method] = route
        self._patterns = sorted(patterns.values(), key=lambda p: p.rank)

    def match(self, method: str, path: str) -> Match | None:
        """None means 404: an HTTP API says so as well when only the method does not fit."""
        if (methods := self._literal.get(path)) and (route := _by_method(methods, method)):
            return Match(route, {})
        for pattern in self._patterns:
            if (found := pattern.regex.fullmatch(path)) and (
                route := _by_method(pattern.routes, method)
            ):
                values = (value.replace(ENCODED_SLASH, "/") for value in found.groups())
                return Match(route, dict(zip(pattern.names, values, strict=True)))
        return Match(self._default, {}) if self._default else None


def _by_method(routes: dict[str, Route], method: str) -> Route | None:
    return routes.get(method) or routes.get("ANY")


def _compile(path: str) -> _Pattern:
    names: list[str] = []
    regex = ""
    rank: list[int] = []
    for segment in path.strip("/").split("/"):
        variable = _VARIABLE.fullmatch(segment)
        if variable is None:
            regex += "/" + re.escape(segment)
            rank.append(0)
        else:
            names.append(variable[1])
            regex += "/(.+)" if variable[2] else "/([^/]+)"
            rank.append(2 if variable[2] else 1)
    return _Pattern(tuple(rank), re.compile(regex), tuple(names), {})
