"""The kinds of resources, and the engine that maps them to and from each format.

`write` turns resources of the model into a document of a format, `read` a document into resources;
both run the same tables, which `docs/catalog-format.md` describes.
"""

from dharma.catalog.catalog import Catalog, load_catalog
from dharma.catalog.document import Document, Format, Note, Part
from dharma.catalog.kinds import Kind, Property

__all__ = [
    "Catalog",
    "Document",
    "Format",
    "Kind",
    "Note",
    "Part",
    "Property",
    "load_catalog",
]
