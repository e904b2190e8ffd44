"""Which mistakes in kind files would no check notice? Every mutation of `mutations` is put before
the checks that a kind has: loading, the formats' schemas, its example, random round trips.

A survivor is either a check that is missing or a fact that no schema tells (a default, a flag of
the model); the latter are counted apart, by the operator that made them.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dharma.blueprint.source import load_blueprint
from dharma.blueprint.validation import validate
from dharma.catalog import Catalog, Kind, canonical, read, write
from dharma.catalog.loading import load_kind_data
from dharma.core.errors import DharmaError, Misconfigured, NotExpressible
from dharma.model.blueprint import Blueprint
from scripts.catalog_check.conform import faults
from scripts.catalog_check.mutations import Mutation, mutations
from scripts.catalog_check.prove import prove
from tests.unit.catalog.random_resources import RandomResources
from tests.unit.catalog.refusals import chains, declared_reason

EXAMPLES = Path(__file__).parents[2] / "examples" / "kinds"
ROUNDS = 25
# How a file that makes no sense may end a check that trusts it; a test would end so too.
CRASHES = (AssertionError, AttributeError, LookupError, TypeError, ValueError)
# What a mutation by these operators changes is known to nobody but the cloud: no schema says it.
FACTS = {
    "drop default": "a default of the service",
    "flip default": "a default of the service",
    "drop stateful": "whether data is lost",
    "drop reference": "what a text usually refers to",
    "drop sensitive": "what must not be shown (CloudFormation's schema knows write-only ones)",
    "drop immutable": "what replaces the resource (where CloudFormation's schema is silent)",
    "drop enum": "which literals a service takes (where the schema is silent)",
    "drop allowed literal": "which literals a service takes (where the schema is silent)",
    "drop required": "what the model demands beyond the schemas",
    "drop also": "another type that is read as this one",
    "drop declared attribute": "what others may refer to",
    "drop property": "what the model has at all",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/catalog-mutate", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="default: all")
    parser.add_argument("--survivors", action="store_true", help="name each survivor")
    parser.add_argument("--sample", type=float, default=1.0, help="share of the mutations to try")
    arguments = parser.parse_args()
    data = load_kind_data()
    chosen = random.Random(1)
    killed: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    began = time.monotonic()
    for name in arguments.kinds or data:
        for mutation in mutations(data[name]):
            if chosen.random() > arguments.sample:
                continue
            verdict = judge(mutation, name, data)
            if verdict is None:
                survived[mutation.operator] += 1
                if arguments.survivors:
                    print(f"{name}: {mutation}", flush=True)
            else:
                killed[verdict] += 1
    _report(killed, survived, time.monotonic() - began)
    return 0


def _report(killed: Counter[str], survived: Counter[str], seconds: float) -> None:
    total = killed.total() + survived.total()
    print(f"{total} mutations in {seconds:.0f} s, {killed.total()} noticed: {dict(killed)}")
    facts = sum(count for operator, count in survived.items() if operator in FACTS)
    print(f"{survived.total()} survived, {facts} of them facts that no schema tells:")
    for operator, count in survived.most_common():
        print(f"  {count:5} {operator}{f': {FACTS[operator]}' if operator in FACTS else ''}")


def judge(mutation: Mutation, name: str, data: Mapping[str, Any]) -> str | None:
    """The first check that notices a mutation; None when none does."""
    catalog = Catalog({**data, name: mutation.data})
    try:
        kind = catalog.kind(name)
    except Misconfigured:
        return "loading"
    assert kind is not None
    try:
        if prove(kind):
            return "schemas"
        if _example_fails(kind, catalog):
            return "example"
        return "round trips" if any(_round_trips_fail(kind, catalog)) else None
    except CRASHES:
        return "a crash"


def _example_fails(kind: Kind, catalog: Catalog) -> bool:
    blueprint = _example(kind.name)
    if validate(blueprint, catalog):
        return True
    for format in kind.mappings:
        try:
            document, _ = write(blueprint.resources, format, catalog)
            if faults(document):
                return True
            back, notes = read(document, catalog)
        except DharmaError:
            return True
        if notes or canonical(back, catalog) != canonical(blueprint.resources, catalog):
            return True
    return False


_EXAMPLES: dict[str, Blueprint] = {}


def _example(name: str) -> Blueprint:
    if name not in _EXAMPLES:
        file = EXAMPLES / f"{name}.yaml"
        _EXAMPLES[name] = load_blueprint(file.read_bytes(), file.name)
    return _EXAMPLES[name]


def _round_trips_fail(kind: Kind, catalog: Catalog) -> Iterator[bool]:
    for formats in chains(kind).values():
        for seed in range(ROUNDS):
            resources = RandomResources(seed, formats, catalog).make(kind)
            back = resources
            try:
                for format in formats:
                    document, _ = write(back, format, catalog)
                    back, notes = read(document, catalog)
                    yield bool(notes)
            except NotExpressible as refusal:
                yield declared_reason(str(refusal), kind, formats) is None
                continue
            yield canonical(back, catalog) != canonical(resources, catalog)


if __name__ == "__main__":
    sys.exit(main())
