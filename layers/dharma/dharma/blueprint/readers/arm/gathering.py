"""All resources of an ARM template, with what they are called.

They are gathered before any body is read: `resourceId`, `reference` and the names of parents then
find the resources they mean. What a nested template holds is gathered with the group that it is
deployed to, what stands inside its parent as a resource of its own.
"""

from __future__ import annotations

from dataclasses import replace

from dharma.blueprint.readers.arm.deployments import condition_of, deployed, target_of
from dharma.blueprint.readers.arm.entry import DEPLOYMENT, GROUP, Entry, Target, body_of, is_group
from dharma.blueprint.readers.arm.expressions import ArmExpressions
from dharma.blueprint.readers.arm.extensions import split_extension
from dharma.blueprint.readers.arm.gathered import Around, Gathered
from dharma.blueprint.readers.arm.linked import LinkedTemplates
from dharma.blueprint.readers.arm.nested import Nested, given
from dharma.blueprint.readers.arm.noted import noted_children, noted_name, noted_references
from dharma.blueprint.readers.arm.segments import segments_of
from dharma.blueprint.readers.arm.spelling import last_name, spelled, wanted_name
from dharma.blueprint.tree import Members, members
from dharma.blueprint.yaml_source import Node
from dharma.catalog.formats import (
    PERHAPS_WITHIN_PARENT,
    WITHIN_PARENT,
    azure_type,
    kept_type,
)
from dharma.catalog.naming import Names as TakenNames
from dharma.model.expressions.nodes import Value

# Properties that hold child resources, of types that the catalog has kinds for.
_INLINE: dict[str, tuple[str, ...]] = {}
for _child in sorted(WITHIN_PARENT | PERHAPS_WITHIN_PARENT):
    _parent, _, _collection = _child.rpartition("/")
    _INLINE[_parent] = (*_INLINE.get(_parent, ()), _collection)
_DEEPEST = 5


class Gathering:
    """Fills `gathered` with the resources of a template, and of those nested in it."""

    def __init__(self, gathered: Gathered, linked: LinkedTemplates) -> None:
        self._gathered = gathered
        self._linked = linked
        self._taken = TakenNames()

    def gather(
        self,
        resources: Node,
        where: str,
        expressions: ArmExpressions,
        target: Target,
        *,
        parent: Entry | None = None,
        depth: int = 0,
    ) -> None:
        """All resources of a list, or of an object by symbolic names."""
        if isinstance(resources.value, dict):
            found = [(name, node) for name, (_, node) in resources.value.items()]
        elif isinstance(resources.value, list):
            found = [(str(number), node) for number, node in enumerate(resources.value)]
        else:
            return
        # Groups first: what is deployed into them is told by their names.
        found.sort(key=lambda item: not is_group(item[1]))
        for step, node in found:
            address = f"{where}[{step}]" if step.isdigit() else f"{where}.{step}"
            self._gather_one(node, address, expressions, target, parent=parent, depth=depth)

    def _gather_one(
        self,
        node: Node,
        where: str,
        expressions: ArmExpressions,
        target: Target,
        *,
        parent: Entry | None,
        depth: int,
        noted: str | None = None,
    ) -> None:
        """`noted` is what the blueprint called it, where the parent says so."""
        body = body_of(node)
        native = body["type"][1].value if "type" in body else None
        native = native.rstrip("/") if isinstance(native, str) else None
        if not native or "name" not in body:
            expressions.at(where, "", node).note("the resource has no type or no name")
            return
        if "existing" in body and body["existing"][1].value is True:
            return  # A reference to something that is there: it is made by nobody here.
        if native.lower() == DEPLOYMENT.lower() and self._gather_nested(
            body, where, expressions, target, depth
        ):
            return
        if parent is not None and not native.lower().startswith(f"{parent.type.lower()}/"):
            native = f"{azure_type(parent.type)}/{native}"
        entry = self._entry(native, node, where, expressions, target, parent=parent, noted=noted)
        self._gathered.add(entry)
        self._gather_inline(entry, depth)
        if "resources" in body and depth < _DEEPEST:
            self.gather(
                body["resources"][1], f"{where}.resources", expressions, target,
                parent=entry, depth=depth + 1,
            )  # fmt: skip

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
            called = noted_children(entry)
            for number, child in enumerate(children):
                kind = Node(f"{entry.type}/{name}", child.line, child.column)
                assert isinstance(child.value, dict)
                whole = replace(child, value={"type": (kind, kind), **child.value})
                where = f"{entry.where}.properties.{name}[{number}]"
                self._gather_one(
                    whole, where, entry.expressions, entry.target,
                    parent=entry, depth=depth + 1, noted=called.get(f"{name}[{number}]"),
                )  # fmt: skip

    def _gather_nested(
        self, body: Members, where: str, outer: ArmExpressions, around: Target, depth: int
    ) -> bool:
        """A deployment whose template stands in it or lies beside it; any other passes through, as
        do loops in a loop."""
        properties = members(body["properties"][1]) if "properties" in body else {}
        if depth >= _DEEPEST or ("copy" in body and around.count is not None):
            return False
        template = deployed(properties, where, outer, self._linked)
        if template is None:
            return False
        count, copy_name = around.count, None
        if "copy" in body:
            count, copy_name = self._loop(outer, where, body["copy"][1])
        if count is not None and template.has_loops():
            return False
        target = target_of(self._gathered, body, where, outer, around)
        resources = f"{template.where}.resources"
        inside = outer
        references = noted_references(template.sections)
        if template.is_inner:
            names = given(properties, template.sections, outer, where, template.file)
            names.group = target.group
            names.references = references or {}
            view = Around(self._gathered, names, resources)
            inside = ArmExpressions(names, template.file, outer.notes, view)
        name = segments_of(outer.at(where, "name", body["name"][1]).value(body["name"][1]))
        key = f"{DEPLOYMENT}.{where}"
        nested = Nested(
            key=key,
            where=where,
            template=template.where,
            segments=name,
            target=target,
            body=body,
            outside=outer,
            inside=inside,
            outputs=members(template.sections["outputs"][1])
            if "outputs" in template.sections
            else {},
            is_own=references is not None,
            copy_name=copy_name,
        )
        self._gathered.add_nested(nested)
        own = condition_of(self._gathered, body, where, outer, target.group)
        conditions = (*around.conditions, *own)
        target = replace(target, within=key, count=count, conditions=conditions)
        before = len(self._gathered.entries)
        self.gather(template.resources, resources, inside, target, depth=depth + 1)
        nested.members = self._gathered.entries[before:]
        return True

    def _entry(
        self,
        native: str,
        node: Node,
        where: str,
        expressions: ArmExpressions,
        target: Target,
        *,
        parent: Entry | None,
        noted: str | None,
    ) -> Entry:
        body = body_of(node)
        name_node = body["name"][1]
        said = segments_of(expressions.at(where, "name", name_node).value(name_node))
        segments = [self._gathered.plain(segment) for segment in said]
        if parent is not None and len(segments) < len(native.split("/")) - 1:
            said = [*parent.said, *said]
            segments = [*parent.segments, *segments]
        extension = split_extension(native, segments)
        if extension is not None:
            native, others, extended = extension
            said, segments = said[others:], segments[others:]
        known = self._gathered.types.get(native.lower())
        if known is not None and self._is_none_described(known, body, expressions):
            known = None
        kind = known or kept_type(native)
        wanted = noted or noted_name(body) or wanted_name(segments[-1], native)
        entry = Entry(
            type=kind,
            address=self._taken.take(f"{kind}.{wanted}", where, "_"),
            body=body,
            node=node,
            where=where,
            expressions=expressions,
            segments=segments,
            said=said,
            own=last_name(spelled(name_node)),
            target=replace(target, group=None) if kind == GROUP else target,
            parent=parent,
            extended=extended if extension is not None else None,
        )
        entry.count = parent.count if parent is not None else target.count
        if "copy" in body:
            entry.count, entry.copy_name = self._loop(expressions, where, body["copy"][1])
        return entry

    def _is_none_described(self, native: str, body: Members, expressions: ArmExpressions) -> bool:
        """Whether the catalog has kinds for the type, but the resource is of none of them."""
        catalog = self._gathered.catalog
        kind = catalog.kind_of("arm", native)
        mapping = kind.mapping("arm") if kind is not None else None
        if mapping is None or not mapping.not_when:
            return False
        heads = {path[0].key for alternative in mapping.not_when for path, _ in alternative}
        said = {key: expressions.value(body[key][1]) for key in heads if key in body}
        return catalog.kind_of("arm", native, said) is None

    def _loop(
        self, expressions: ArmExpressions, where: str, node: Node
    ) -> tuple[Value, str | None]:
        """How often a `copy` repeats, and what it is called."""
        said = members(node)
        if "count" not in said:
            expressions.at(where, "copy", node).note("a copy needs name and count")
            return None, None
        name = str(said["name"][1].value) if "name" in said else ""
        return expressions.at(where, "copy", node).value(said["count"][1]), name
