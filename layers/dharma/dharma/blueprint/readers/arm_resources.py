"""The resources of an ARM template, found, named and linked.

Azure knows a resource by its type and names (`vnet/app`). First all resources are gathered with
what they are called; then their bodies are read, where `resourceId`, `reference` and the names of
parents find the resources they mean. A name alone is a reference only where the resource also waits
(`dependsOn`) for the one of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from dharma.blueprint.readers.arm_values import ArmExpressions, Names, at_index
from dharma.blueprint.yaml_source import Node
from dharma.catalog import Catalog
from dharma.catalog.document import Note, Part
from dharma.catalog.formats import PLACES, azure_type, kept_type
from dharma.catalog.naming import Names as TakenNames
from dharma.catalog.naming import snake
from dharma.catalog.references import rewrite
from dharma.model.arm_functions import OWN_PART
from dharma.model.arm_language import ArmCall, ArmSyntaxError, ArmValue, parse_text
from dharma.model.expressions.nodes import (
    Ambient,
    Call,
    Conditional,
    Index,
    ResourceRef,
    Symbol,
    Template,
    Value,
    VariableRef,
    references,
    walk,
)
from dharma.model.expressions.templates import join_parts
from dharma.model.origin import Origin

GROUP = "Microsoft.Resources/resourceGroups"
DEPLOYMENT = "microsoft.resources/deployments"
# Properties that hold child resources, of types that the catalog has kinds for.
_INLINE = {
    "Microsoft.Network/virtualNetworks": ("subnets",),
    "Microsoft.Network/loadBalancers": ("backendAddressPools",),
}
# Azure changes one of these at a time: their siblings wait for each other, and mean nothing by it.
SERIAL = frozenset({"Microsoft.Network/virtualNetworks/subnets"})
_ENVELOPE = frozenset(
    {
        "apiversion",
        "asserts",
        "comments",
        "condition",
        "copy",
        "dependson",
        "existing",
        "metadata",
        "name",
        "resources",
        "scope",
        "type",
    }
)
_INDEX = Symbol(("count", "index"))
_FIRST_NAME = 8
_DEEPEST = 5
Body = dict[str, tuple[Node, Node]]


@dataclass(slots=True)
class Entry:
    """One resource on its way. `segments` are its names along the type, the last its own."""

    type: str
    address: str
    body: Body
    node: Node
    where: str
    expressions: ArmExpressions
    segments: list[Value]
    own: ArmValue
    parent: Entry | None = None
    count: Value = None
    copy_name: str | None = None
    depends_on: list[tuple[str, Value]] = field(default_factory=list)
    place: Value = None


class ArmResources:
    """The resources of one template and of those nested in it."""

    def __init__(
        self,
        expressions: ArmExpressions,
        catalog: Catalog,
        notes: list[Note],
        file: str | None,
        place: Value,
    ) -> None:
        """`place` is the group that everything without another one is in."""
        self.expressions = expressions
        self.catalog = catalog
        self.notes = notes
        self.file = file
        self.place = place
        self.types = {t.lower(): t for t in catalog.native_types("arm")}
        self.entries: list[Entry] = []
        self.taken = TakenNames()
        self.by_type: dict[str, list[Entry]] = {}
        self._current: Entry | None = None
        self._link(expressions)

    def _link(self, expressions: ArmExpressions) -> None:
        expressions.resolve = self._resolve
        expressions.by_name = self._by_full_name

    # ---- gathering

    def gather(
        self,
        resources: Node,
        where: str,
        parent: Entry | None = None,
        expressions: ArmExpressions | None = None,
        depth: int = 0,
    ) -> None:
        """All resources of a list, or of an object by symbolic names."""
        expressions = expressions or self.expressions
        if isinstance(resources.value, dict):
            found = [(name, node) for name, (_, node) in resources.value.items()]
        elif isinstance(resources.value, list):
            found = [(str(number), node) for number, node in enumerate(resources.value)]
        else:
            return
        for step, node in found:
            address = f"{where}[{step}]" if step.isdigit() else f"{where}.{step}"
            self._gather_one(node, address, parent, expressions, depth)

    def _gather_one(
        self, node: Node, where: str, parent: Entry | None, expressions: ArmExpressions, depth: int
    ) -> None:
        body = _body(node)
        native = body["type"][1].value if "type" in body else None
        if not isinstance(native, str) or "name" not in body:
            self._note("the resource has no type or no name", node, where)
            return
        if "existing" in body and body["existing"][1].value is True:
            return  # A reference to something that is there: it is made by nobody here.
        if native.lower() == DEPLOYMENT and self._nested(body, where, expressions, depth):
            return
        if parent is not None and not native.lower().startswith(f"{parent.type.lower()}/"):
            native = f"{azure_type(parent.type)}/{native}"
        entry = self._entry(native, node, where, parent, expressions)
        self.entries.append(entry)
        self.by_type.setdefault(azure_type(entry.type).lower(), []).append(entry)
        self._gather_inline(entry, depth)
        if "resources" in body and depth < _DEEPEST:
            self.gather(body["resources"][1], f"{where}.resources", entry, expressions, depth + 1)

    def _gather_inline(self, entry: Entry, depth: int) -> None:
        """Children that stand among the properties of their parent: each is a resource too."""
        properties = entry.body["properties"][1] if "properties" in entry.body else None
        if properties is None or not isinstance(properties.value, dict) or depth >= _DEEPEST:
            return
        for name in _INLINE.get(entry.type, ()):
            listed = properties.value.get(name)
            children = listed[1].value if listed is not None else None
            if not isinstance(children, list) or not all(
                isinstance(c.value, dict) and "name" in c.value for c in children
            ):
                continue
            rest = {k: v for k, v in properties.value.items() if k != name}
            properties = replace(properties, value=rest)
            entry.body["properties"] = (entry.body["properties"][0], properties)
            for number, child in enumerate(children):
                kind = Node(f"{entry.type}/{name}", child.line, child.column)
                assert isinstance(child.value, dict)
                whole = replace(child, value={"type": (kind, kind), **child.value})
                where = f"{entry.where}.properties.{name}[{number}]"
                self._gather_one(whole, where, entry, entry.expressions, depth + 1)

    def _entry(
        self, native: str, node: Node, where: str, parent: Entry | None, expressions: ArmExpressions
    ) -> Entry:
        body = _body(node)
        name_node = body["name"][1]
        expressions.at(where, "name", name_node)
        name = expressions.value(name_node)
        segments = segments_of(name)
        if parent is not None and len(segments) < len(native.split("/")) - 1:
            segments = [*parent.segments, *segments]
        known = self.types.get(native.lower())
        spelled = known or kept_type(native)
        wanted = self._noted(body) or wanted_name(segments[-1], native)
        entry = Entry(
            type=spelled,
            address=self.taken.take(f"{spelled}.{wanted}", where, "_"),
            body=body,
            node=node,
            where=where,
            expressions=expressions,
            segments=segments,
            own=_last_name(_own_text(name_node)),
            parent=parent,
            place=self.place,
        )
        if "copy" in body:
            self._read_copy(entry, body["copy"][1])
        elif parent is not None and parent.count is not None:
            entry.count = parent.count
        return entry

    def _read_copy(self, entry: Entry, node: Node) -> None:
        said = node.value if isinstance(node.value, dict) else {}
        if "count" not in said:
            self._note("a copy needs name and count", node, entry.where)
            return
        entry.count = entry.expressions.at(entry.where, "copy", node).value(said["count"][1])
        if "name" in said:
            entry.copy_name = str(said["name"][1].value)

    def _noted(self, body: Body) -> str | None:
        if "metadata" not in body or not isinstance(body["metadata"][1].value, dict):
            return None
        own = body["metadata"][1].value.get("dharma")
        said = own[1].value.get("name") if own and isinstance(own[1].value, dict) else None
        name = said[1].value if said else None
        return name if isinstance(name, str) and re.match(r"[A-Za-z_][\w-]*\Z", name) else None

    def _nested(self, body: Body, where: str, expressions: ArmExpressions, depth: int) -> bool:
        """A deployment whose template stands in it; one that is linked passes through."""
        properties = body["properties"][1].value if "properties" in body else None
        if not isinstance(properties, dict) or "template" not in properties or depth >= _DEEPEST:
            return False
        template = properties["template"][1].value
        if not isinstance(template, dict) or "resources" not in template or "copy" in body:
            return False
        inner = expressions
        scope = properties.get("expressionEvaluationOptions")
        said = scope[1].value.get("scope") if scope and isinstance(scope[1].value, dict) else None
        if said is not None and str(said[1].value).lower() == "inner":
            inner = self._inner(properties, template, expressions)
        self.gather(
            template["resources"][1],
            f"{where}.properties.template.resources",
            None,
            inner,
            depth + 1,
        )
        return True

    def _inner(self, properties: Body, template: Body, outer: ArmExpressions) -> ArmExpressions:
        """A template of inner scope: its parameters are values from outside."""
        given = properties["parameters"][1].value if "parameters" in properties else {}
        declared = template["parameters"][1].value if "parameters" in template else {}
        bound: dict[str, Value] = {}
        for name, (_, node) in declared.items() if isinstance(declared, dict) else ():
            said = given.get(name) if isinstance(given, dict) else None
            body = node.value if isinstance(node.value, dict) else {}
            if said is not None and isinstance(said[1].value, dict) and "value" in said[1].value:
                bound[name] = outer.value(said[1].value["value"][1])
            elif "defaultValue" in body:
                bound[name] = outer.value(body["defaultValue"][1])
        variables = template["variables"][1].value if "variables" in template else {}
        names = Names(
            parameters=bound,
            types=outer.names.types,
            variables={k: n for k, (_, n) in variables.items()}
            if isinstance(variables, dict)
            else {},
            optional=outer.names.optional,
            group=outer.names.group,
        )
        inner = ArmExpressions(names, self.file, self.notes)
        self._link(inner)
        return inner

    def _note(self, message: str, node: Node, address: str, path: str = "") -> None:
        origin = Origin(self.file, node.line, node.column, address)
        self.notes.append(Note("not_understood", address, path, message, origin))

    # ---- linking

    def _resolve(self, native: str, names: list[Value]) -> ResourceRef | None:
        for entry in self.by_type.get(native.lower(), ()):
            if entry is self._current:
                continue  # Its own id is written out: nothing refers to itself.
            instance = matched(entry, names)
            if instance is not None:
                return ResourceRef(entry.address, ("id",), instance[0])
        return None

    def _by_full_name(self, name: Value) -> ResourceRef | None:
        """The one resource that is called so, whatever its type."""
        names = segments_of(name)
        found = [
            ResourceRef(entry.address, ("id",), instance[0])
            for entry in self.entries
            if (instance := matched(entry, names)) is not None
        ]
        return found[0] if len(found) == 1 else None

    def parts(self) -> Iterator[Part]:
        for entry in self.entries:
            self._read_dependencies(entry)
        for entry in self.entries:
            yield self._part(entry)

    def _read_dependencies(self, entry: Entry) -> None:
        if entry.parent is not None:
            index = _INDEX if entry.parent.count is not None else None
            entry.depends_on.append((entry.parent.address, index))
        if "dependson" not in entry.body:
            return
        node = entry.body["dependson"][1]
        nodes = node.value if isinstance(node.value, list) else [node]
        for item in nodes:
            entry.expressions.at(entry.where, "dependsOn", item)
            found = self._awaited(entry, item)
            if found is None:
                shown = item.value if isinstance(item.value, str) else "what it waits for"
                self._note(
                    f"{shown} is no resource of this template", item, entry.where, "dependsOn"
                )
            entry.depends_on.extend(
                (address, instance)
                for address, instance in found or ()
                if not self._is_serial(entry, address)
            )

    def _is_serial(self, entry: Entry, address: str) -> bool:
        """Whether it waits for a sibling only because Azure takes one of them at a time."""
        if entry.type not in SERIAL:
            return False
        return any(
            other.address == address
            and other.type == entry.type
            and other.segments[:-1] == entry.segments[:-1]
            for other in self.entries
        )

    def _awaited(self, entry: Entry, item: Node) -> list[tuple[str, Value]] | None:
        before = len(self.notes)
        value = entry.expressions.value(item)
        del self.notes[before:]
        if isinstance(value, ResourceRef):
            return [(value.address, value.instance)]
        if isinstance(value, str):
            loops = [
                e for e in self.entries if e.copy_name and e.copy_name.lower() == value.lower()
            ]
            if loops:
                return [(e.address, None) for e in loops]
            symbolic = [e for e in self.entries if e.where == f"resources.{value}"]
            if symbolic:
                return [(symbolic[0].address, None)]
        names = segments_of(value)
        if len(names) > 2 and isinstance(names[0], str) and "." in names[0]:
            types, own = [names[0], *names[1::2]], names[2::2]
            if len(own) == len(types) - 1 and all(isinstance(t, str) for t in types):
                found = self._resolve("/".join(str(t) for t in types), own)
                return None if found is None else [(found.address, found.instance)]
        found = self._by_full_name(value)
        return None if found is None else [(found.address, found.instance)]

    # ---- bodies

    def _part(self, entry: Entry) -> Part:
        names = self._names(entry)
        self._current = entry
        arguments = self._arguments(entry, names)
        self._name_own_parts(entry, arguments)
        self._current = None
        native: dict[str, Value] = {}
        if entry.type not in self.types.values() and "apiversion" in entry.body:
            native["apiVersion"] = entry.body["apiversion"][1].value  # type: ignore[assignment]
        condition: Value = None
        if "condition" in entry.body:
            node = entry.body["condition"][1]
            condition = entry.expressions.at(entry.where, "condition", node).value(node)
        said = {ref.address for ref in references([arguments, condition, entry.count])}
        waits = [a for a, _ in entry.depends_on if a not in said and a != entry.address]
        count = entry.count
        if count is not None and condition not in (None, True):
            count, condition = Conditional(condition, count, 0), None
        return Part(
            address=entry.address,
            type=entry.type,
            arguments=arguments,
            count=count,
            condition=None if condition is True else condition,
            depends_on=tuple(dict.fromkeys(waits)),
            native=native,
            origin=Origin(self.file, entry.node.line, entry.node.column, entry.where),
        )

    def _name_own_parts(self, entry: Entry, arguments: dict[str, Value]) -> None:
        """Ids of parts of the resource itself (a gateway's port, to which its listener refers) are
        named by collection and name: spelled out they would say the resource's own id."""
        spelled = entry.expressions.identifier(azure_type(entry.type), entry.segments)
        own = spelled.parts if isinstance(spelled, Template) else ()
        itself = (ResourceRef(entry.address, ("id",)),)

        def named(node: Value) -> Value:
            if isinstance(node, Template):
                for whole in (own, itself):
                    rest = _behind(whole, node.parts) if whole else None
                    part = _own_part(rest) if rest else None
                    if part is not None:
                        return part
            return node

        for key, value in arguments.items():
            if key not in PLACES:
                arguments[key] = rewrite(value, named)

    def _arguments(self, entry: Entry, found: dict[str, Value]) -> dict[str, Value]:
        if entry.place is not None:
            found["resourceGroup"] = entry.place
        if "scope" in entry.body:
            node = entry.body["scope"][1]
            found["scope"] = self._scope(
                entry.expressions.at(entry.where, "scope", node).value(node)
            )
        elif self._is_known(entry, "scope") and isinstance(self.place, ResourceRef):
            found["scope"] = ResourceRef(self.place.address, ("id",))
        for lower, (key, node) in entry.body.items():
            if lower in _ENVELOPE:
                continue
            name = str(key.value) if isinstance(key.value, str) else lower
            found[name] = self._with_names(entry, node, name)
        return {key: value for key, value in found.items() if value is not None}

    def _scope(self, value: Value) -> Value:
        """`Microsoft.Storage/storageAccounts/data` names a resource of this template too."""
        if isinstance(value, ResourceRef):
            return value
        names = segments_of(value)
        if len(names) == 3 and isinstance(names[0], str) and isinstance(names[1], str):
            found = self._resolve(f"{names[0]}/{names[1]}", [names[2]])
            return value if found is None else found
        return value

    def _with_names(self, entry: Entry, node: Node, path: str) -> Value:
        """A value, in which names of awaited resources that stand as a variable or parameter of
        their own are references to these."""
        content = node.value
        if isinstance(content, dict) and "copy" not in content:
            inner = {
                key: self._with_names(entry, child, f"{path}.{key}")
                for key, (_, child) in content.items()
            }
            if all(not key.startswith("[") for key in inner):
                return inner
        if isinstance(content, list):
            return [
                self._with_names(entry, child, f"{path}[{n}]") for n, child in enumerate(content)
            ]
        named = self._named(entry, node)
        if named is not None:
            return named
        return entry.expressions.at(entry.where, path, node).value(node)

    def _named(self, entry: Entry, node: Node) -> ResourceRef | None:
        text = _own_text(node)
        if not isinstance(text, ArmCall):
            return None
        for address, instance in entry.depends_on:
            target = next((e for e in self.entries if e.address == address), None)
            if target is not None and target.own == text and target.count is None:
                return ResourceRef(address, ("name",), instance)
        return None

    def _is_known(self, entry: Entry, key: str) -> bool:
        kind = self.catalog.kind_of("arm", entry.type)
        mapping = kind.mapping("arm") if kind is not None else None
        if mapping is not None and key in mapping.known.keys:
            return True
        return any(key in p.form.known.keys for p in self.catalog.pieces_of("arm", entry.type))

    def _names(self, entry: Entry) -> dict[str, Value]:
        """Own name and parents as the kind's section names them."""
        above = azure_type(entry.type).split("/")[1:-1]
        own = entry.segments[-1]
        if isinstance(own, Call) and own.name.endswith("guid") and self._may_lack_name(entry):
            own = None  # Made up, as Terraform makes one up.
        if len(entry.segments) - 1 != len(above):
            self._note(
                f"its name has {len(entry.segments)} segments, its type {len(above) + 1}",
                entry.node, entry.where, "name",
            )  # fmt: skip
            return {"name": own}
        if not above:
            return {"name": own}
        if self._is_known(entry, "parent"):
            return {"name": own, **self._parent(entry, above)}
        names: dict[str, Value] = {}
        for depth, segment in enumerate(above):
            names[segment] = self._parent_name(entry, depth)
        return {"name": own, "names": names}

    def _may_lack_name(self, entry: Entry) -> bool:
        kind = self.catalog.kind_of("arm", entry.type)
        declared = kind.properties.get("name") if kind is not None else None
        return declared is not None and not declared.required

    def _parent(self, entry: Entry, above: list[str]) -> dict[str, Value]:
        """The id of the parent; segments between that the kind fixes stay names."""
        fixed = self._fixed_names(entry)
        levels = [n for n, segment in enumerate(above) if segment not in fixed]
        depth = levels[-1] if levels else 0
        names = {above[n]: entry.segments[n] for n in range(depth + 1, len(above))}
        parent_type = "/".join(azure_type(entry.type).split("/")[: depth + 2])
        found = self._waited_for(entry, parent_type, entry.segments[: depth + 1])
        value: Value = found
        if found is None:
            value = _identifier_of(entry.segments[: depth + 1])
        if value is None:
            steps: list[Value] = ["/subscriptions/", Ambient("subscription_id"), "/resourceGroups/"]
            steps += [self.place, f"/providers/{parent_type.split('/')[0]}"]
            for segment, name in zip(parent_type.split("/")[1:], entry.segments, strict=False):
                steps += [f"/{segment}/", name]
            value = join_parts(steps)
        return {"parent": value} | ({"names": dict(names)} if names else {})

    def _fixed_names(self, entry: Entry) -> set[str]:
        kind = self.catalog.kind_of("arm", entry.type)
        mapping = kind.mapping("arm") if kind is not None else None
        paths = [path for path, _ in mapping.table.constants] if mapping is not None else []
        return {path[1].key for path in paths if path[0].key == "names"}

    def _waited_for(self, entry: Entry, native: str, names: list[Value]) -> ResourceRef | None:
        found = self._resolve(native, names)
        if found is None or all(found.address != a for a, _ in entry.depends_on):
            return None
        return found

    def _parent_name(self, entry: Entry, depth: int) -> Value:
        native = "/".join(azure_type(entry.type).split("/")[: depth + 2])
        found = self._waited_for(entry, native, entry.segments[: depth + 1])
        if found is None:
            return entry.segments[depth]
        return ResourceRef(found.address, ("name",), found.instance)


def _body(node: Node) -> Body:
    """The members of a resource; Azure takes their names without regard to case."""
    if not isinstance(node.value, dict):
        return {}
    return {key.lower(): entry for key, entry in node.value.items()}


# ---- names


def segments_of(name: Value) -> list[Value]:
    """A name cut at its slashes: `format('{0}/app', x)` is `x` and `app`."""
    if isinstance(name, str):
        return list[Value](name.split("/"))
    if not isinstance(name, Template):
        return [name]
    found: list[list[Value]] = [[]]
    for part in name.parts:
        if isinstance(part, str):
            first, *others = part.split("/")
            found[-1].append(first)
            found.extend([piece] for piece in others)
        else:
            found[-1].append(part)
    return [join_parts(pieces) for pieces in found]


def matched(entry: Entry, names: list[Value]) -> tuple[Value] | None:
    """The instance of a resource that has these names, in a tuple; None where it has others."""
    if len(names) != len(entry.segments):
        return None
    if entry.count is None:
        return (None,) if names == entry.segments else None
    instance: Value = None
    for own, name in zip(entry.segments, names, strict=True):
        if own == name and not any(n == _INDEX for n in walk(own)):
            continue
        found = _index_in(own, name)
        if found is None or (instance is not None and found[0] != instance):
            return None
        instance = found[0]
    return (instance,)


def _index_in(own: Value, name: Value) -> tuple[Value] | None:
    """The index at which the name of a loop is this name."""
    if own == name:
        return (_INDEX,)
    mine = own.parts if isinstance(own, Template) else (own,)
    counted = sum(p == _INDEX for p in mine) == 1
    if isinstance(name, str) and counted and all(isinstance(p, str) or p == _INDEX for p in mine):
        pattern = "".join(re.escape(p) if isinstance(p, str) else r"(\d+)" for p in mine)
        match = re.fullmatch(pattern, name)
        return (int(match.group(1)),) if match else None
    theirs = name.parts if isinstance(name, Template) else (name,)
    if len(mine) != len(theirs):
        return None
    different = [(a, b) for a, b in zip(mine, theirs, strict=True) if a != b]
    if len(different) == 1 and different[0][0] == _INDEX:
        return (different[0][1],)
    for candidate in {repr(b): b for _, b in different}.values():
        if at_index(own, candidate) == name:
            return (candidate,)
    return None


def wanted_name(own: Value, native: str) -> str:
    """A name in the blueprint for what is called so in Azure."""
    words = ""
    if isinstance(own, str):
        words = own
    elif isinstance(own, VariableRef):
        words = re.sub(r"_?name$", "", own.name) or own.name
    elif isinstance(own, Template):
        texts = [p if isinstance(p, str) else p.name for p in own.parts
                 if isinstance(p, str | VariableRef)]  # fmt: skip
        words = "_".join(texts)
    name = snake(words)
    if not name or not name[:1].isalpha():
        name = snake(native.rsplit("/", maxsplit=1)[-1])
    return name[:60].strip("_") or "resource"


def _own_text(node: Node) -> ArmValue:
    if not isinstance(node.value, str):
        return ""
    try:
        return parse_text(node.value)
    except ArmSyntaxError:
        return ""


def _last_name(name: ArmValue) -> ArmValue:
    """The resource's own name in one with those of its parents: the last placeholder of a format,
    the last argument of a concat."""
    if not isinstance(name, ArmCall) or len(name.arguments) < 2:
        return name
    if name.name.lower() == "format" and isinstance(name.arguments[0], str):
        last = re.search(r"/\{(\d+)\}\Z", name.arguments[0])
        if last and int(last.group(1)) + 1 < len(name.arguments):
            return name.arguments[int(last.group(1)) + 1]
    before = name.arguments[-2]
    if name.name.lower() == "concat" and isinstance(before, str) and before.endswith("/"):
        return name.arguments[-1]
    return name


def _behind(whole: tuple[Value, ...], parts: tuple[Value, ...]) -> tuple[Value, ...] | None:
    """What stands behind one text in a longer one that begins with it; Azure's ids are the same in
    small and capital letters."""

    def folded(part: Value) -> Value:
        return part.lower() if isinstance(part, str) else part

    *before, last = map(folded, whole)
    position = len(before)
    if len(parts) < len(whole) or list(map(folded, parts[:position])) != before:
        return None
    here = parts[position]
    if isinstance(here, str) and isinstance(last, str) and here.lower().startswith(last):
        return (here[len(last) :], *parts[position + 1 :])
    return parts[position + 1 :] if here == last else None


def _own_part(rest: tuple[Value, ...]) -> Value:
    """`/collection/name` behind the id of a resource: that part of it."""
    found = re.match(r"/([A-Za-z]+)/", rest[0]) if isinstance(rest[0], str) else None
    if found is None:
        return None
    texts = [rest[0][found.end() :], *rest[1:]]  # type: ignore[index]
    if any(isinstance(text, str) and "/" in text for text in texts):
        return None
    name = join_parts(texts)
    return Call(OWN_PART, (found.group(1), name)) if name != "" else None


def _identifier_of(names: list[Value]) -> Value:
    """The id out of which names were taken: `split(id, '/')[8]`."""
    found: Value = None
    for position, name in enumerate(names):
        match name:
            case Index(Call("split", ("/", whole)), place) if place == _FIRST_NAME + 2 * position:
                if found is not None and whole != found:
                    return None
                found = whole
            case _:
                return None
    return found
