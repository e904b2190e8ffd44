"""Bridges of Google Cloud's kinds: how the API says what Terraform says otherwise.

Sources: the reference pages that the kind files name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from dharma.catalog.bridges.bridge import Bridge
from dharma.catalog.document import Part
from dharma.catalog.literals import simplified
from dharma.catalog.members import or_else
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Ambient, Conditional, Template, Unknown, Value
from dharma.model.expressions.templates import join_parts

_PROJECT = Ambient("project")


class LogSwitch(Bridge):
    """Terraform's `log_config` is there or not; the API has a switch inside it."""

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        if "logConfig" in part.arguments:
            part.arguments["logConfig"] = _at(part.arguments["logConfig"], (), _switched_on)
        return frozenset()

    def claim(self, arguments: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        config = arguments.get("logConfig")
        if isinstance(config, dict) and config.get("enable") is False:
            return {k: v for k, v in arguments.items() if k != "logConfig"}, {}
        if config is None:
            return arguments, {}
        return {**arguments, "logConfig": _at(config, (), _without_switch)}, {}


def _switched_on(config: Value) -> Value:
    return {"enable": True, **config} if isinstance(config, dict) else config


def _without_switch(config: Value) -> Value:
    if not isinstance(config, dict) or config.get("enable") is not True:
        return config
    rest = {k: v for k, v in config.items() if k != "enable"}
    return rest or {"metadata": "INCLUDE_ALL_METADATA"}


class Switches(Bridge):
    """Objects that are there or not in Terraform, and have a switch inside them in the API.
    `places` are the object's path and the name of its switch."""

    def __init__(self, *places: tuple[tuple[str, ...], str]) -> None:
        self._places = places

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        for path, switch in self._places:

            def on(value: Value, switch: str = switch) -> Value:
                return {switch: True, **value} if isinstance(value, dict) else value

            part.arguments = _changed(part.arguments, path, on)
        return frozenset()

    def claim(self, arguments: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        for path, switch in self._places:

            def without(value: Value, switch: str = switch) -> Value:
                if not isinstance(value, dict) or value.get(switch) is not True or len(value) == 1:
                    return value  # Switched off, or nothing but the switch: reported.
                return {k: v for k, v in value.items() if k != switch}

            arguments = _changed(arguments, path, without)
        return arguments, {}


class HealthCheckType(Bridge):
    """The API names the protocol beside its settings. A check of several protocols is refused by
    the API, as by Terraform; here the first is named."""

    completes = frozenset({"type"})
    _PROTOCOLS: Mapping[str, str] = {
        "http_health_check": "HTTP",
        "https_health_check": "HTTPS",
        "tcp_health_check": "TCP",
    }

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        said = [name for name in self._PROTOCOLS if resource.properties.get(name) is not None]
        for name in said[:1]:
            protocol: Value = self._PROTOCOLS[name]
            settings = resource.properties[name]
            if isinstance(settings, Conditional):
                there = [protocol if s is not None else None for s in _sides(settings)]
                protocol = Conditional(settings.condition, *there)
            part.arguments = {"type": protocol, **part.arguments}
        return frozenset()

    def claim(self, arguments: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        return {
            k: v for k, v in arguments.items() if k != "type" or not self._follows(arguments)
        }, {}

    def _follows(self, arguments: dict[str, Value]) -> bool:
        """Whether the protocol is one whose settings stand there: then it says nothing more."""
        named = arguments.get("type")
        sides = _sides(named) if isinstance(named, Conditional) else (named,)
        keys = {"HTTP": "httpHealthCheck", "HTTPS": "httpsHealthCheck", "TCP": "tcpHealthCheck"}
        return all(side is None or keys.get(str(side), "") in arguments for side in sides)


class GroupTemplate(Bridge):
    """A group with one template may name it beside its versions instead of in one."""

    def claim(self, arguments: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        template = arguments.get("instanceTemplate")
        if template is None or arguments.get("versions") is not None:
            return arguments, {}
        rest = {k: v for k, v in arguments.items() if k != "instanceTemplate"}
        return rest, {"version": [{"instance_template": template}]}


class ZonalTypes(Bridge):
    """Machine and disk types are paths of their zone: `zones/Z/machineTypes/T`. `places` are the
    model's path, the format's, and the collection."""

    def __init__(self, *places: tuple[tuple[str, ...], tuple[str, ...], str]) -> None:
        self._places = places

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        # As it reads back: what the path says of the zone has to be the same text.
        zone = _settled(resource.properties.get("zone"))
        for _, native, collection in self._places:
            before = ("zones/", zone, f"/{collection}/")

            def lengthened(name: Value, before: tuple[Value, ...] = before) -> Value:
                if isinstance(name, Unknown) or (isinstance(name, str) and "/" in name):
                    return name
                return join_parts((*before, name))

            part.arguments = _changed(part.arguments, native, lengthened)
        return frozenset()

    def read(self, part: Part, properties: dict[str, Value]) -> frozenset[str]:
        zone = properties.get("zone")
        for model, _, collection in self._places:

            def shortened(path: Value, collection: str = collection) -> Value:
                return _short(path, zone, collection)

            properties.update(_changed(properties, model, shortened))
        return frozenset()


def _short(path: Value, zone: Value, collection: str) -> Value:
    """The type's own name, where the path is in the resource's zone; else the path as it is."""
    before = join_parts(("zones/", zone, f"/{collection}/"))
    if isinstance(path, str):
        if isinstance(before, str) and path.startswith(before):
            return path[len(before) :]
        found = re.fullmatch(
            r"(?:https?://[^/]+/compute/\w+/)?(?:projects/[^/]+/)?zones/([^/]+)/"
            rf"{collection}/([^/]+)",
            path,
        )
        return found[2] if found and found[1] == zone else path
    parts = _parts(path)
    start = _parts(before)
    last = parts[len(start) - 1] if len(start) <= len(parts) else None
    whole = parts[: len(start) - 1] == start[:-1] and isinstance(start[-1], str)
    if whole and isinstance(last, str) and last.startswith(str(start[-1])):
        return join_parts((last[len(str(start[-1])) :], *parts[len(start) :]))
    return path


class InstanceDisks(Bridge):
    """The API has one list of disks: the boot disk (the table's), disks that exist, and local ones.

    A disk that the instance makes beside its boot disk has no counterpart in Terraform's instance:
    it stays unread, and is reported.
    """

    properties = frozenset({"attached_disk", "scratch_disk"})
    refuses = "the disks must be spelled out"
    _LOCAL = "local-ssd"

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        found: list[Value] = []
        for name, made in (("attached_disk", self._attached), ("scratch_disk", self._scratch)):
            disks = resource.properties.get(name)
            if disks is None:
                continue
            if not isinstance(disks, list):
                raise NotExpressible(f"{resource.address}.{name}: {self.refuses}")
            found.extend(_at(disk, (), made) for disk in disks)
        boot = part.arguments.get("disks") or []
        if found and isinstance(boot, list):
            part.arguments["disks"] = [*boot, *found]
        return frozenset()

    def _attached(self, disk: Value) -> Value:
        if not isinstance(disk, dict):
            return disk
        said: dict[str, Value] = {
            "source": disk.get("source"),
            "deviceName": disk.get("device_name"),
            "mode": disk.get("mode"),
            "autoDelete": False,
        }
        if disk.get("kms_key_self_link") is not None:
            said["diskEncryptionKey"] = {"kmsKeyName": disk["kms_key_self_link"]}
        return {k: v for k, v in said.items() if v is not None}

    def _scratch(self, disk: Value) -> Value:
        if not isinstance(disk, dict):
            return disk
        return {
            "type": "SCRATCH",
            "interface": disk.get("interface"),
            "autoDelete": True,
            "initializeParams": {"diskType": self._LOCAL},
        }

    def claim(self, arguments: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        disks = arguments.get("disks")
        if not isinstance(disks, list):
            return arguments, {}
        left: list[Value] = []
        attached: list[Value] = []
        scratch: list[Value] = []
        for disk in disks:
            if _all(disk, self._is_scratch):
                scratch.append(_at(disk, (), _scratch_read))
            elif _all(disk, self._is_attached):
                attached.append(_at(disk, (), _attached_read))
            else:
                left.append(disk)
        said: dict[str, Value] = {"attached_disk": attached, "scratch_disk": scratch}
        return {**arguments, "disks": left}, {k: v for k, v in said.items() if v}

    def _is_scratch(self, disk: Value) -> bool:
        if not isinstance(disk, dict) or disk.get("type") != "SCRATCH" or disk.get("boot"):
            return False
        parameters = disk.get("initializeParams") or {}
        if not isinstance(parameters, dict) or set(parameters) - {"diskType"}:
            return False
        kind = _parts(parameters.get("diskType"))[-1]
        return set(disk) <= {"type", "interface", "autoDelete", "boot", "initializeParams"} and (
            kind is None or str(kind).rpartition("/")[2] == self._LOCAL
        )

    def _is_attached(self, disk: Value) -> bool:
        known = {"source", "deviceName", "mode", "autoDelete", "diskEncryptionKey", "boot", "type"}
        if not isinstance(disk, dict) or disk.get("source") is None or set(disk) - known:
            return False
        key = disk.get("diskEncryptionKey") or {"kmsKeyName": None}
        return (
            not disk.get("boot")
            and not disk.get("autoDelete")
            and disk.get("type", "PERSISTENT") == "PERSISTENT"
            and isinstance(key, dict)
            and set(key) == {"kmsKeyName"}
        )


def _scratch_read(disk: Value) -> Value:
    return {"interface": disk.get("interface")} if isinstance(disk, dict) else disk


def _attached_read(disk: Value) -> Value:
    if not isinstance(disk, dict):
        return disk
    key = disk.get("diskEncryptionKey")
    said = {
        "source": disk.get("source"),
        "device_name": disk.get("deviceName"),
        "mode": disk.get("mode"),
        "kms_key_self_link": key.get("kmsKeyName") if isinstance(key, dict) else None,
    }
    return {k: v for k, v in said.items() if v is not None}


class Parent(Bridge):
    """`projects/P/locations/L` says project and location at once; the deployment's own project
    where the blueprint names none."""

    completes = frozenset({"parent"})
    refuses = "the API wants one"

    def __init__(self, location: str) -> None:
        self._location = location
        self.properties = frozenset({location, "project"})

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        project = or_else(resource.properties.get("project"), _PROJECT)
        location = resource.properties.get(self._location)
        if location is None:
            raise NotExpressible(f"{resource.address}.{self._location}: {self.refuses}")
        parent = join_parts(("projects/", project, "/locations/", location))
        part.arguments = {"parent": parent, **part.arguments}
        return frozenset()

    def claim(self, arguments: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        parts = _parts(arguments.get("parent"))
        for position, text in enumerate(parts):
            if not isinstance(text, str) or "/locations/" not in text:
                continue
            head, _, tail = text.partition("/locations/")
            before, after = (*parts[:position], head), (tail, *parts[position + 1 :])
            first = before[0]
            if not isinstance(first, str) or not first.startswith("projects/"):
                break
            project = join_parts((first[len("projects/") :], *before[1:]))
            rest = {k: v for k, v in arguments.items() if k != "parent"}
            said = {"project": _own(project), self._location: join_parts(after)}
            return rest, {k: v for k, v in said.items() if v is not None}
        return arguments, {}


def _own(project: Value) -> Value:
    """No project where it is the deployment's own."""
    if isinstance(project, Conditional):
        return Conditional(project.condition, *map(_own, _sides(project)))
    return None if project == _PROJECT else project


def _settled(value: Value) -> Value:
    """Conditionals with equal outcomes are their outcome."""
    if isinstance(value, Conditional):
        return simplified(Conditional(value.condition, *map(_settled, _sides(value))), "string")
    return value


def _sides(value: Conditional) -> tuple[Value, Value]:
    return value.then, value.otherwise


def _parts(value: Value) -> tuple[Value, ...]:
    return value.parts if isinstance(value, Template) else (value,)


def _all(value: Value, holds: Callable[[Value], bool]) -> bool:
    """Whether it holds for a value, or for every outcome of a conditional one that is there."""
    if isinstance(value, Conditional):
        return all(side is None or _all(side, holds) for side in _sides(value))
    return holds(value)


def _at(value: Value, path: tuple[str, ...], change: Callable[[Value], Value]) -> Value:
    """The value with what stands at the path changed: in all elements of lists, in all outcomes of
    conditionals. Absence stays absence."""
    if value is None:
        return None
    if isinstance(value, Conditional):
        return Conditional(value.condition, *(_at(side, path, change) for side in _sides(value)))
    if isinstance(value, list):
        return [_at(element, path, change) for element in value]
    if not path:
        return change(value)
    return _changed(value, path, change) if isinstance(value, dict) else value


def _changed(
    value: dict[str, Value], path: tuple[str, ...], change: Callable[[Value], Value]
) -> dict[str, Value]:
    return {k: _at(v, path[1:], change) if k == path[0] else v for k, v in value.items()}


GCP_BRIDGES: dict[str, Bridge] = {
    "group_template": GroupTemplate(),
    "health_check_type": HealthCheckType(),
    "instance_disks": InstanceDisks(),
    "instance_types": ZonalTypes(
        (("machine_type",), ("machineType",), "machineTypes"),
        (
            ("boot_disk", "initialize_params", "type"),
            ("disks", "initializeParams", "diskType"),
            "diskTypes",
        ),
    ),
    "cluster_switches": Switches(
        (("cluster", "ipAllocationPolicy"), "useIpAliases"),
        (("cluster", "masterAuthorizedNetworksConfig"), "enabled"),
    ),
    "disk_type": ZonalTypes((("type",), ("type",), "diskTypes")),
    "log_switch": LogSwitch(),
    "parent_location": Parent("location"),
    "parent_region": Parent("region"),
}
