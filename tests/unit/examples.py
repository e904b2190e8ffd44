"""The example blueprints, and which formats each can be written in."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.catalog.formats import FORMATS_OF, Format, target_of

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))
KINDS = sorted(FOLDER.glob("kinds/*.yaml"))
# Where an example says what one of the formats cannot, with the error that tells of it.
REFUSED = {
    ("google_kms_crypto_key", "deployment_manager"): "rotation_period: the API wants the time",
}


@cache
def formats_of(example: Path) -> tuple[Format, ...]:
    """The formats that all kinds of an example have, those that refuse it included."""
    blueprint = load_blueprint(example.read_bytes(), example.name)
    kinds = [load_catalog().kind(resource.type) for resource in blueprint.resources]
    return tuple(
        format
        for format in FORMATS_OF[blueprint.provider]
        if all(kind is not None and format in kind.mappings for kind in kinds)
        # Elsewhere what is deployed together lies in one region.
        and (format == "terraform" or all(r.region is None for r in blueprint.resources))
    )


def targets_of(examples: list[Path]) -> list[tuple[Path, str]]:
    """Each example with each target that takes it."""
    return [(example, target_of(format)) for example, format in written_in(examples)]


def written_in(examples: list[Path]) -> list[tuple[Path, Format]]:
    """Each example with each format that takes it."""
    return [
        (example, format)
        for example in examples
        for format in formats_of(example)
        if (example.stem, format) not in REFUSED
    ]
