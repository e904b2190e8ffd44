"""Every format out, for every cloud: a three-tier blueprint over and over.

The writers' CPU time in a warm process, and what a whole command over 10,000 resources needs, with
reading again what was written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from figures import Row, cpu_seconds
from processes import ROOT, command_cpu
from workload import many_of

SOURCES = {
    "aws": ("templates/aws/three-tier-web.yaml", "cloudformation"),
    "azure": ("templates/azure/three-tier-web.yaml", "arm"),
    # Without secrets, which Deployment Manager has no place for.
    "gcp": ("examples/gcp-web.yaml", "deployment-manager"),
}
EVERYWHERE = ("terraform", "pulumi-typescript", "pulumi-python")
# What the blueprints ask for and have no default for.
VALUES = {
    "aws": {"database_password": "long-enough-to-hold"},
    "azure": {"ssh_public_key": "ssh-ed25519 AAAA", "database_password": "long-enough-to-hold"},
    "gcp": {},
}


def measure() -> Iterator[Row]:
    from dharma.blueprint.source import load_blueprint
    from dharma.catalog import load_catalog
    from dharma.generator import GenerateOptions, generate

    catalog = load_catalog()
    for cloud, (source, own) in SOURCES.items():
        options = GenerateOptions(variables=VALUES[cloud])
        for count in (100, 1000, 10_000):
            blueprint = load_blueprint(many_of(ROOT / source, count))
            for target in (own, *EVERYWHERE):
                writing = partial(generate, blueprint, target, catalog, options)
                spent = cpu_seconds(writing, 1 if count == 10_000 else 3)
                budget = 1.0 if count == 1000 else None
                yield Row(f"{cloud} as {target}, {count}", spent, "s CPU", budget)
    yield from _whole_commands()


def _whole_commands() -> Iterator[Row]:
    for cloud, (source, own) in SOURCES.items():
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder) / "blueprint.yaml")
            Path(file).write_text(many_of(ROOT / source, 10_000), encoding="utf-8")
            values = [f"--var={name}={value}" for name, value in VALUES[cloud].items()]
            for command in ("validate", "check", "cost"):
                yield from _whole(f"{cloud}, {command}", command, file, *values)
            for target in (own, *EVERYWHERE):
                into = str(Path(folder) / target)
                words = ("generate", file, "-f", target, "-o", into, "--force", *values)
                yield from _whole(f"{cloud}, generate {target}", *words)


def _whole(name: str, *words: str) -> Iterator[Row]:
    cpu, peak = command_cpu(*words, runs=1)
    yield Row(f"{name}, 10000, whole command", cpu, "s CPU")
    yield Row(f"{name}, 10000, peak memory", peak, "MiB", 400)
