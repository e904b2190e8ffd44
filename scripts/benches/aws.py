"""What Lambda gets: sizes of functions and layers, and the CPU time of a cold start.

Sizes are of what `sam build` puts together (the same Makefiles) for Lambda's processor. A cold
start is a new process of Lambda's Python with nothing on its path but the function and its layers,
these built for the processor of this machine. Without that Python here it is the running one.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from figures import Row

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra/template.yaml"
LAMBDA_PYTHON = "3.13"
RUNS = 5
MB = 1_000_000
ZIPPED, UNZIPPED = 60.0, 250.0
BUDGETS = {"AuthorizerFunction": 0.25}
COLD = """
import importlib, json, os, sys, time
sys.path[:0] = json.loads(sys.argv[1])
module, _, name = sys.argv[2].rpartition(".")
handler = getattr(importlib.import_module(module), name)
if len(sys.argv) > 3:
    assert handler(json.loads(sys.argv[3]), None)["isAuthorized"]
print(time.process_time())
"""


class _Template(yaml.SafeLoader):
    """YAML in which `!Ref X`, and any other short tag, is its argument."""


def _argument(loader: Any, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


_Template.add_multi_constructor("!", _argument)


def measure() -> Iterator[Row]:
    functions, layers = _parts()
    python, version = _lambda_python()
    print(f"cold starts: Python {version} on {platform.machine()}, median of {RUNS}")
    with tempfile.TemporaryDirectory() as scratch:
        target, here = Path(scratch, "target"), Path(scratch, "here")
        machine = (f"PYTHON_VERSION={version}", f"PROCESSOR={platform.machine()}")
        with ThreadPoolExecutor(2) as two:
            every = [*functions, *layers]
            list(two.map(lambda name: _build(name, target, name in layers), every))
            list(two.map(lambda name: _build(name, here, name in layers, *machine), every))
        sizes = {name: _sizes(target / name) for name in every}
        for name in every:
            yield from _size_rows(name, sizes[name], own=True)
        for name, (_, own) in functions.items():
            whole = [sizes[part] for part in (name, *own)]
            total = (sum(zipped for zipped, _ in whole), sum(plain for _, plain in whole))
            yield from _size_rows(name, total, own=False)
        for name, (handler, own) in functions.items():
            path = [str(here / name), *(str(here / layer / "python") for layer in own)]
            budget = BUDGETS.get(name, 0.8)
            yield Row(f"{name}, cold", _cold(python, path, handler), "s CPU", budget)
            bare = _cold(python, path, handler, compiled=False)
            yield Row(f"{name}, cold, modules not compiled", bare, "s CPU", budget)
            if handler.endswith("authorizer.handler"):
                first = _cold(python, path, handler, request=True)
                yield Row(f"{name}, cold with its first token", first, "s CPU", budget)


def _parts() -> tuple[dict[str, tuple[str, list[str]]], list[str]]:
    """Functions with handler and layers, and all layers, by logical id."""
    document = yaml.load(TEMPLATE.read_text(), Loader=_Template)
    everywhere = document["Globals"]["Function"]["Layers"]
    kinds = {name: r["Type"].rpartition("::")[2] for name, r in document["Resources"].items()}
    functions = {}
    for name, kind in kinds.items():
        if kind == "Function":
            own = document["Resources"][name]["Properties"]
            functions[name] = (own["Handler"], [*everywhere, *own.get("Layers", [])])
    return functions, [name for name, kind in kinds.items() if kind == "LayerVersion"]


def _lambda_python() -> tuple[str, str]:
    found = shutil.which(f"python{LAMBDA_PYTHON}")
    if found and not subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
        return found, LAMBDA_PYTHON
    return sys.executable, f"{sys.version_info[0]}.{sys.version_info[1]}"


def _build(name: str, folder: Path, layer: bool, *variables: str) -> None:
    makefile = "layers/Makefile" if layer else "functions/Makefile"
    (folder / name).mkdir(parents=True)
    subprocess.run(
        [
            "make",
            "--silent",
            "-f",
            makefile,
            f"build-{name}",
            f"PYTHON={sys.executable}",
            *variables,
        ],
        cwd=ROOT,
        env={**os.environ, "ARTIFACTS_DIR": str(folder / name)},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _sizes(folder: Path) -> tuple[float, float]:
    """Zipped and unzipped megabytes."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.write(file, file.relative_to(folder))
    return archive.stat().st_size / MB, sum(file.stat().st_size for file in files) / MB


def _size_rows(name: str, size: tuple[float, float], *, own: bool) -> Iterator[Row]:
    title = name if own else f"{name} with its layers"
    yield Row(f"{title}, zipped", size[0], "MB", None if own else ZIPPED)
    yield Row(f"{title}, unzipped", size[1], "MB", None if own else UNZIPPED)


def _cold(
    python: str, path: list[str], handler: str, *, compiled: bool = True, request: bool = False
) -> float:
    """CPU seconds of the whole process: the interpreter, the handler's imports, a request."""
    environment = {"DHARMA_RUNTIME": "aws", "PYTHONDONTWRITEBYTECODE": "1"}
    words = ["-S", "-P", "-c", COLD, json.dumps(path), handler]
    if not compiled:
        words = ["-X", "pycache_prefix=/nowhere", *words]
    if request:
        token, environment["DHARMA_TOKEN_JWKS"] = _token()
        words.append(json.dumps({"headers": {"authorization": f"Bearer {token}"}}))
    taken = [
        float(
            subprocess.run(
                [python, *words], env=environment, capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(RUNS)
    ]
    return statistics.median(taken)


def _token() -> tuple[str, str]:
    """A token that the authorizer accepts, and the key set that says so."""
    from dharma.core.clock import SystemClock
    from dharma.core.principal import Principal
    from dharma.sso.tokens import TokenIssuer, new_signing_key, public_keys

    key = new_signing_key()
    issuer = TokenIssuer(key, "https://dharma.local", "dharma-api", SystemClock())
    principal = Principal("bench", "default", frozenset({"viewer"}))
    return issuer.issue(principal, timedelta(hours=1)), json.dumps(public_keys(key))
