"""Programs of Pulumi before its own judges: TypeScript's compiler, and Python under mocks.

Every example and template is written in both languages. All TypeScript passes `tsc --noEmit`
against the SDKs, and a planted mistake must be found; every Python program runs under
`pulumi.runtime.set_mocks`, and what it registers is compared with the blueprint's Terraform
document, computed by the product's own evaluator.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from dharma.blueprint.readers import read_file
from dharma.catalog import load_catalog
from dharma.core.errors import DharmaError
from dharma.generator import GenerateOptions, generate
from dharma.generator.targets.pulumi import NPM_VERSIONS, PACKAGE_VERSIONS, PYPI_VERSION
from dharma.model.blueprint import Blueprint
from scripts.pulumi_check import expected

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".pulumi-check"
TSCONFIG = {
    "compilerOptions": {
        "strict": True, "noEmit": True, "target": "es2020", "module": "commonjs",
        "moduleResolution": "node", "skipLibCheck": True, "noImplicitReturns": True,
        "types": ["node"],
    },
    "include": ["programs/**/*.ts"],
}  # fmt: skip
PLANTED = """import * as aws from "@pulumi/aws";

new aws.sqs.Queue("planted", { delaySecond: "5" });
"""


def main() -> int:
    _install()
    examples = sorted([*ROOT.glob("examples/**/*.yaml"), *ROOT.glob("templates/**/*.yaml")])
    blueprints: dict[str, Blueprint] = {}
    refused: list[str] = []
    for file in examples:
        name = "-".join(file.relative_to(ROOT).with_suffix("").parts[1:])
        try:
            blueprints[name] = read_file(file).blueprint
        except DharmaError as error:
            refused.append(f"{name}: {error.message}")
    faults = _typescript(blueprints) + _python(blueprints)
    for line in [*refused, *faults]:
        print(line)
    print(f"{len(blueprints)} blueprints, {len(faults)} faults, {len(refused)} not read")
    return 1 if faults else 0


def _install() -> None:
    """The SDKs of both languages, in the versions that programs pin. Once; they are large."""
    npm, venv = FOLDER / "npm", FOLDER / "python"
    npm.mkdir(parents=True, exist_ok=True)
    dependencies = NPM_VERSIONS | {f"@pulumi/{p}": v for p, v in PACKAGE_VERSIONS.items()}
    wanted = json.dumps({"private": True, "dependencies": dependencies}, indent=1)
    package = npm / "package.json"
    if not (npm / "node_modules").exists() or package.read_text(encoding="utf-8") != wanted:
        package.write_text(wanted, encoding="utf-8")
        _run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", cwd=npm)
    pins = [f"pulumi=={PYPI_VERSION}", *(f"pulumi-{p}=={v}" for p, v in PACKAGE_VERSIONS.items())]
    stamp = venv / "pins.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != "\n".join(pins):
        _run(sys.executable, "-m", "venv", str(venv))
        _run(str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", *pins)
        stamp.write_text("\n".join(pins), encoding="utf-8")


def _run(*command: str, cwd: Path | None = None) -> None:
    subprocess.run(command, cwd=cwd, check=True)


def _written(blueprints: dict[str, Blueprint], target: str, folder: Path) -> list[str]:
    shutil.rmtree(folder, ignore_errors=True)
    faults = []
    for name, bp in blueprints.items():
        try:
            code = generate(bp, target, load_catalog(), GenerateOptions(region=_region(bp)))
        except DharmaError as error:
            faults.append(f"{target} {name}: {error.message}")
            continue
        (folder / name).mkdir(parents=True)
        for path, text in code.files.items():
            (folder / name / path).write_text(text, encoding="utf-8")
    return faults


def _region(bp: Blueprint) -> str:
    return str(expected.AMBIENT[bp.provider]["region"])


def _typescript(blueprints: dict[str, Blueprint]) -> list[str]:
    npm = FOLDER / "npm"
    programs = npm / "programs"
    faults = _written(blueprints, "pulumi-typescript", programs)
    (programs / "planted").mkdir()
    (programs / "planted" / "index.ts").write_text(PLANTED, encoding="utf-8")
    (npm / "tsconfig.json").write_text(json.dumps(TSCONFIG), encoding="utf-8")
    tsc = ["node", "--max-old-space-size=8000", "node_modules/typescript/bin/tsc", "-p", "."]
    done = subprocess.run(tsc, cwd=npm, capture_output=True, text=True, check=False)
    errors = [line for line in done.stdout.splitlines() if re.match(r"\S+\(\d+,\d+\): error", line)]
    planted = [e for e in errors if e.startswith("programs/planted/")]
    if not planted:
        faults.append(f"tsc did not find the planted mistake: {done.stdout}{done.stderr}")
    found = [f"tsc {e}" for e in errors if e not in planted]
    print(f"TypeScript: {len(blueprints)} programs, {len(found)} errors of the compiler")
    return faults + found


def _python(blueprints: dict[str, Blueprint]) -> list[str]:
    folder = FOLDER / "programs"
    faults = _written(blueprints, "pulumi-python", folder)
    meant: dict[str, list[dict[str, Any]]] = {}
    types: set[str] = set()
    for name, bp in blueprints.items():
        if not (folder / name).exists():
            continue
        values = expected.values_of(bp)
        meant[name] = expected.registered(bp, values)
        told = expected.configuration(bp, values)
        (folder / name / "check.json").write_text(json.dumps(told), encoding="utf-8")
        types |= expected.types_of(bp)
    outputs = expected.outputs_of(types)
    (folder / "outputs.json").write_text(json.dumps(outputs), encoding="utf-8")
    runner = Path(__file__).with_name("runner.py")
    python = str(FOLDER / "python" / "bin" / "python")
    done = subprocess.run([python, str(runner), str(folder)], capture_output=True, text=True,
                          check=False)  # fmt: skip
    if done.returncode:
        return [*faults, f"the runner failed: {done.stderr[-2000:]}"]
    results = json.loads(done.stdout.splitlines()[-1])
    compared = 0
    for name, wanted in meant.items():
        result = results[name]
        if "error" in result:
            faults.append(f"python {name}: {result['error']}")
            continue
        compared += len(wanted)
        faults += [f"python {name}: {d}" for d in differences(wanted, result["registered"])]
    print(f"Python: {len(meant)} programs run under mocks, {compared} resources compared")
    return faults


def differences(wanted: list[dict[str, Any]], got: list[dict[str, Any]]) -> list[str]:
    """What is registered and was not meant, or the other way round."""
    mine = {(_class(r["type"]), r["name"]): r["inputs"] for r in wanted}
    theirs = {(_class(r["type"]), r["name"]): r["inputs"] for r in got}
    faults = [f"{k} is not registered" for k in mine.keys() - theirs.keys()]
    # Providers of other regions are no resources of the blueprint.
    faults += [f"{k} is registered and not meant" for k in theirs.keys() - mine.keys()
               if ":providers" not in k[0]]  # fmt: skip
    for key in mine.keys() & theirs.keys():
        a, b = _normal(mine[key]), _normal(theirs[key])
        if a != b:
            paths = [p for p in {**a, **b} if a.get(p) != b.get(p)]
            faults += [f"{key}.{p}: {a.get(p)!r} meant, {b.get(p)!r} registered" for p in paths]
    return sorted(faults)


def _class(token: str) -> str:
    """`aws:sqs/queue:Queue` as `aws.sqs.queue`; the comparison is blind to case."""
    if token.count(":") != 2 or token.startswith("pulumi:"):
        return token.lower()
    package, module, name = token.split(":")
    return f"{package}.{module.split('/')[0]}.{name}".lower()


def _normal(value: Any) -> Any:
    """JSON documents as what they say; nothing where nothing is."""
    if isinstance(value, dict):
        return {k: n for k, v in value.items() if (n := _normal(v)) not in (None, {}, [])}
    if isinstance(value, list):
        return [_normal(v) for v in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _normal(json.loads(value))
        except ValueError:
            return value
    return value


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"pulumi-check: {error}")
