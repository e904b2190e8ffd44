"""Pulumi: a whole project in TypeScript or Python, for the bridged providers of all three clouds.

The source is Terraform's document, since Pulumi's classic packages are made from Terraform's
providers; the names are facts of the packages (`dharma.generator.pulumi.names`). What is written is
what a person writes: configuration with its checks, resources by reference, loops and conditions of
the language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from dharma.catalog.document import Document, Note
from dharma.generator.code import GenerateOptions
from dharma.generator.pulumi.configuration import comment_text, key_of
from dharma.generator.pulumi.functions import Language
from dharma.generator.pulumi.helpers import python_helpers, typescript_helpers
from dharma.generator.pulumi.program import Written, write_program
from dharma.generator.yaml_text import to_yaml
from dharma.model.blueprint import Blueprint, Output

STACK = "dev"
# The releases whose classes `pulumi/names` was extracted from.
PACKAGE_VERSIONS = {"aws": "7.48.0", "azure": "6.40.0", "gcp": "9.37.0"}
# The cores that those releases were tried with, of npm and of PyPI.
NPM_VERSIONS = {"@pulumi/pulumi": "3.248.0", "@types/node": "20.19.24", "typescript": "5.9.3"}
PYPI_VERSION = "3.248.0"

_TSCONFIG = {
    "compilerOptions": {
        "strict": True,
        "outDir": "bin",
        "target": "es2020",
        "module": "commonjs",
        "moduleResolution": "node",
        "sourceMap": True,
        "experimentalDecorators": True,
        "pretty": True,
        "noFallthroughCasesInSwitch": True,
        "noImplicitReturns": True,
        "forceConsistentCasingInFileNames": True,
        "skipLibCheck": True,
    },
    "files": ["index.ts"],
}


def write_pulumi(
    bp: Blueprint,
    document: Document,
    outputs: Sequence[Output],
    options: GenerateOptions,
    language: Language,
) -> tuple[dict[str, str], list[Note]]:
    """The files of the project by path, and notes. `document` holds the resources and `outputs` the
    outputs in Terraform's names. Raises `NotExpressible` naming the path."""
    program = write_program(bp, document, outputs, language)
    name = project_name(bp.name)
    files = {
        "Pulumi.yaml": _project(bp, name, language),
        f"Pulumi.{STACK}.yaml": _stack(bp, name, options),
    }
    if language == "typescript":
        files |= _typescript(program, name, bp)
    else:
        files |= _python(program)
    return dict(sorted(files.items())), program.notes


def project_name(name: str) -> str:
    """A blueprint's name in the letters that a project may have."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:100].strip("-.") or "project"


def _project(bp: Blueprint, name: str, language: Language) -> str:
    runtime: object = "nodejs"
    if language == "python":
        runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": "venv"}}
    content: dict[str, object] = {"name": name, "runtime": runtime}
    if bp.description:
        content["description"] = comment_text(bp.description)
    return to_yaml(content)


def _stack(bp: Blueprint, name: str, options: GenerateOptions) -> str:
    """The configuration of the stack: the region and every default that is no secret."""
    config: dict[str, object] = {}
    if options.region is not None:
        key = "location" if bp.provider == "azure" else "region"
        config[f"{bp.provider}:{key}"] = options.region
    for variable in bp.variables:
        if not variable.required and not variable.sensitive and variable.default is not None:
            config[f"{name}:{key_of(variable)}"] = variable.default
    return to_yaml({"config": config})


def _typescript(program: Written, name: str, bp: Blueprint) -> dict[str, str]:
    dependencies = {"@pulumi/pulumi": NPM_VERSIONS["@pulumi/pulumi"]}
    dependencies |= {f"@pulumi/{p}": PACKAGE_VERSIONS[p] for p in program.packages}
    package = {
        "name": re.sub(r"[^a-z0-9._-]", "-", name.lower()),
        "version": bp.version,
        "private": True,
        "main": "index.ts",
        "dependencies": dict(sorted(dependencies.items())),
        "devDependencies": {k: NPM_VERSIONS[k] for k in ("@types/node", "typescript")},
    }
    files = {
        "index.ts": program.text,
        "package.json": json.dumps(package, indent=4) + "\n",
        "tsconfig.json": json.dumps(_TSCONFIG, indent=4) + "\n",
    }
    if program.helpers:
        files["helpers.ts"] = typescript_helpers(program.helpers)
    return files


def _python(program: Written) -> dict[str, str]:
    pinned = [f"pulumi=={PYPI_VERSION}"]
    pinned += [f"pulumi-{p}=={PACKAGE_VERSIONS[p]}" for p in sorted(program.packages)]
    files = {"__main__.py": program.text, "requirements.txt": "\n".join(pinned) + "\n"}
    if program.helpers:
        files["helpers.py"] = python_helpers(program.helpers)
    return files
