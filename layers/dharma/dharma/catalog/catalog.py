"""All kinds, found by name or by native type. Kinds are parsed when they are first asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from dharma.catalog.formats import FORMATS_OF, Format
from dharma.catalog.kind_files import parse_kind
from dharma.catalog.kinds import Atoms, Attachment, Bag, Kind
from dharma.catalog.loading import load_kind_data
from dharma.model.expressions.nodes import Value


class Catalog:
    """The kinds. `data` is the plain data of their files, by name."""

    def __init__(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        self._data = data
        self._kinds: dict[str, Kind] = {}
        self._main: dict[tuple[str, str], list[str]] = {}
        self._api_versions: dict[str, str] = {}
        self._folded: dict[tuple[str, str], list[str]] = {}
        for name, said in data.items():
            for format in FORMATS_OF.get(said.get("provider", ""), ()):
                self._index(name, format, said.get(format) or {})
        self._pieces: dict[tuple[str, str], tuple[Piece, ...]] = {}

    def _index(self, name: str, format: Format, said: Mapping[str, Any]) -> None:
        if "type" in said:
            for native in (said["type"], *(said.get("also") or ())):
                self._main.setdefault((format, native), []).append(name)
        pieces = list(said.get("attachments") or ())
        for bag in (said.get("bags") or {}).values():
            pieces.extend(bag.get("separate") or ())
        for described in (said, *pieces):
            if "api_version" in described:
                self._api_versions[described["type"]] = described["api_version"]
        for native in dict.fromkeys(piece["type"] for piece in pieces):
            self._folded.setdefault((format, native), []).append(name)

    def kind(self, name: str) -> Kind | None:
        """The kind of that name."""
        found = self._kinds.get(name)
        if found is None and name in self._data:
            found = self._kinds[name] = parse_kind(self._data[name])
        return found

    def kinds(self, provider: str | None = None) -> Iterable[Kind]:
        """All kinds, of one provider if given, by name."""
        for name, said in self._data.items():
            if provider is None or said["provider"] == provider:
                kind = self.kind(name)
                assert kind is not None
                yield kind

    def names(self, provider: str | None = None) -> list[str]:
        return [n for n, said in self._data.items() if provider in (None, said["provider"])]

    def kind_of(
        self, format: Format, native_type: str, arguments: Mapping[str, Value] | None = None
    ) -> Kind | None:
        """The kind whose main part has this native type. Where several have it, the arguments tell
        which; one that asks for nothing if they do not, or the first by name. None too where they
        say that the catalog does not describe what it is."""
        names = self._main.get((format, native_type), ())
        if arguments is not None:
            names = [
                name
                for name in names
                if (kind := self.kind(name)) is None
                or not kind.mappings[format].excludes(arguments)
            ]
        if len(names) > 1 and arguments is not None:
            for name in names:
                kind = self.kind(name)
                if kind is not None and kind.mappings[format].recognises(arguments):
                    return kind
            for name in names:
                kind = self.kind(name)
                if kind is not None and not kind.mappings[format].when:
                    return kind
        return self.kind(names[0]) if names else None

    def native_types(self, format: Format) -> set[str]:
        """Every native type of a format that some kind reads."""
        known = (*self._main, *self._folded)
        return {native for found, native in known if found == format}

    def api_version(self, native_type: str) -> str | None:
        """The version of Azure's API that the kind files give for a type."""
        return self._api_versions.get(native_type)

    def pieces_of(self, format: Format, native_type: str) -> tuple[Piece, ...]:
        """What resources of this native type may be folded into, and how."""
        key = (format, native_type)
        if key not in self._pieces:
            self._pieces[key] = tuple(
                piece
                for name in self._folded.get(key, ())
                if (kind := self.kind(name)) is not None
                for piece in _pieces(kind, format, native_type)
            )
        return self._pieces[key]


class Piece:
    """A way to fold a native resource into a kind: an attachment, or the atoms of a bag."""

    __slots__ = ("bag", "form", "kind")

    def __init__(self, kind: Kind, form: Attachment | Atoms, bag: Bag | None) -> None:
        self.kind = kind
        self.form = form
        self.bag = bag


def _pieces(kind: Kind, format: Format, native_type: str) -> Iterable[Piece]:
    mapping = kind.mappings[format]
    for attachment in mapping.attachments:
        if attachment.type == native_type:
            yield Piece(kind, attachment, None)
    for _, bag in mapping.all_bags:
        for atoms in bag.separate:
            if atoms.type == native_type:
                yield Piece(kind, atoms, bag)


@lru_cache(maxsize=1)
def load_catalog() -> Catalog:
    """The catalog of this installation."""
    return Catalog(load_kind_data())
