"""Writes `dharma/generator/pulumi/names/<package>.json` out of a Pulumi and a Terraform package."""

from __future__ import annotations

import argparse
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

from scripts.catalog_check.extract import UnreadablePackage, read_type, texts_of, types_of
from scripts.pulumi_names.matching import KNOWN, classes_of_types
from scripts.pulumi_names.sdk import read_package
from scripts.pulumi_names.shapes import Shapes

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "layers" / "dharma" / "dharma" / "generator" / "pulumi" / "names"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path, help="pulumi_aws-7.48.0-py3-none-any.whl")
    parser.add_argument("schemas", type=Path, help="cdktf-provider-aws-21.22.1.tgz")
    parser.add_argument("--unpaired", action="store_true", help="list arguments without property")
    options = parser.parse_args()
    package = read_package(options.wheel)
    schemas, source = _schemas(options.schemas)
    classes = classes_of_types(package, schemas)
    shapes = Shapes(package)
    types = {
        kind: [_path(found.token), shapes.of_type(kind, schemas[kind], found)]
        for kind, found in sorted(classes.items())
    }
    content = {
        "source": {
            "package": f"pulumi-{package.name} {package.version} (Apache-2.0)",
            "schemas": f"{source['name']} {source['version']} ({source['license']})",
        },
        "types": types,
        "objects": shapes.objects,
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{package.name}.json"
    file.write_text(json.dumps(content, indent=0, separators=(",", ":")) + "\n", encoding="utf-8")
    without = sorted(set(schemas) - set(classes))
    print(f"{file.name}: {len(types)} of {len(schemas)} types, {len(shapes.objects)} objects, "
          f"{file.stat().st_size} bytes; without a class: {', '.join(without) or 'none'}; "
          f"{len(shapes.unpaired)} arguments without a property")  # fmt: skip
    if options.unpaired:
        print("\n".join(shapes.unpaired))
    return 0


def _schemas(package: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Those that can be read; a few types hold classes of themselves, which the reader refuses."""
    types = types_of(package)
    schemas: dict[str, Any] = {}
    texts, source = texts_of(package, types)
    for kind, text in texts.items():
        try:
            schemas[kind] = read_type(text, kind)
        except KeyError as error:
            print(f"{kind}: not read, {error} is no class", file=sys.stderr)
            if kind in KNOWN:
                # Its arguments go by the rule.
                schemas[kind] = {"attributes": {}}
    return schemas, source


def _path(token: str) -> str:
    """`aws:sqs/queue:Queue` as `sqs.Queue`, the class's path in every language."""
    _, module, name = token.split(":")
    folder = module.split("/")[0]
    name = name[0].upper() + name[1:]
    return name if folder == "index" else f"{folder}.{name}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, UnreadablePackage, tarfile.TarError) as error:
        sys.exit(f"pulumi-extract: {error}")
