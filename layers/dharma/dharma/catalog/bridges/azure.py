"""Bridges of Azure's kinds: what the API keeps among the settings of an app.

Source: "App settings reference for Azure Functions", learn.microsoft.com/azure/azure-functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dharma.catalog.bridges.bridge import Bridge
from dharma.catalog.document import Part
from dharma.catalog.members import member, or_else
from dharma.catalog.paths import conditional
from dharma.catalog.transforms import Enum, Transform, Untransformable
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Conditional, Template, Value

_VERSION = "FUNCTIONS_EXTENSION_VERSION"
_ACCOUNT = "AzureWebJobsStorage__accountName"
_CREDENTIAL = "AzureWebJobsStorage__credential"
_RUNTIME = "FUNCTIONS_WORKER_RUNTIME"
_BY_IDENTITY = Enum(((True, "managedidentity"), (False, None)))
_RUNTIMES = {
    "python_version": ("PYTHON|", "python"),
    "node_version": ("NODE|", "node"),
    "dotnet_version": ("DOTNET|", "dotnet"),
    "java_version": ("JAVA|", "java"),
    "powershell_core_version": ("POWERSHELL|", "powershell"),
}
_ON_WINDOWS = {
    "netFrameworkVersion": "dotnet",
    "javaVersion": "java",
    "powerShellVersion": "powershell",
}
_Found = tuple[Value, dict[str, Value]]
_Own = Callable[[str, Value], bool]


class FunctionAppSettings(Bridge):
    """Terraform has arguments for a function app's storage account and for the version of the
    runtime; the API has settings beside those of the user. The worker's language is one too, and
    follows from what runs the code."""

    properties = frozenset(
        {"functions_extension_version", "storage_account_name", "storage_uses_managed_identity"}
    )
    refuses = "the settings of a function app must be spelled out"
    _SETTINGS: Mapping[str, tuple[str, Transform]] = {
        _VERSION: ("functions_extension_version", Transform()),
        _ACCOUNT: ("storage_account_name", Transform()),
        _CREDENTIAL: ("storage_uses_managed_identity", _BY_IDENTITY),
    }

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        said = resource.properties
        values: dict[str, Value] = {}
        for name, (model, transform) in self._SETTINGS.items():
            try:
                values[name] = transform.write(said.get(model))
            except Untransformable as fault:
                raise NotExpressible(f"{part.address}.{model}: {fault}") from fault
        values[_VERSION] = or_else(values[_VERSION], "~4")
        own = member(said, ("app_settings",))
        if not (isinstance(own, dict) and _RUNTIME in own):
            values[_RUNTIME] = _runtime_for(said)
        made: list[Value] = [
            s for name, value in values.items() if (s := _setting(name, value)) is not None
        ]

        def extended(settings: Value) -> Value:
            if settings is None:
                return made
            if isinstance(settings, list):
                return [*settings, *made]
            if isinstance(settings, Conditional):
                then, otherwise = extended(settings.then), extended(settings.otherwise)
                return Conditional(settings.condition, then, otherwise)
            raise NotExpressible(f"{part.address}.app_settings: {self.refuses}")

        native = part.arguments.get("properties")
        if isinstance(native, dict):
            site = _with_settings(native.get("siteConfig"), extended)
            part.arguments = {**part.arguments, "properties": {**native, "siteConfig": site}}
        return frozenset()

    def claim(self, arguments: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        native = arguments.get("properties")
        if not isinstance(native, dict):
            return arguments, {}
        site, found = _without_settings(native.get("siteConfig"), self._readable)
        properties = {
            model: transform.read(found.get(name))
            for name, (model, transform) in self._SETTINGS.items()
        }
        rest = {**arguments, "properties": {**native, "siteConfig": site}}
        return rest, {name: value for name, value in properties.items() if value is not None}

    def _readable(self, name: str, value: Value) -> bool:
        """Whether the setting is one of these, with a value that the argument can have."""
        if name not in self._SETTINGS:
            return False
        try:
            self._SETTINGS[name][1].read(value)
        except Untransformable:
            return False
        return True


def _runtime_for(properties: Mapping[str, Value]) -> Value:
    stack = member(properties, ("site_config", "application_stack"))
    if not isinstance(stack, dict):
        return None
    said = [_RUNTIMES[name][1] for name in _RUNTIMES if stack.get(name) is not None]
    return said[0] if len(said) == 1 else None


def _runtime_of(text: Value) -> str | None:
    """The language that `linuxFxVersion` names."""
    if isinstance(text, Conditional):
        return _runtime_of(text.otherwise if text.then is None else text.then)
    first = text.parts[0] if isinstance(text, Template) else text
    if isinstance(first, str):
        return next((name for start, name in _RUNTIMES.values() if first.startswith(start)), None)
    return None


def _runtime_on_windows(site: Mapping[str, Value]) -> str | None:
    """The language of the one version that is said."""
    said = [name for member, name in _ON_WINDOWS.items() if site.get(member) is not None]
    return said[0] if len(said) == 1 else None


def _setting(name: str, value: Value) -> Value:
    """`{name, value}`, there only if the value is."""
    if value is None:
        return None
    if isinstance(value, Conditional) and None in (value.then, value.otherwise):
        then, otherwise = _setting(name, value.then), _setting(name, value.otherwise)
        return conditional(value.condition, then, otherwise)
    return {"name": name, "value": value}


def _with_settings(site: Value, extended: Callable[[Value], Value]) -> Value:
    if isinstance(site, Conditional):
        then, otherwise = (_with_settings(s, extended) for s in (site.then, site.otherwise))
        return Conditional(site.condition, then, otherwise)
    config = site if isinstance(site, dict) else {}
    return {**config, "appSettings": extended(config.get("appSettings"))}


def _without_settings(site: Value, own: _Own) -> _Found:
    """A site's configuration without its own settings, and their values."""
    if isinstance(site, Conditional):
        branches = (_without_settings(s, own) for s in (site.then, site.otherwise))
        return _either(site.condition, *branches)
    if not isinstance(site, dict):
        return site, {}
    runtime = _runtime_of(site.get("linuxFxVersion")) or _runtime_on_windows(site)
    settings, found = _taken(site.get("appSettings"), own, runtime)
    rest = {key: value for key, value in site.items() if key != "appSettings"}
    return rest if settings is None else {**rest, "appSettings": settings}, found


def _taken(settings: Value, own: _Own, runtime: str | None) -> _Found:
    if isinstance(settings, Conditional):
        branches = (_taken(s, own, runtime) for s in (settings.then, settings.otherwise))
        return _either(settings.condition, *branches)
    if not isinstance(settings, list):
        return settings, {}
    rest: list[Value] = []
    found: dict[str, Value] = {}
    for setting in settings:
        name, value = _read(setting)
        if own(name, value):
            found[name] = value
        elif name != _RUNTIME or runtime is None or value != runtime:
            rest.append(setting)
    return rest or None, found


def _read(setting: Value) -> tuple[str, Value]:
    """Name and value of a setting; the value is under the condition under which the setting is."""
    if isinstance(setting, Conditional):
        (one, then), (other, otherwise) = _read(setting.then), _read(setting.otherwise)
        if "" in (one, other) or one == other:
            return one or other, conditional(setting.condition, then, otherwise)
    if isinstance(setting, dict) and isinstance(setting.get("name"), str):
        return str(setting["name"]), setting.get("value")
    return "", None


def _either(condition: Value, one: _Found, other: _Found) -> _Found:
    found = {
        name: one[1][name]
        if one[1].get(name) == other[1].get(name)
        else conditional(condition, one[1].get(name), other[1].get(name))
        for name in (*one[1], *(n for n in other[1] if n not in one[1]))
    }
    rest = one[0] if one[0] == other[0] else conditional(condition, one[0], other[0])
    return rest, found


AZURE_BRIDGES: dict[str, Bridge] = {"function_app_settings": FunctionAppSettings()}
