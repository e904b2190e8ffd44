"""A kind file's plain data to the dataclasses of `kinds`.

Every mistake in a file is a `Misconfigured` that names kind, section and line of the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from dharma.catalog.bridges import BRIDGES
from dharma.catalog.formats import FORMATS_OF, Format
from dharma.catalog.kinds import (
    ANYTHING,
    PROPERTY_TYPES,
    Atoms,
    Attachment,
    Bag,
    ElementName,
    Fill,
    FormatMapping,
    Kind,
    Property,
    Rule,
    Table,
)
from dharma.catalog.known import KnownPaths
from dharma.catalog.paths import Path, parse_path
from dharma.catalog.transforms import SAME, Document, Transform, transform_named
from dharma.core.errors import Misconfigured
from dharma.model.expressions.nodes import AMBIENT_NAMES, Ambient, ResourceRef

_Data = Mapping[str, Any]
_KIND_KEYS = frozenset(
    {
        "kind",
        "title",
        "provider",
        "category",
        "stateful",
        "source",
        "identity",
        "properties",
        "attributes",
        "without",
    }
)
_PROPERTY_KEYS = frozenset(
    {
        "type",
        "required",
        "default",
        "enum",
        "immutable",
        "sensitive",
        "stateful",
        "reference",
        "properties",
        "description",
        "partial",
        "aliases",
        "meaningless",
    }
)
_TABLE_KEYS = frozenset({"map", "constants", "fill", "variants"})
_EACH_KEYS = _TABLE_KEYS | {"numbered"}
_RULE_KEYS = frozenset(
    {
        "path",
        "as",
        "each",
        "absent",
        "none",
        "only",
        "always",
        "pair",
        "separator",
        "beside",
        "unless",
        "also",
        "when",
    }
)
_ATTACHMENT_KEYS = _TABLE_KEYS | {
    "type",
    "api_version",
    "owner",
    "owner_attribute",
    "when",
    "only",
    "awaited",
    "ignore",
    "repeats",
}
_ATOMS_KEYS = (_ATTACHMENT_KEYS - {"awaited"}) | {"path", "explode", "self", "label", "element"}
_BAG_KEYS = frozenset({"inline", "separate", "place", "mixed", "absent", "empty"})
_FORMAT_KEYS = _TABLE_KEYS | {
    "type",
    "also",
    "when",
    "not_when",
    "api_version",
    "location_of_parent",
    "noun",
    "attributes",
    "impossible_attributes",
    "attachments",
    "bags",
    "impossible",
    "impossible_literals",
    "no_counterpart",
    "ignore",
    "bridges",
}


def parse_kind(data: _Data) -> Kind:
    """One kind out of its file's data (enum tables already as pairs, see `loading`)."""
    name = str(data.get("kind"))
    try:
        formats = FORMATS_OF.get(data["provider"], ())
        if not formats:
            raise Misconfigured(f"{data['provider']!r} is no provider of {sorted(FORMATS_OF)}")
        _only_keys(data, _KIND_KEYS.union(formats), "the kind")
        identity = data.get("identity")
        properties = {
            key: _property(key, said) for key, said in (data.get("properties") or {}).items()
        }
        return Kind(
            name=name,
            title=data["title"],
            provider=data["provider"],
            category=data["category"],
            stateful=bool(data.get("stateful", False)),
            source=data.get("source", ""),
            properties=properties,
            attributes=dict(data.get("attributes") or {}),
            identity=identity if identity is None else _declared(properties, (identity,)).name,
            mappings=_with_peers(
                {
                    f: _mapping(f, {"noun": _noun(f, name, data[f]), **data[f]}, properties)
                    for f in formats
                    if f in data
                }
            ),
            without=_without(data.get("without") or {}, formats, data),
        )
    except Misconfigured as fault:
        raise Misconfigured(f"{name}: {fault.message}") from fault
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        raise Misconfigured(f"{name}: malformed ({type(fault).__name__}: {fault})") from fault


def _noun(format: Format, kind: str, data: _Data) -> str:
    """What a kind is called in the names of parts: the last word of the type in CloudFormation,
    the kind's own name in Deployment Manager, where no two kinds may share one."""
    if format == "deployment_manager":
        return kind.removeprefix("google_").removeprefix("compute_").replace("_", "-")
    return str(data["type"]).rsplit("::", 1)[-1]


def _without(said: _Data, formats: tuple[Format, ...], data: _Data) -> dict[Format, str]:
    """Why the kind lacks a format."""
    _only_keys(said, frozenset(formats), "without")
    both = sorted(f for f in said if f in data)
    if both:
        raise Misconfigured(f"without names {both}, which are mapped")
    return {f: str(said[f]) for f in formats if f in said}


def _only_keys(data: _Data, allowed: frozenset[str], where: str) -> None:
    unknown = sorted(str(key) for key in set(data) - allowed)
    if unknown:
        raise Misconfigured(f"{where} has unknown keys {unknown}; allowed are {sorted(allowed)}")


def _property(name: str, said: str | _Data) -> Property:
    data: _Data = {"type": said} if isinstance(said, str) else said
    _only_keys(data, _PROPERTY_KEYS, f"property {name}")
    if data["type"] not in PROPERTY_TYPES:
        raise Misconfigured(f"property {name}: {data['type']!r} is no type")
    members = {key: _property(key, m) for key, m in (data.get("properties") or {}).items()}
    if ("object" in data["type"]) != bool(members):
        raise Misconfigured(f"property {name}: objects, and only they, have properties")
    return Property(
        name=name,
        type=data["type"],
        required=bool(data.get("required", False)),
        default=data.get("default"),
        enum=tuple(data.get("enum", ())),
        immutable=bool(data.get("immutable", False)),
        sensitive=bool(data.get("sensitive", False)),
        stateful=bool(data.get("stateful", False)),
        reference=data.get("reference"),
        properties=members,
        description=data.get("description"),
        partial=data.get("partial"),
        aliases=dict(data.get("aliases", {})),
        meaningless=tuple(
            (dict(m["when"]), tuple(m["members"])) for m in data.get("meaningless", ())
        ),
    )


def _declared(properties: dict[str, Property], path: tuple[str, ...]) -> Property:
    """The property that a dotted model path ends at."""
    here = properties
    for position, key in enumerate(path):
        if key not in here:
            raise Misconfigured(f"{'.'.join(path)} is mapped but not declared")
        found = here[key]
        if position < len(path) - 1 and found.type != "object":
            raise Misconfigured(f"{'.'.join(path)}: {key} is no object")
        here = found.properties
    return found


def _table(
    data: _Data, properties: dict[str, Property], apart: Iterable[tuple[str, str]] = ()
) -> Table:
    """A table. `apart` are lists of objects and members of their elements that do not stand
    there."""
    rules: list[Rule] = []
    for model, said in (data.get("map") or {}).items():
        path = tuple(str(model).split("."))
        declared = _declared(properties, path)
        spellings = said if isinstance(said, list) else [said]
        elsewhere = [member for list_, member in apart if list_ == model]
        rules.extend(_rule(path, declared, single, elsewhere) for single in spellings)
        rules = [
            replace(rule, partner_declared=_declared(properties, rule.partner))
            if rule.partner is not None
            else rule
            for rule in rules
        ]
        if sum(rule.only is None for rule in rules if rule.model == path) > 1:
            raise Misconfigured(f"{model}: only the first of several paths is written")
    table = Table(
        rules=tuple(rules),
        constants=tuple((parse_path(p), v) for p, v in (data.get("constants") or {}).items()),
        fills=tuple(Fill(_when(f["when"]), dict(f["with"])) for f in data.get("fill") or ()),
        variants=tuple(
            (_when(v["when"]), _table({k: x for k, x in v.items() if k != "when"}, properties))
            for v in data.get("variants") or ()
        ),
        numbered=tuple(_numbered(p, said) for p, said in (data.get("numbered") or {}).items()),
    )
    return replace(table, known=_known([table]), members=_members([table]))


def _numbered(path: str, said: str) -> tuple[Path, str, str]:
    before, mark, after = said.partition("${number}")
    if not mark:
        raise Misconfigured(f"numbered {path}: {said!r} has no ${{number}}")
    return parse_path(path), before, after


def _known(tables: Iterable[Table], further: Iterable[Path] = ()) -> KnownPaths:
    known = KnownPaths(further)
    for table in tables:
        for rule in table.all_rules():
            known.add(rule.native, rule.each.known if rule.each is not None else None)
            for path in (*rule.also, *(p for p, _ in (*rule.beside, *rule.when))):
                known.add(path)
        for path, _, _ in table.numbered:
            known.add(path)
        for path, _ in _constants(table):
            known.add(path)
    return known


def _constants(table: Table) -> Iterator[tuple[Path, Any]]:
    yield from table.constants
    for _, inner in table.variants:
        yield from _constants(inner)


def _members(tables: Iterable[Table], further: Iterable[tuple[str, ...]] = ()) -> dict[str, object]:
    """The model paths that the tables write, as a tree."""
    tree: dict[str, object] = {}
    rules = [r for table in tables for r in table.all_rules() if r.only != "read"]
    written = [r.model for r in rules]
    written += [r.partner for r in rules if r.partner is not None]
    for path in (*written, *further):
        node: dict[str, object] = tree
        for key in path[:-1]:
            inner = node.setdefault(key, {})
            if not isinstance(inner, dict):
                break
            node = inner
        else:
            node[path[-1]] = None
    return tree


def _when(said: _Data) -> dict[str, tuple[Any, ...]]:
    return {key: tuple(v) if isinstance(v, list) else (v,) for key, v in said.items()}


def _recognised(said: _Data) -> tuple[tuple[Path, tuple[Any, ...]], ...]:
    """Native paths and what stands there; nothing in particular where it only has to be there."""
    return tuple(
        (parse_path(path), () if v == ANYTHING else _several(v)) for path, v in said.items()
    )


def _several(said: Any) -> tuple[Any, ...]:
    """One literal or a list of them."""
    return tuple(said) if isinstance(said, list) else (said,)


def _rule(
    model: tuple[str, ...], declared: Property, said: str | _Data, apart: Iterable[str]
) -> Rule:
    data: _Data = {"path": said} if isinstance(said, str) else said
    where = ".".join(model)
    _only_keys(data, _RULE_KEYS, f"the rule of {where}")
    each = data.get("each")
    if each is not None:
        _only_keys(each, _EACH_KEYS, f"each of {where}")
        if not declared.holds_objects:
            raise Misconfigured(f"{where}: only lists and sets of objects have each")
    elif declared.holds_objects and "as" not in data:
        raise Misconfigured(f"{where}: a list of objects needs each")
    elif declared.type == "object" and "as" not in data:
        raise Misconfigured(f"{where}: map the members of an object one by one")
    always = bool(data.get("always", False))
    if always and declared.default is None:
        raise Misconfigured(f"{where}: without a default there is nothing to write always")
    return Rule(
        model=model,
        native=parse_path(data["path"]),
        declared=declared,
        transform=_transform(data.get("as"), declared),
        each=None if each is None else _each(each, declared.properties, apart),
        absent=data.get("absent"),
        none=data.get("none"),
        only=data.get("only"),
        always=always,
        partner=tuple(str(data["pair"]).split(".")) if "pair" in data else None,
        separator=data.get("separator", ""),
        beside=tuple((parse_path(p), _several(v)) for p, v in (data.get("beside") or {}).items()),
        unless=_several(data.get("unless", [])),
        also=tuple(parse_path(p) for p in data.get("also") or ()),
        when=tuple((parse_path(p), v) for p, v in (data.get("when") or {}).items()),
    )


def _each(data: _Data, properties: dict[str, Property], apart: Iterable[str]) -> Table:
    """The table of an element, which has the members `apart` too and leaves them to others."""
    table = _table(data, properties)
    return replace(table, members=_members([table], ((name,) for name in apart)))


def _transform(said: Any, declared: Property) -> Transform:
    if said is None:
        return Document() if declared.type == "document" else SAME
    if isinstance(said, str):
        return transform_named(said)
    ((name, argument),) = said.items()
    return transform_named(name, argument)


def _mapping(format: Format, data: _Data, properties: dict[str, Property]) -> FormatMapping:
    _only_keys(data, _FORMAT_KEYS, format)
    named = data.get("attributes") or {}
    computed = {k: v for k, v in named.items() if isinstance(v, dict)}
    spellings = {
        k: v if isinstance(v, list) else [v] for k, v in named.items() if not isinstance(v, dict)
    }
    attributes = {attribute: natives[0] for attribute, natives in spellings.items()}
    model_attributes = {native: attribute for attribute, native in reversed(attributes.items())}
    for attribute, natives in spellings.items():
        for native in natives:
            model_attributes.setdefault(native, attribute)
    said = {tuple(str(key).split(".")): b for key, b in (data.get("bags") or {}).items()}
    table = _table(data, properties, [(key[0], key[1]) for key in said if len(key) == 2])
    attachments = tuple(_attachment(a, properties) for a in data.get("attachments") or ())
    written = {rule.model for rule in table.rules if rule.only != "read"}
    bags = tuple(
        _bag(_declared(properties, k), b, by_rule=k in written)
        for k, b in said.items()
        if len(k) == 1
    )
    element_bags: dict[str, tuple[Bag, ...]] = {}
    for key, described in said.items():
        if len(key) > 1:
            found = _element_bag(key, described, properties, table)
            element_bags[key[0]] = (*element_bags.get(key[0], ()), found)
    ignore = tuple(parse_path(p) for p in data.get("ignore") or ())
    bridged = {p for bridge in data.get("bridges") or () for p in BRIDGES[bridge].properties}
    known = _known([table], ignore)
    for bag in bags:
        if bag.inline is not None and bag.inline.path:
            known.add(bag.inline.path, bag.inline.known)
    unwritten = [*(data.get("impossible") or {}), *(data.get("no_counterpart") or {})]
    return FormatMapping(
        format=format,
        type=data["type"],
        also=tuple(data.get("also", ())),
        when=tuple(_recognised(w) for w in data.get("when") or ()),
        not_when=tuple(_recognised(w) for w in data.get("not_when") or ()),
        location_of_parent=bool(data.get("location_of_parent", False)),
        noun=data["noun"],
        attributes=attributes,
        templates={k: _computed(v["template"]) for k, v in computed.items() if "template" in v},
        through={k: _through(v, properties) for k, v in computed.items() if "through" in v},
        impossible_attributes=dict(data.get("impossible_attributes") or {}),
        table=table,
        attachments=attachments,
        bags=bags,
        element_bags=element_bags,
        impossible=dict(data.get("impossible") or {}),
        impossible_literals=dict(data.get("impossible_literals") or {}),
        no_counterpart=dict(data.get("no_counterpart") or {}),
        ignore=ignore,
        bridges=tuple(data.get("bridges") or ()),
        model_attributes=model_attributes,
        known=known,
        members=_members(
            [table, *(a.table for a in attachments if a.only != "read")],
            [
                *((bag.declared.name,) for bag in bags),
                *(tuple(p.split(".")) for p in (*unwritten, *bridged)),
            ],
        ),
        main_properties=frozenset(
            [
                *(rule.model[0] for rule in table.all_rules() if rule.only != "read"),
                *(bag.declared.name for bag in bags if bag.inline_form and bag.place == "inline"),
            ]
        ),
    )


_INTERPOLATION = re.compile(r"\$\{([A-Za-z_.]+)\}")


def _computed(text: str) -> tuple[Any, ...]:
    """An attribute's template as parts: text, ambient values, a reference without an address."""
    parts: list[Any] = []
    for position, piece in enumerate(_INTERPOLATION.split(text)):
        if position % 2 == 0:
            if piece:
                parts.append(piece)
        elif piece in AMBIENT_NAMES:
            parts.append(Ambient(piece))
        else:
            parts.append(ResourceRef("", tuple(piece.split("."))))
    if not any(isinstance(part, ResourceRef) for part in parts):
        raise Misconfigured(f"{text!r} names no attribute of the resource")
    return tuple(parts)


def _through(said: _Data, properties: dict[str, Property]) -> tuple[str, str]:
    """An attribute of the resource that a property refers to: the property and that attribute."""
    _only_keys(said, frozenset({"through", "attribute"}), "an attribute through a property")
    return _declared(properties, (said["through"],)).name, said["attribute"]


def _with_peers(mappings: dict[Format, FormatMapping]) -> dict[Format, FormatMapping]:
    """Every format's bags with the peers that any of the formats tells apart."""
    peers: dict[str, dict[str, None]] = {}
    for mapping in mappings.values():
        for bag in mapping.bags:
            forms = [form for form in (bag.inline, *bag.separate) if form is not None]
            peers.setdefault(bag.declared.name, {}).update(
                dict.fromkeys(name for form in forms for _, name in form.explode)
            )
    return {
        format: replace(
            mapping,
            bags=tuple(replace(b, peers=tuple(peers[b.declared.name])) for b in mapping.bags),
        )
        for format, mapping in mappings.items()
    }


def _attachment(data: _Data, properties: dict[str, Property]) -> Attachment:
    _only_keys(data, _ATTACHMENT_KEYS, f"attachment {data.get('type')}")
    table = _table(data, properties)
    owner = parse_path(data["owner"])
    when = dict(data.get("when") or {})
    repeats = tuple(data.get("repeats") or ())
    return Attachment(
        type=data["type"],
        owner=owner,
        owner_attribute=data.get("owner_attribute", "id"),
        table=table,
        when=when,
        only=data.get("only"),
        awaited=bool(data.get("awaited", False)),
        repeats=repeats,
        known=_known(
            [table], [owner, *(parse_path(key) for key in (*when, *repeats, *_ignored(data)))]
        ),
    )


def _bag(declared: Property, data: _Data, *, by_rule: bool = False) -> Bag:
    """A bag. `by_rule`: a rule of the main table says it, and further atoms are only read."""
    where = f"bag {declared.name}"
    _only_keys(data, _BAG_KEYS, where)
    if not declared.is_set:
        raise Misconfigured(f"{where}: only sets are bags")
    members = declared.properties or {"value": Property("value", declared.type[4:-1])}
    inline = data.get("inline")
    separate = tuple(_atoms(a, members, where) for a in data.get("separate") or ())
    forms = (inline, *(data.get("separate") or ()))
    if by_rule == any(form is not None and form.get("only") != "read" for form in forms):
        raise Misconfigured(f"{where}: it is written by a rule or in a form of its own")
    place: Literal["inline", "separate"] = data.get("place") or ("inline" if inline else "separate")
    return Bag(
        declared=declared,
        inline=None if inline is None else _atoms(inline, members, where),
        separate=separate,
        place=place,
        mixed=bool(data.get("mixed", True)),
        absent=tuple(data.get("absent") or ()),
        empty=tuple(data.get("empty") or ()),
    )


def _element_bag(
    path: tuple[str, ...], data: _Data, properties: dict[str, Property], table: Table
) -> Bag:
    """A bag that every element of a list has. Where its atoms stand inside of the element, the
    list's own table says so; here it is about resources apart, which name the element."""
    where = f"bag {'.'.join(path)}"
    holder = properties.get(path[0])
    if len(path) != 2 or holder is None or not holder.holds_objects:
        raise Misconfigured(f"{where}: only elements of a list of objects have bags of their own")
    if path[1] not in holder.properties:
        raise Misconfigured(f"{where} is not declared")
    if "inline" in data:
        raise Misconfigured(f"{where}: what stands inside of an element is said by its list's each")
    bag = _bag(holder.properties[path[1]], data)
    separate = tuple(
        replace(form, element=_element_name(said.get("element"), holder, table, where))
        for form, said in zip(bag.separate, data["separate"], strict=True)
    )
    return replace(bag, separate=separate)


def _element_name(said: _Data | None, holder: Property, table: Table, where: str) -> ElementName:
    if said is None or len(said) != 1:
        raise Misconfigured(f"{where}: element says which member names an element, and where")
    ((member, path),) = said.items()
    for rule in table.rules:
        if rule.model == (holder.name,) and rule.each is not None:
            for inner in rule.each.rules:
                if inner.model == (member,):
                    return ElementName(
                        parse_path(path), holder.name, inner.declared, rule.native, inner.native
                    )
    raise Misconfigured(f"{where}: elements have no {member} of their own")


def _ignored(data: _Data) -> tuple[str, ...]:
    """Native paths of a piece that are read without meaning anything."""
    return tuple(data.get("ignore") or ())


def _atoms(data: _Data, members: dict[str, Property], where: str) -> Atoms:
    _only_keys(data, _ATOMS_KEYS, where)
    path: Path | None = parse_path(data["path"]) if "path" in data else None
    if (path is None) == ("type" not in data):
        raise Misconfigured(f"{where}: inline has a path, a separate resource a type")
    said = data.get("self")
    table = _table(data, members)
    owner = () if path is not None else parse_path(data["owner"])
    when = dict(data.get("when") or {})
    explode = dict(data.get("explode") or {})
    repeats = tuple(data.get("repeats") or ())
    element = tuple((data.get("element") or {}).values())
    named = (*when, *explode, *repeats, *element, *_ignored(data))
    further = [*([owner] if owner else []), *(parse_path(k) for k in named)]
    if said is not None:
        further.append(parse_path(said["path"]))
    return Atoms(
        table=table,
        path=path,
        type=data.get("type", ""),
        owner=owner,
        owner_attribute=data.get("owner_attribute", "id"),
        when=when,
        explode=tuple(explode.items()),
        self_reference=None if said is None else (said["path"], said["member"]),
        label=tuple(data.get("label") or ()),
        only=data.get("only"),
        repeats=repeats,
        known=_known([table], further),
    )
