"""What is left of a template that goes through other formats and comes back.

Every way begins with a template of a cloud's own format, read as a blueprint. It is written and
read again, step by step, and what comes back is compared with what was there first, on the form
in which equal things are equal (`dharma.catalog.canonical`): resources with their properties,
loops and order, variables, outputs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from dharma.blueprint.readers import read_text
from dharma.blueprint.readers.terraform.opening import read_sent
from dharma.catalog import canonical, load_catalog
from dharma.core.errors import DharmaError
from dharma.generator import generate
from dharma.model.blueprint import Blueprint, Lifecycle, Output, Resource, Variable
from dharma.model.expressions.nodes import Value, references


@dataclass(slots=True)
class Trip:
    """What became of one blueprint on one way. `outcome`: "ok", an error's class, or "crash";
    `refused` says why. `differing`: address and property of what is not as it was; a resource that
    is missing differs in everything. `native` counts what stands beside the model for one format
    alone (`CreationPolicy`, the logical id), `native_lost` names what of it did not come back."""

    outcome: str = "ok"
    refused: str = ""
    resources: int = 0
    properties: int = 0
    differing: list[tuple[str, str]] = field(default_factory=list)
    native: int = 0
    native_lost: list[str] = field(default_factory=list)

    @property
    def identical(self) -> bool:
        return self.outcome == "ok" and not self.differing

    @property
    def changed(self) -> int:
        """How many resources are not as they were."""
        return len({address for address, _ in self.differing})


def ways(native: str) -> dict[str, tuple[str, ...]]:
    """The targets by way, for templates of a cloud's own format."""
    return {
        f"{native} again": (native,),
        "terraform": ("terraform",),
        f"terraform, then {native} again": ("terraform", native),
    }


def round_trip(blueprint: Blueprint, targets: Iterable[str]) -> Trip:
    """Write and read a blueprint in one target after the other, and compare."""
    trip = Trip()
    try:
        back = blueprint
        for target in targets:
            back = _through(back, target)
        _compare(blueprint, back, trip)
    except DharmaError as error:
        trip.outcome, trip.refused = error.code, str(error)
    except Exception as error:  # noqa: BLE001 - a crash is a result here, and the exit code tells
        trip.outcome, trip.refused = "crash", f"{type(error).__name__}: {error}"
    return trip


def _through(blueprint: Blueprint, target: str) -> Blueprint:
    catalog = load_catalog()
    files = generate(blueprint, target, catalog).files
    if target == "terraform":
        return read_sent({path: text.encode() for path, text in files.items()}, catalog).blueprint
    ((name, text),) = files.items()
    return read_text(text, name, catalog).blueprint


def _compare(before: Blueprint, after: Blueprint, trip: Trip) -> None:
    was, became = _comparable(before), _comparable(after)
    trip.resources = len(was)
    for address in [*was, *(a for a in became if a not in was)]:
        one, other = was.get(address, {}), became.get(address, {})
        names = dict.fromkeys([*one, *other])
        trip.properties += len(names)
        if address not in became or address not in was:
            trip.differing.append((address, "is missing" if address in was else "is new"))
        trip.differing += [(address, n) for n in names if one.get(n) != other.get(n)]
    came = {r.address: r.native for r in after.resources}
    for resource in before.resources:
        for format, additions in resource.native.items():
            kept = came.get(resource.address, {}).get(format, {})
            trip.native += len(additions)
            trip.native_lost += [name for name in additions if name not in kept]


def _comparable(blueprint: Blueprint) -> dict[str, dict[str, object]]:
    """Members by address. Variables and outputs stand beside the resources, each with what it says;
    the references in them are settled like all others."""
    variables = [Resource("variable", v.name, _variable(v)) for v in blueprint.variables]
    existence = {r.address: r.condition for r in blueprint.resources}
    outputs = [
        Resource(
            "output",
            o.name,
            {"value": o.value, "sensitive": o.sensitive or None},
            condition=_own_condition(o, existence),
        )
        for o in blueprint.outputs
    ]
    found = canonical([*blueprint.resources, *variables, *outputs], load_catalog())
    lifecycles = {r.address: r.lifecycle for r in blueprint.resources}
    flat: dict[str, dict[str, object]] = {}
    for address, said in found.items():
        assert isinstance(said, dict)
        flat[address] = {**said.pop("properties"), **said}
        if lifecycles.get(address, Lifecycle()) != Lifecycle():
            flat[address]["lifecycle"] = lifecycles[address]
    return flat


def _own_condition(output: Output, existence: dict[str, Value]) -> Value:
    """The condition of an output, None where it is that of a resource which it shows."""
    shown = [existence.get(ref.address) for ref in references(output.value)]
    return None if output.condition in shown else output.condition


def _variable(variable: Variable) -> dict[str, Value]:
    return {
        "type": variable.type,
        "default": variable.default,
        "required": variable.required or None,
        "sensitive": variable.sensitive or None,
        "description": variable.description,
        "allowed": list(variable.allowed) or None,
        "pattern": variable.pattern,
        "min": variable.min,
        "max": variable.max,
    }


def show_trips(trips: dict[str, dict[str, Trip]]) -> None:
    """Print the shares by way; `trips` are by way and file."""
    for way, found in trips.items():
        done = {path: trip for path, trip in found.items() if trip.outcome == "ok"}
        identical = sum(trip.identical for trip in done.values())
        resources = sum(trip.resources for trip in done.values())
        properties = sum(trip.properties for trip in done.values())
        same = resources - sum(trip.changed for trip in done.values())
        equal = properties - sum(len(trip.differing) for trip in done.values())
        native = sum(trip.native for trip in done.values())
        lost = Counter(name for trip in done.values() for name in trip.native_lost)
        print(f"\n{way}: {len(done)} of {len(found)} templates can be written")
        print(f"  identical: {identical} templates ({share(identical, len(done))})")
        print(f"  resources, variables, outputs: {same} of {resources} ({share(same, resources)})")
        print(f"  their properties: {equal} of {properties} ({share(equal, properties)})")
        not_kept = ", ".join(f"{n} {what}" for what, n in lost.most_common(8)) or "nothing"
        print(f"  said for one format alone: {native - lost.total()} of {native}; lost: {not_kept}")
        _show_refusals(found)
        _show_differences(done)


def _show_refusals(found: dict[str, Trip]) -> None:
    counts = Counter(
        f"{trip.outcome}: {trip.refused.split(': ', 1)[-1]}"
        for trip in found.values()
        if trip.outcome != "ok"
    )
    for what, count in counts.most_common(15):
        print(f"{count:5}  {what}")


def _show_differences(done: dict[str, Trip]) -> None:
    counts: Counter[str] = Counter()
    example: dict[str, str] = {}
    for path, trip in done.items():
        for address, name in trip.differing:
            what = f"{address.split('.')[0]} {name}"
            counts[what] += 1
            example.setdefault(what, f"{path}: {address}")
    for what, count in counts.most_common(40):
        print(f"{count:5}  {what}  ({example[what]})")


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
