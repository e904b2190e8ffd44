"""Documents that people wrote, as they lie in `docs/`."""

from __future__ import annotations

from dharma.core.project_files import find

# Topic, and the file that it is. Each of them goes into the wheel, too.
TEXTS = {
    "blueprint": "blueprint-format.md",
    "cross-cloud": "cross-cloud.md",
    "own-kinds": "catalog-format.md",
    "own-policies": "policies.md",
}


def text(topic: str) -> str:
    """The document of a topic, as Markdown."""
    return find(f"docs/{TEXTS[topic]}").read_text(encoding="utf-8")


def title(topic: str) -> str:
    """Its first heading."""
    return text(topic).partition("\n")[0].removeprefix("# ")
