"""`python -m scripts.catalog_check [--write]` and `... extract PACKAGE`; see the scripts' heads."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dharma.catalog import Format, load_catalog
from scripts.catalog_check.arm_packages import extract_arm, write_arm
from scripts.catalog_check.coverage import BRIDGE_LIMIT, DOCUMENT, as_markdown, cover, total
from scripts.catalog_check.discovery import extract_api
from scripts.catalog_check.extract import extract, provider_of, write_extract
from scripts.catalog_check.foreign import SCHEMAS
from scripts.catalog_check.older import extract_older, read_present, write_older
from scripts.catalog_check.prove import native_types, prove


def main() -> int:
    arguments = _parser().parse_args()
    if arguments.command == "extract":
        return (
            _extract_older(arguments.packages) if arguments.older else _extract(arguments.packages)
        )
    return _check(write=arguments.write)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/catalog-check", description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew docs/catalog.md")
    commands = parser.add_subparsers(dest="command")
    extraction = commands.add_parser("extract", help="renew an extract of foreign schemas")
    extraction.add_argument(
        "--older",
        action="store_true",
        help="the packages are earlier releases of one provider, the newest first: what they have "
        "beyond the present one",
    )
    extraction.add_argument(
        "packages",
        type=Path,
        nargs="+",
        metavar="PACKAGE",
        help="tarball of @cdktf/provider-aws, -azurerm, -google; wheels of azure-mgmt-*, or that "
        "of google-api-python-client",
    )
    return parser


def _check(*, write: bool) -> int:
    kinds = list(load_catalog().kinds())
    findings = [finding for kind in kinds for finding in prove(kind)]
    coverage = [cover(kind) for kind in kinds]
    for finding in findings:
        print(finding)
    text = as_markdown(coverage)
    stale = not DOCUMENT.is_file() or DOCUMENT.read_text(encoding="utf-8") != text
    if stale and write:
        DOCUMENT.write_text(text, encoding="utf-8")
        stale = False
    figures = total(coverage)
    print(figures)
    if figures.bridged > BRIDGE_LIMIT * figures.mapped:
        print(f"bridges carry more than {BRIDGE_LIMIT:.0%} of all paths")
        return 1
    if stale:
        print(f"{DOCUMENT.name} is out of date: scripts/catalog-check --write")
    return 1 if findings or stale else 0


def _extract(packages: list[Path]) -> int:
    azure = [package for package in packages if package.name.startswith("azure_mgmt_")]
    for package in packages:
        if package in azure:
            continue
        if package.suffix == ".whl":
            _extract_api(package)
        else:
            _extract_terraform(package)
    if azure:
        namespaces = extract_arm(azure, _named("arm"), load_catalog().api_version)
        write_arm(namespaces, SCHEMAS / "arm")
        print(f"{sum(len(c['types']) for c in namespaces.values())} resource types of Azure")
    return 0


def _extract_terraform(package: Path) -> None:
    provider = provider_of(package)
    wanted = sorted(n for n in _named("terraform") if n.startswith(f"{provider}_"))
    schemas, source = extract(package, wanted)
    write_extract(schemas, source, SCHEMAS / f"terraform-{provider}")
    print(f"{len(schemas)} resource types of {source['name']} {source['version']}")


def _extract_older(packages: list[Path]) -> int:
    provider = provider_of(packages[0])
    wanted = {n for n in _named("terraform") if n.startswith(f"{provider}_")}
    found = extract_older(packages, wanted, read_present(SCHEMAS / f"terraform-{provider}"))
    write_older(found, SCHEMAS / "older" / f"{provider}.json")
    print(f"{len(found['types'])} resource types of {provider} had more in earlier releases")
    return 0


def _named(format: Format) -> set[str]:
    """Every native type that the catalog names in a format."""
    return {
        name
        for kind in load_catalog().kinds()
        if (mapping := kind.mapping(format)) is not None
        for name in native_types(mapping)
    }


def _extract_api(package: Path) -> None:
    kinds = load_catalog().kinds("gcp")
    mappings = [mapping for kind in kinds if (mapping := kind.mapping("deployment_manager"))]
    types = [tuple(native_types(mapping)) for mapping in mappings]
    count = extract_api(package, types, SCHEMAS / "google-api")
    print(f"{count} collections of {package.name}")


if __name__ == "__main__":
    sys.exit(main())
