"""`provider` blocks: the region, and the tags that hold for all resources of a provider."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dharma.blueprint.readers.terraform.blocks import read_arguments
from dharma.blueprint.readers.terraform.modules import Module
from dharma.catalog import Catalog
from dharma.catalog.document import Part
from dharma.model.expressions.nodes import Call, ObjectConstructor, Value

_SETTINGS = frozenset({"alias", "region", "default_tags", "features", "version", "project", "zone"})


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider configuration; `name` is `aws` or `aws.alias`."""

    name: str
    region: str | None = None
    # A text or a variable: what a blueprint can say.
    place: Value = None
    default_tags: dict[str, Value] = field(default_factory=dict)


def read_providers(root: Module) -> dict[str, Provider]:
    """The providers of the root module by name. What steers the tool and no resource is noted."""
    found: dict[str, Provider] = {}
    for block in root.configuration.providers:
        alias = block.body.value("alias")
        name = f"{block.labels[0]}.{alias}" if isinstance(alias, str) else block.labels[0]
        address = f"provider.{name}"
        arguments = read_arguments(block.body, root.scope, root.fault(address), top=False)
        region = arguments.get("region") or None  # An empty text is what the provider looks up.
        tags: Value = None
        match arguments.get("default_tags"):
            case [dict(inner)]:
                tags = inner.get("tags")
        if tags is not None and not isinstance(tags, dict):
            message = "the tags of all resources are not spelled out"
            root.fault(address)("default_tags", message, block.place)
        found[name] = Provider(
            name,
            region if isinstance(region, str) else None,
            region,
            tags if isinstance(tags, dict) else {},
        )
        for key in arguments:
            if key not in _SETTINGS:
                message = "a setting of the provider, which is no property of a resource"
                root.reading.tell("no_counterpart", address, key, message, block.place)
    return found


def default_region(providers: dict[str, Provider]) -> str | None:
    for name in ("aws", "google"):
        if name in providers and providers[name].region is not None:
            return providers[name].region
    return None


def with_default_tags(part: Part, providers: dict[str, Provider], catalog: Catalog) -> Part:
    """The part with the tags of its provider under its own."""
    chosen = part.native.get("provider")
    name = chosen if isinstance(chosen, str) else part.type.split("_", 1)[0]
    provider = providers.get(name)
    if provider is None or not provider.default_tags:
        return part
    kind = catalog.kind_of("terraform", part.type)
    if kind is None or "tags" not in kind.properties:
        return part
    own = part.arguments.get("tags")
    if own is None or isinstance(own, dict):
        tags: Value = {**provider.default_tags, **(own or {})}
    elif isinstance(own, ObjectConstructor | Call):
        tags = Call("merge", (dict(provider.default_tags), own))
    else:
        return part
    return replace(part, arguments={**part.arguments, "tags": tags})
