"""The kinds of resources, and the engine that maps them to and from each format.

`write` turns resources of the model into a document of a format, `read` a document into resources;
both run the same tables, which `docs/catalog-format.md` describes.
"""

from dharma.catalog.canonical import canonical
from dharma.catalog.catalog import Catalog, load_catalog
from dharma.catalog.document import Document, Note, Part
from dharma.catalog.formats import Format
from dharma.catalog.kinds import Kind, Property
from dharma.catalog.placement import detachable
from dharma.catalog.reading import read
from dharma.catalog.writing import write

__all__ = [
    "Catalog",
    "Document",
    "Format",
    "Kind",
    "Note",
    "Part",
    "Property",
    "canonical",
    "detachable",
    "load_catalog",
    "read",
    "write",
]
