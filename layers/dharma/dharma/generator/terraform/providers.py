"""Terraform's settings around the resources: versions, providers with their aliases, the state."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import replace

from dharma.catalog.document import Document, Part
from dharma.catalog.naming import Names
from dharma.core.errors import NotExpressible
from dharma.generator.code import AzureBackend, Backend, GcsBackend
from dharma.generator.terraform.hcl import Attribute, Block, Item, Raw
from dharma.model.blueprint import Blueprint
from dharma.model.expressions.nodes import Symbol, Value, VariableRef

# S3's own state locking (`use_lockfile`) left its experimental stage in 1.11.
REQUIRED_TERRAFORM = ">= 1.11"
# The releases whose schemas the catalog is proved against: npm @cdktf/provider-aws 21.22.1 stands
# for hashicorp/aws 6.25.0 (the `cdktf.provider` field of its package.json), and so on.
# azapi, of which functions are called, has had `unique_string` since 2.4.
PROVIDER_VERSIONS = {"aws": "~> 6.25", "azapi": "~> 2.4", "azurerm": "~> 4.55", "google": "~> 6.50"}
_SOURCES = {"azapi": "Azure/azapi"}
_PROVIDER_OF = {"aws": "aws", "azure": "azurerm", "gcp": "google"}
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}\Z")


def providers_of(
    bp: Blueprint, document: Document, called: Set[str] = frozenset(), *, own: bool = True
) -> list[str]:
    """The provider of the blueprint first (`own`: even when nothing uses it), then those of
    passed-through types and those whose functions are `called`. That of `terraform_data` is a part
    of Terraform: nobody asks for it."""
    first = _PROVIDER_OF[bp.provider]
    used = set(called)
    used |= {part.type.split("_", 1)[0] for part in document.parts} - {"module", "terraform"}
    return [*([first] if own or first in used else []), *sorted(used - {first})]


def versions_block(
    providers: Sequence[str], aliases: Sequence[str] = (), *, pinned: bool = True
) -> Block:
    """What the configuration needs. Only the root module pins versions; a child says which aliases
    (`aws.eu_west_1`) it is given."""
    required = []
    for name in providers:
        entry: dict[str, Value] = {"source": _SOURCES.get(name, f"hashicorp/{name}")}
        if pinned and name in PROVIDER_VERSIONS:
            entry["version"] = PROVIDER_VERSIONS[name]
        given: list[Value] = [
            Symbol((name, alias.split(".")[1])) for alias in aliases if alias.split(".")[0] == name
        ]
        if given:
            entry["configuration_aliases"] = given
        required.append(Attribute(name, entry))
    body: list[Item] = [Attribute("required_version", REQUIRED_TERRAFORM)]
    if required:
        body.append(Block("required_providers", (), tuple(required)))
    return Block("terraform", (), tuple(body))


def provider_blocks(bp: Blueprint) -> list[Block]:
    """The provider of the blueprint's cloud, in the region of the deployment."""
    region = Attribute("region", VariableRef("region"))
    if bp.provider == "aws":
        return [Block("provider", ("aws",), (region,))]
    if bp.provider == "gcp":
        project = Attribute("project", VariableRef("project"))
        return [Block("provider", ("google",), (project, region))]
    return [Block("provider", ("azurerm",), (Block("features"),))]


class Aliases:
    """Providers for resources in other regions. An alias is named after its region (`eu_west_1`),
    or the variable that says it, so that it stays when resources come and go."""

    def __init__(self, bp: Blueprint) -> None:
        self._provider = _PROVIDER_OF[bp.provider]
        self._regions: dict[str, Value] = {}
        self._of: dict[str, str] = {}
        names = Names()
        aliases: dict[Value, str] = {}
        told = [(r.address, r.region) for r in bp.resources if r.region is not None]
        # Texts before variables, each in order of name: whose alias it is does not depend on where
        # the resources stand.
        for region in sorted({r for _, r in told}, key=lambda r: (not isinstance(r, str), str(r))):
            word = region.name if isinstance(region, VariableRef) else region
            if not isinstance(word, str) or not _WORD.match(word):
                raise NotExpressible(f"{told[0][0]}.region: a region is a name, or one variable")
            alias = names.take(word.replace("-", "_"), repr(region), "_")
            aliases[region] = alias
            self._regions[alias] = region
        for address, region in told:
            self._of[address] = f"{self._provider}.{aliases[region]}"

    def applied(self, part: Part) -> Part:
        """The part with its provider, if it has one of its own."""
        alias = self._of.get(part.owner or part.address)
        if alias is None:
            return part
        if not part.type.startswith(f"{self._provider}_"):
            raise NotExpressible(f"{part.owner}.region: {part.type} is told no region")
        return replace(part, arguments={"provider": alias, **part.arguments})

    def blocks(self, bp: Blueprint) -> list[Block]:
        return [
            Block(
                "provider",
                (self._provider,),
                (
                    Attribute("alias", alias),
                    *(
                        [Attribute("project", VariableRef("project"))]
                        if bp.provider == "gcp"
                        else ()
                    ),
                    Attribute("region", region),
                ),
            )
            for alias, region in self._regions.items()
        ]

    def used_in(self, blocks: Sequence[Block]) -> list[str]:
        """The aliases that resources of these blocks name, sorted."""
        return sorted(
            {
                item.text
                for block in blocks
                for item in block.body
                if isinstance(item, Raw) and item.name == "provider" and "." in item.text
            }
        )


def backend_block(backend: Backend | None) -> Block:
    """Where the state is kept. Every one of them locks it by its own means."""
    if backend is None:
        return Block("terraform", (), (Block("backend", ("local",)),))
    if isinstance(backend, GcsBackend):
        name = "gcs"
        body = [Attribute("bucket", backend.bucket), Attribute("prefix", backend.prefix)]
    elif isinstance(backend, AzureBackend):
        name = "azurerm"
        body = [
            Attribute("resource_group_name", backend.resource_group),
            Attribute("storage_account_name", backend.storage_account),
            Attribute("container_name", backend.container),
            Attribute("key", backend.key),
            Attribute("use_azuread_auth", True),
        ]
    else:
        name = "s3"
        body = [
            Attribute("bucket", backend.bucket),
            Attribute("key", backend.key),
            Attribute("region", backend.region),
            Attribute("encrypt", True),
            Attribute("use_lockfile", True),
        ]
    return Block("terraform", (), (Block("backend", (name,), tuple(body)),))
