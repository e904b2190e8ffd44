"""The resources of an ARM template, found, named and linked.

Azure knows a resource by its type and names (`vnet/app`). First all resources are gathered with
what they are called; then their bodies are read, where `resourceId`, `reference` and the names of
parents find the resources they mean. A name alone is a reference only where the resource also waits
(`dependsOn`) for the one of that name. What a nested template holds is gathered with the group that
it is deployed to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dharma.blueprint.readers.arm_nested import (
    DEPLOYMENT,
    SUBSCRIPTION_ID,
    Nested,
    given,
    members,
    noted_references,
    waiting,
)
from dharma.blueprint.readers.arm_values import ArmExpressions, at_index
from dharma.blueprint.yaml_source import Node
from dharma.catalog import Catalog
from dharma.catalog.document import Note, Part
from dharma.catalog.formats import (
    PERHAPS_WITHIN_PARENT,
    PLACES,
    WITHIN_PARENT,
    azure_type,
    kept_type,
)
from dharma.catalog.naming import Names as TakenNames
from dharma.catalog.naming import snake
from dharma.catalog.references import rewrite
from dharma.model.arm_functions import OWN_PART
from dharma.model.arm_language import ArmCall, ArmSyntaxError, ArmValue, parse_text
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    GetAttr,
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
# Properties that hold child resources, of types that the catalog has kinds for.
_INLINE: dict[str, tuple[str, ...]] = {}
for _child in sorted(WITHIN_PARENT | PERHAPS_WITHIN_PARENT):
    _parent, _, _collection = _child.rpartition("/")
    _INLINE[_parent] = (*_INLINE.get(_parent, ()), _collection)
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
_KEY = Symbol(("each", "key"))
_VALUE = Symbol(("each", "value"))
_FIRST_NAME = 8
# `/subscriptions/S/resourceGroups/G` between its slashes.
_GROUP_BEGINS: list[Value] = ["", "subscriptions", SUBSCRIPTION_ID, "resourceGroups"]
_GROUP_ID = 5
_CHILD = 3  # `/probes/http`
_DEEPEST = 5
Body = dict[str, tuple[Node, Node]]


@dataclass(slots=True)
class Entry:
    """One resource on its way. `segments` are its names along the type, the last its own; `said`
    are these as they are spelled, where a name may be that of another resource. `place` is its
    group; where it has none, `subscription` is the id of what it is deployed to, if that is one.
    `within` is the deployment around it, `conditions` those of all around it."""

    type: str
    address: str
    body: Body
    node: Node
    where: str
    expressions: ArmExpressions
    segments: list[Value]
    said: list[Value]
    own: ArmValue
    parent: Entry | None = None
    count: Value = None
    copy_name: str | None = None
    depends_on: list[tuple[str, Value]] = field(default_factory=list)
    place: Value = None
    subscription: Value = None
    within: str | None = None
    conditions: tuple[Value, ...] = ()
    behind: list[str] = field(default_factory=list)


class ArmResources:
    """The resources of one template and of those nested in it."""

    def __init__(
        self,
        expressions: ArmExpressions,
        catalog: Catalog,
        notes: list[Note],
        file: str | None,
        place: Value,
        *,
        is_subscription: bool = False,
    ) -> None:
        """`place` is the group that everything without another one is in; none in a template of
        the subscription."""
        self.expressions = expressions
        self.catalog = catalog
        self.notes = notes
        self.file = file
        self.place = place
        self.within: str | None = None
        self.subscription: Value = SUBSCRIPTION_ID if is_subscription else None
        self.nested: dict[str, Nested] = {}
        self.conditions: tuple[Value, ...] = ()
        self.types = {t.lower(): t for t in catalog.native_types("arm")}
        self.entries: list[Entry] = []
        self.by_address: dict[str, Entry] = {}
        self.taken = TakenNames()
        self.by_type: dict[str, list[Entry]] = {}
        self._current: Entry | None = None
        self._link(expressions, "resources")

    def _link(self, expressions: ArmExpressions, where: str) -> None:
        """Let the expressions of the template whose resources are `where` find what they mean."""

        def resolve(native: str, names: list[Value], group: Value) -> ResourceRef | None:
            return self._resolve(native, names, group, expressions.names.group)

        def by_name(name: Value) -> ResourceRef | None:
            return self._by_full_name(name) or self._by_symbol(name, where)

        expressions.resolve = resolve
        expressions.by_name = by_name
        expressions.answers = self._answers
        expressions.is_known = self._is_gathered
        expressions.count_of = self._count_of
        expressions.as_id = self._as_id

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
        # Groups first: what is deployed into them is told by their names.
        found.sort(key=lambda item: not _is_group(item[1]))
        for step, node in found:
            address = f"{where}[{step}]" if step.isdigit() else f"{where}.{step}"
            self._gather_one(node, address, parent, expressions, depth)

    def _gather_one(
        self,
        node: Node,
        where: str,
        parent: Entry | None,
        expressions: ArmExpressions,
        depth: int,
        *,
        noted: str | None = None,
    ) -> None:
        body = _body(node)
        native = body["type"][1].value if "type" in body else None
        if not isinstance(native, str) or "name" not in body:
            self._note("the resource has no type or no name", node, where)
            return
        if "existing" in body and body["existing"][1].value is True:
            return  # A reference to something that is there: it is made by nobody here.
        if native.lower() == DEPLOYMENT.lower() and self._nested(body, where, expressions, depth):
            return
        if parent is not None and not native.lower().startswith(f"{parent.type.lower()}/"):
            native = f"{azure_type(parent.type)}/{native}"
        entry = self._entry(native, node, where, parent, expressions, noted=noted)
        self.entries.append(entry)
        self.by_address[entry.address] = entry
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
            called = _noted_children(entry)
            for number, child in enumerate(children):
                kind = Node(f"{entry.type}/{name}", child.line, child.column)
                assert isinstance(child.value, dict)
                whole = replace(child, value={"type": (kind, kind), **child.value})
                where = f"{entry.where}.properties.{name}[{number}]"
                noted = called.get(f"{name}[{number}]")
                self._gather_one(whole, where, entry, entry.expressions, depth + 1, noted=noted)

    def _entry(
        self,
        native: str,
        node: Node,
        where: str,
        parent: Entry | None,
        expressions: ArmExpressions,
        *,
        noted: str | None,
    ) -> Entry:
        body = _body(node)
        name_node = body["name"][1]
        expressions.at(where, "name", name_node)
        name = expressions.value(name_node)
        said = segments_of(name)
        segments = [self._plain(segment) for segment in said]
        if parent is not None and len(segments) < len(native.split("/")) - 1:
            said = [*parent.said, *said]
            segments = [*parent.segments, *segments]
        known = self.types.get(native.lower())
        if known is not None and self._is_none_described(known, body, expressions):
            known = None
        spelled = known or kept_type(native)
        wanted = noted or self._noted(body) or wanted_name(segments[-1], native)
        entry = Entry(
            type=spelled,
            address=self.taken.take(f"{spelled}.{wanted}", where, "_"),
            body=body,
            node=node,
            where=where,
            expressions=expressions,
            segments=segments,
            said=said,
            own=_last_name(_own_text(name_node)),
            parent=parent,
            place=None if spelled == GROUP else self.place,
            subscription=self.subscription,
            within=self.within,
            conditions=self.conditions,
        )
        if "copy" in body:
            self._read_copy(entry, body["copy"][1])
        elif parent is not None and parent.count is not None:
            entry.count = parent.count
        return entry

    def _is_none_described(self, native: str, body: Body, expressions: ArmExpressions) -> bool:
        """Whether the catalog has kinds for the type, but the resource is of none of them."""
        kind = self.catalog.kind_of("arm", native)
        mapping = kind.mapping("arm") if kind is not None else None
        if mapping is None or not mapping.not_when:
            return False
        heads = {path[0].key for alternative in mapping.not_when for path, _ in alternative}
        said = {key: expressions.value(body[key][1]) for key in heads if key in body}
        return self.catalog.kind_of("arm", native, said) is None

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

    # ---- nested templates

    def _nested(self, body: Body, where: str, outer: ArmExpressions, depth: int) -> bool:
        """A deployment whose template stands in it; one that is linked passes through."""
        properties = members(body["properties"][1]) if "properties" in body else {}
        template = members(properties["template"][1]) if "template" in properties else {}
        if "resources" not in template or "copy" in body or depth >= _DEEPEST:
            return False
        place, subscription = self._target(body, where, outer)
        resources = f"{where}.properties.template.resources"
        inside = outer
        references = noted_references(template)
        if _is_inner(properties):
            names = given(properties, template, outer, where)
            names.group = place
            names.references = references or {}
            inside = ArmExpressions(names, self.file, self.notes)
            self._link(inside, resources)
        name = segments_of(outer.at(where, "name", body["name"][1]).value(body["name"][1]))
        outputs = members(template["outputs"][1]) if "outputs" in template else {}
        nested = Nested(
            key=f"{DEPLOYMENT}.{where}",
            where=where,
            segments=name,
            place=place,
            body=body,
            outside=outer,
            inside=inside,
            outputs=outputs,
            is_own=references is not None,
        )
        self.nested[nested.key] = nested
        before = len(self.entries)
        around = (self.place, self.subscription, self.within, self.conditions)
        self.place, self.subscription, self.within = place, subscription, nested.key
        self.conditions = (*self.conditions, *self._condition(nested))
        self.gather(template["resources"][1], resources, None, inside, depth + 1)
        self.place, self.subscription, self.within, self.conditions = around
        nested.members = self.entries[before:]
        return True

    def _target(self, body: Body, where: str, outer: ArmExpressions) -> tuple[Value, Value]:
        """The group that a nested template is deployed to, and the subscription."""

        def said(key: str) -> Value:
            node = body[key][1]
            return outer.at(where, key, node).value(node)

        subscription = said("subscriptionid") if "subscriptionid" in body else self.subscription
        if subscription not in (None, SUBSCRIPTION_ID) and "subscriptionid" in body:
            message = "it is deployed to another subscription: here it is read as of this one"
            self._note(message, body["subscriptionid"][1], where, "subscriptionId")
        if "resourcegroup" in body:
            return self._group_named(said("resourcegroup")), subscription
        if "scope" in body:
            scope = said("scope")
            segments = segments_of(scope)
            if isinstance(scope, ResourceRef) and scope.path == ("id",):
                return replace(scope, path=("name",)), subscription
            if len(segments) == _GROUP_ID and segments[3] == "resourceGroups":
                return self._group_named(segments[4]), subscription
            known = segments[:2] == _GROUP_BEGINS[:2] and len(segments) == len(_GROUP_BEGINS) - 1
            return None, segments[2] if known else None
        return None if "subscriptionid" in body else self.place, subscription

    def _condition(self, nested: Nested) -> tuple[Value, ...]:
        """Under which condition it is deployed, unless that is the condition of its group: what is
        in a group is there only if the group is."""
        if "condition" not in nested.body:
            return ()
        node = nested.body["condition"][1]
        condition = nested.outside.at(nested.where, "condition", node).value(node)
        for entry in self.by_type.get(GROUP.lower(), ()):
            if isinstance(nested.place, ResourceRef) and entry.address == nested.place.address:
                own = entry.body["condition"][1] if "condition" in entry.body else None
                if own is not None and entry.expressions.value(own) == condition:
                    return ()
        return () if condition is True else (condition,)

    def _answers(self, target: ResourceRef) -> dict[str, Value] | None:
        nested = self.nested.get(target.address)
        return None if nested is None else nested.answered()

    def _count_of(self, address: str) -> Value:
        entry = self.by_address.get(address)
        return None if entry is None else entry.count

    def _is_gathered(self, address: str) -> bool:
        return address in self.by_address

    # ---- groups

    def _group_named(self, name: Value) -> Value:
        """The group of the template that is called so, as the reference to its name; another name
        stays what it is."""
        if isinstance(name, ResourceRef):
            return replace(name, path=("name",)) if name.path == ("id",) else name
        for entry in self.by_type.get(GROUP.lower(), ()):
            instance = matched(entry, [name])
            if instance is not None:
                return ResourceRef(entry.address, ("name",), instance[0])
        return name

    def _as_id(self, value: Value) -> Value:
        """The id of a group, or of what stands in a resource, that is put together out of names:
        `concat(resourceId(balancer), '/probes/http')`."""
        if not isinstance(value, Template):
            return value
        if isinstance(value.parts[0], ResourceRef):
            return self._below(value.parts[0], join_parts(value.parts[1:])) or value
        segments = segments_of(value)
        if len(segments) != _GROUP_ID or segments[:4] != _GROUP_BEGINS:
            return value
        group = self._group_named(segments[4])
        return replace(group, path=("id",)) if isinstance(group, ResourceRef) else value

    def _below(self, owner: ResourceRef, behind: Value) -> Value:
        """The child of a resource that an id means which goes on behind that of the resource."""
        segments = segments_of(behind)
        entry = self.by_address.get(owner.address)
        if entry is None or owner.path != ("id",) or len(segments) != _CHILD or segments[0] != "":
            return None
        native = f"{azure_type(entry.type)}/{segments[1]}"
        return self._resolve(native, [*entry.segments, segments[2]], entry.place)

    def _plain(self, name: Value) -> Value:
        """A name in one spelling: that of a resource of the template as the resource says it."""
        if not isinstance(name, ResourceRef) or name.path != ("name",):
            return name
        if name.address not in self.by_address:
            return name
        own = self.by_address[name.address].segments[-1]
        return own if name.instance is None else at_index(own, name.instance)

    def _note(self, message: str, node: Node, address: str, path: str = "") -> None:
        origin = Origin(self.file, node.line, node.column, address)
        self.notes.append(Note("not_understood", address, path, message, origin))

    # ---- linking

    def _resolve(
        self, native: str, names: list[Value], group: Value = None, here: Value = None
    ) -> ResourceRef | None:
        """The resource of a type with these names in a group; where none is said, anywhere, best in
        the group `here`."""
        names = [self._plain(name) for name in names]
        wanted = None if group is None else self._group_named(group)
        nested = self._deployment(names, wanted) if native.lower() == DEPLOYMENT.lower() else None
        if nested is not None:
            return nested
        found: list[tuple[Entry, ResourceRef]] = []
        for entry in self.by_type.get(native.lower(), ()):
            if entry is self._current or self._comes_after(entry):
                continue  # Its own id is written out: nothing refers to itself.
            instance = matched(entry, names)
            if instance is not None and (wanted is None or entry.place == wanted):
                found.append((entry, ResourceRef(entry.address, ("id",), instance[0])))
        near = [ref for entry, ref in found if entry.place == here]
        every = [*near, *(ref for _, ref in found)]
        return every[0] if every else None

    def _comes_after(self, entry: Entry) -> bool:
        """Whether its deployment waits for what is being read: that speaks of what was there."""
        nested = self.nested.get(entry.within) if entry.within is not None else None
        return (
            nested is not None
            and self._current is not None
            and (self._current.address in nested.behind)
        )

    def _deployment(self, names: list[Value], group: Value) -> ResourceRef | None:
        for nested in self.nested.values():
            if nested.segments == names and (group is None or nested.place == group):
                return ResourceRef(nested.key, ("id",))
        return None

    def _by_full_name(self, name: Value) -> ResourceRef | None:
        """The one resource that is called so, whatever its type."""
        names = [self._plain(segment) for segment in segments_of(name)]
        found = [
            ResourceRef(entry.address, ("id",), instance[0])
            for entry in self.entries
            if (instance := matched(entry, names)) is not None
        ]
        found += [
            ResourceRef(nested.key, ("id",))
            for nested in self.nested.values()
            if nested.segments == names
        ]
        return found[0] if len(found) == 1 else None

    def _by_symbol(self, name: Value, where: str) -> ResourceRef | None:
        """What a template that names its resources for itself calls so."""
        if not isinstance(name, str):
            return None
        place = f"{where}.{name}"
        addresses = [entry.address for entry in self.entries if entry.where == place]
        addresses += [nested.key for nested in self.nested.values() if nested.where == place]
        return ResourceRef(addresses[0], ("id",)) if addresses else None

    def parts(self) -> list[Part]:
        for entry in self.entries:
            self._read_dependencies(entry)
        for nested in self.nested.values():
            nested.behind = self._deployments_before(nested)
        parts = [self._part(entry) for entry in self.entries]
        behind = {e.address: set[str]() for e in self.entries if e.behind}
        together: dict[str, set[str]] = {}
        for entry in self.entries:
            for key in entry.behind:
                behind[entry.address].update(self._members(key))
        for nested in self.nested.values():
            if nested.behind:
                before = {a for key in nested.behind for a in self._members(key)}
                own = {member.address for member in nested.members}
                for address in own:
                    behind.setdefault(address, set()).update(before - own)
                    together.setdefault(address, set()).update(own)
        return waiting(parts, behind, together) if behind else parts

    def _members(self, key: str) -> list[str]:
        """The resources that are there once a deployment, or the resource itself, is."""
        if key not in self.nested:
            return [key]
        return [entry.address for entry in self.nested[key].members]

    def _deployments_before(self, nested: Nested) -> list[str]:
        """What a deployment waits for. The group that it goes into is said by its place."""
        if nested.is_own or "dependson" not in nested.body:
            return []
        node = nested.body["dependson"][1]
        found: list[str] = []
        for item in node.value if isinstance(node.value, list) else [node]:
            nested.outside.at(nested.where, "dependsOn", item)
            awaited = self._awaited(nested.outside, nested.where, item)
            if awaited is None:
                shown = item.value if isinstance(item.value, str) else "what it waits for"
                message = f"{shown} is no resource of this template"
                self._note(message, item, nested.where, "dependsOn")
            found.extend(address for address, _ in awaited or ())
        place = nested.place.address if isinstance(nested.place, ResourceRef) else None
        return [key for key in found if key != place]

    def _read_dependencies(self, entry: Entry) -> None:
        if entry.parent is not None:
            index = _INDEX if entry.parent.count is not None else None
            entry.depends_on.append((entry.parent.address, index))
        entry.depends_on.extend((a, None) for a in _noted_order(entry) if self._is_gathered(a))
        if "dependson" not in entry.body:
            return
        node = entry.body["dependson"][1]
        nodes = node.value if isinstance(node.value, list) else [node]
        for item in nodes:
            entry.expressions.at(entry.where, "dependsOn", item)
            found = self._awaited(entry.expressions, entry.where, item)
            if found is None:
                shown = item.value if isinstance(item.value, str) else "what it waits for"
                self._note(
                    f"{shown} is no resource of this template", item, entry.where, "dependsOn"
                )
            entry.behind.extend(a for a, _ in found or () if a in self.nested)
            entry.depends_on.extend(
                (address, instance)
                for address, instance in found or ()
                if address not in self.nested and not self._is_serial(entry, address)
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

    def _awaited(
        self, expressions: ArmExpressions, where: str, item: Node
    ) -> list[tuple[str, Value]] | None:
        before = len(self.notes)
        value = expressions.value(item)
        del self.notes[before:]
        if isinstance(value, ResourceRef):
            return [(value.address, value.instance)]
        if isinstance(value, str):
            loops = [
                e for e in self.entries if e.copy_name and e.copy_name.lower() == value.lower()
            ]
            if loops:
                return [(e.address, None) for e in loops]
            symbolic = self._by_symbol(value, re.sub(r"(\[\d+\]|\.[^.]*)\Z", "", where))
            if symbolic is not None:
                return [(symbolic.address, None)]
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
        for around in reversed(entry.conditions):
            plain = condition in (None, True, around)
            condition = around if plain else Binary("&&", around, condition)
        said = {ref.address for ref in references([arguments, condition, entry.count])}
        # Whoever needs a child needs its parent anyway.
        said |= {
            child.parent.address
            for address in (*said, *_noted_order(entry))
            if (child := self.by_address.get(address)) is not None and child.parent is not None
        }
        waits = [a for a, _ in entry.depends_on if a not in said and a != entry.address]
        count, for_each = entry.count, self._noted_loop(entry)
        if for_each is not None:
            count = None
            each = self._each(for_each)
            arguments = {key: rewrite(value, each) for key, value in arguments.items()}
        elif count is not None and condition not in (None, True):
            count, condition = Conditional(condition, count, 0), None
        return Part(
            address=entry.address,
            type=entry.type,
            arguments=arguments,
            count=count,
            for_each=for_each,
            condition=None if condition is True else condition,
            depends_on=tuple(dict.fromkeys(waits)),
            native=native,
            origin=Origin(self.file, entry.node.line, entry.node.column, entry.where),
        )

    def _noted_loop(self, entry: Entry) -> Value:
        """What this project's writer noted that a counted resource goes over."""
        said = members(_about(entry).get("forEach", (None, None))[1])
        if "over" not in said or entry.count is None:
            return None
        over = entry.expressions.at(entry.where, "copy", said["over"][1]).value(said["over"][1])
        word = said["as"][1].value if "as" in said else None
        return Call(word, (over,)) if word in ("toset", "tomap") else over

    def _each(self, for_each: Value) -> Callable[[Value], Value]:
        """Keys and values in place of what finds them by the index. Of a set they are the same."""
        over = for_each.arguments[0] if isinstance(for_each, Call) else for_each

        def change(node: Value) -> Value:
            match node:
                case Index(Call("keys", (found,)), at) if found == over and at == _INDEX:
                    return _KEY
                case Index(found, at) if found == over and at in (_INDEX, _KEY):
                    return _KEY if at == _INDEX else _VALUE
                case GetAttr(Symbol(("each", "value", *path)), name):
                    return Symbol(("each", "value", *path, name))
                case Index(Symbol(("each", "value", *path)), (str() | int()) as step):
                    return Symbol(("each", "value", *path, step))
                case ResourceRef(address, _, at) if at in (_INDEX, _KEY):
                    target = self.by_address.get(address)
                    together = target is not None and self._noted_loop(target) == for_each
                    return replace(node, instance=_KEY if together else at)
            return node

        return change

    def _name_own_parts(self, entry: Entry, arguments: dict[str, Value]) -> None:
        """Ids of parts of the resource itself (a gateway's port, to which its listener refers) are
        named by collection and name: spelled out they would say the resource's own id."""
        kind, names, owner = azure_type(entry.type), entry.segments, entry
        if entry.type in WITHIN_PARENT | PERHAPS_WITHIN_PARENT:
            kind, names = kind.rpartition("/")[0], names[:-1]
            owner = entry.parent or entry
        spelled = entry.expressions.spelled_out(kind, names)
        own = spelled.parts if isinstance(spelled, Template) else ()
        itself = (ResourceRef(owner.address, ("id",)),)

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
        elif self._is_known(entry, "scope") or self._is_of_subscription(entry):
            found["scope"] = self._own_scope(entry)
        for lower, (key, node) in entry.body.items():
            if lower in _ENVELOPE:
                continue
            name = str(key.value) if isinstance(key.value, str) else lower
            found[name] = self._with_names(entry, node, name)
        return {key: value for key, value in found.items() if value is not None}

    def _is_of_subscription(self, entry: Entry) -> bool:
        """Whether it is a resource of the subscription, of a type that the catalog does not know:
        its scope is what tells it from one of a group."""
        unknown = entry.type not in self.types.values()
        return entry.subscription is not None and entry.place is None and unknown

    def _own_scope(self, entry: Entry) -> Value:
        """What an extension belongs to that names no scope: what it is deployed to."""
        if isinstance(entry.place, ResourceRef):
            return replace(entry.place, path=("id",))
        if entry.place is None and entry.subscription is None:
            return None
        steps: list[Value] = ["/subscriptions/", entry.subscription or SUBSCRIPTION_ID]
        return join_parts(
            steps if entry.place is None else [*steps, "/resourceGroups/", entry.place]
        )

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
            target = self.by_address.get(address)
            if target is None or target.expressions is not entry.expressions:
                continue  # Another template may mean something else by the same name.
            if target.own == text and target.count is None:
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
        named = entry.said[depth]
        if found is None and isinstance(named, ResourceRef) and named.path == ("name",):
            value = replace(named, path=("id",))  # The parent stands in another template.
        elif found is None:
            value = _identifier_of(entry.segments[: depth + 1])
        if value is None:
            steps: list[Value] = ["/subscriptions/", Ambient("subscription_id"), "/resourceGroups/"]
            steps += [entry.place, f"/providers/{parent_type.split('/')[0]}"]
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
        found = self._resolve(native, names, entry.place)
        if found is None or all(found.address != a for a, _ in entry.depends_on):
            return None
        return found

    def _parent_name(self, entry: Entry, depth: int) -> Value:
        native = "/".join(azure_type(entry.type).split("/")[: depth + 2])
        found = self._waited_for(entry, native, entry.segments[: depth + 1])
        if found is None:
            return entry.said[depth]
        return ResourceRef(found.address, ("name",), found.instance)


def _body(node: Node) -> Body:
    """The members of a resource; Azure takes their names without regard to case."""
    if not isinstance(node.value, dict):
        return {}
    return {key.lower(): entry for key, entry in node.value.items()}


def _is_group(node: Node) -> bool:
    native = _body(node).get("type")
    return native is not None and str(native[1].value).lower() == GROUP.lower()


def _is_inner(properties: Body) -> bool:
    options = properties.get("expressionEvaluationOptions")
    said = members(options[1]).get("scope") if options is not None else None
    return said is not None and str(said[1].value).lower() == "inner"


def _about(entry: Entry) -> Body:
    """What this project's writer noted of a resource."""
    metadata = members(entry.body["metadata"][1]) if "metadata" in entry.body else {}
    return members(metadata["dharma"][1]) if "dharma" in metadata else {}


def _noted_children(entry: Entry) -> dict[str, str]:
    """What this project's writer noted that the children in a resource are called."""
    about = _about(entry)
    listed = members(about["children"][1]) if "children" in about else {}
    return {
        place: node.value
        for place, (_, node) in listed.items()
        if isinstance(node.value, str) and re.match(r"[A-Za-z_][\w-]*\Z", node.value)
    }


def _noted_order(entry: Entry) -> list[str]:
    """The resources of other templates that this project's writer noted as awaited."""
    about = _about(entry)
    listed = about["dependsOn"][1].value if "dependsOn" in about else []
    return [str(node.value) for node in listed] if isinstance(listed, list) else []


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
