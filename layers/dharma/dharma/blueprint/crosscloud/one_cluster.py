"""The counterpart of one cluster: what is carried, what the target wants besides, and the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dharma.blueprint.crosscloud import firewalls, naming
from dharma.blueprint.crosscloud.clusters import Cluster
from dharma.blueprint.crosscloud.conversions import Changed, Uncarried, conversion, same
from dharma.blueprint.crosscloud.equivalents import MAIN, Carried, End, Need, Place, Side, Steps
from dharma.blueprint.crosscloud.paths import begins, get_at, leaves, set_at
from dharma.blueprint.crosscloud.report import ResourceReview
from dharma.catalog.kinds import Kind, Property
from dharma.model.blueprint import Resource, Variable
from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.nodes import (
    Conditional,
    Expression,
    ResourceRef,
    Splat,
    Template,
    Value,
    VariableRef,
    walk,
)
from dharma.model.expressions.parser import parse_template

if TYPE_CHECKING:
    from dharma.blueprint.crosscloud.carrying import _Journey

_NO_WORD = re.compile(r"[^A-Za-z0-9]+")
# What says where a resource stands, and is decided for the whole.
_PLACEMENT = frozenset({"resource_group_name", "location", "region", "zone", "project"})
_NO_ZONE = {"azure": "zone"}


class Counterpart:
    """Fills `cluster.made` and the review."""

    def __init__(
        self,
        journey: _Journey,
        cluster: Cluster,
        review: ResourceReview,
        place: VariableRef,
        tags: Mapping[str, str],
    ) -> None:
        assert cluster.target is not None
        self.journey = journey
        self.cluster = cluster
        self.source: Side = cluster.side
        self.target: Side = cluster.target
        self.review = review
        self.place = place
        self.tags = tags
        self.consumed: set[Place] = set()
        self.properties: dict[str, dict[str, Any]] = {MAIN: {}}
        self.properties |= {p.alias: {} for p in self.target.parts if not p.optional}

    def resources(self) -> list[Resource]:
        """The resources of the counterpart, those that the others name first."""
        self._name()
        for carried in self.cluster.concept.carries:
            self._carry(carried)
        if self.source.rules:
            return self._with_rules()
        self._additions()
        made = self._built()
        self._rest()
        return made

    # -- names

    def _name(self) -> None:
        source, target = self.source.name, self.target.name
        said = None
        if source is not None:
            said = get_at(self.cluster.main.properties, source.steps)
            self.consumed.add(source)
        if target is None:
            if said is not None and not self.source.name_optional:
                # A name that the source has to have says nothing.
                return
            if said is not None:
                self.review.dropped.append((str(source), "it has no name there"))
            return
        name: Value
        if said is None:
            if self.target.name_optional:
                return
            name = naming.derived(
                self.journey.blueprint.name, self.cluster.main, self.target.name_rule
            )
            self._put(target, name)
            self.review.added.append((str(target), "a name is wanted there"))
            return
        assert source is not None
        if naming.is_literal(said):
            name = naming.spelled(str(said), self.target.name_rule)
            why = "" if name == said else "what may be in a name differs"
        else:
            try:
                name = self.journey.references.carried(said)
            except Uncarried:
                name = naming.derived(
                    self.journey.blueprint.name, self.cluster.main, self.target.name_rule
                )
            why = f"see that the name fits: {_rule_said(self.target.name_rule)}"
        self._put(target, name)
        if not why:
            self.review.carried.append((str(source), str(target)))
        else:
            self.review.approximated.append((str(source), str(target), why))

    # -- carried properties

    def _carry(self, carried: Carried) -> None:
        end = carried.ends.get(self.source.provider)
        if end is None:
            return
        value = self._at(end.place)
        reasons = [carried.why] if carried.why else []
        if value is None and end.implied is not None:
            by, literal, meant, implies = end.implied
            if self._at(by) == literal:
                value = meant
                reasons.append(implies)
        if value is None:
            return
        self._consume(end, value)
        other = carried.ends.get(self.target.provider)
        if other is None:
            said = carried.missing.get(self.target.provider) or carried.why
            self._drop(end.place, said or "there is nothing like it")
            return
        try:
            value = self._converted(value, carried, end, other, reasons)
        except Uncarried as reason:
            self._drop(end.place, reason.reason)
            return
        self._put(other.place, value)
        for together in other.together:
            self._put(together, value)
        for at, extra in other.adds.items():
            if self._made(at) is None:
                self._put(at, extra)
        if reasons:
            said = "; ".join(dict.fromkeys(reasons))
            self.review.approximated.append((str(end.place), str(other.place), said))
        else:
            self.review.carried.append((str(end.place), str(other.place)))

    def _consume(self, end: End, value: Value) -> None:
        self.consumed.add(end.place)
        self.consumed.update(place for place in end.together if self._at(place) == value)
        for at, extra in end.adds.items():
            if self._at(at) == extra:
                self.consumed.add(at)

    def _converted(
        self, value: Any, carried: Carried, end: End, other: End, reasons: list[str]
    ) -> Value:
        if carried.to is not None:
            return self._reference(value, carried, end, other, reasons)
        for said in reversed(end.conversions):
            value = self._step(value, said, self.source.provider, reasons, reads=True)
        for said in other.conversions:
            value = self._step(value, said, self.target.provider, reasons, reads=False)
        return self.journey.references.carried(value)

    def _step(
        self, value: Any, said: Any, provider: str, reasons: list[str], *, reads: bool
    ) -> Any:
        made = conversion(said, self.source.provider, self.target.provider, provider)
        run = made.reads if reads else made.writes
        if run is same:
            return value
        key = f"{'from' if reads else 'to'} {made.key}"
        structural = made.key in ("only", "labels", "tags")

        def convert(inner: Any) -> Any:
            if isinstance(inner, Conditional):
                return Conditional(inner.condition, convert(inner.then), convert(inner.otherwise))
            if isinstance(inner, VariableRef) and not structural:
                return self.journey.variables.translated(inner.name, key, run)
            if isinstance(inner, Expression) and not structural:
                raise Uncarried("an expression makes it, and its values are others there")
            if inner is None:
                return None
            found = run(inner)
            if isinstance(found, Changed) and made.key == "labels":
                found = self._labelled(inner, found)
            if isinstance(found, Changed):
                reasons.append(found.why)
                return found.value
            return found

        return convert(value)

    def _labelled(self, tags: Any, made: Changed) -> Value | Changed:
        """Labels whose values are variables with allowed values that labels may have are fine."""
        if made.value != tags or not isinstance(tags, dict):
            return made
        loose = [v for v in tags.values() if isinstance(v, Expression)]
        fine = self.journey.variables.are_labels
        return made.value if all(fine(value) for value in loose) else made

    def _reference(
        self, value: Any, carried: Carried, end: End, other: End, reasons: list[str]
    ) -> Value:
        """A value that names other resources: the same of their counterparts."""
        if "firewall_tags" in end.conversions:
            value = self._groups_of_tags(value)
        for said in end.conversions:
            if said == "only" and isinstance(value, list) and value:
                value = value if len(value) > 1 else value[0]
        if not any(isinstance(node, ResourceRef) for node in walk(value)):
            raise Uncarried("what it names is no resource of this blueprint")
        if "firewall_tags" in other.conversions:
            return [self._tag(node) for node in _each(value)]
        listed = self._is_list(other.place)
        each = _each(value)
        carried_over = []
        for node in each:
            try:
                carried_over.append(self.journey.references.carried(node, other.attribute or "id"))
            except Uncarried as reason:
                reasons.append(reason.reason)
        if not carried_over:
            raise Uncarried("; ".join(dict.fromkeys(reasons)) or "it names nothing")
        if listed:
            if len(carried_over) == 1 and isinstance(carried_over[0], Splat):
                return carried_over[0]
            return carried_over
        if len(carried_over) > 1:
            reasons.append(f"one of {len(carried_over)} can be named there: the first")
        return carried_over[0]

    def _tag(self, node: Value) -> Value:
        reference = next((n for n in walk(node) if isinstance(n, ResourceRef)), None)
        if reference is None or reference.address not in self.tags:
            raise Uncarried("what it names is no group of this blueprint")
        return self.tags[reference.address]

    def _groups_of_tags(self, value: Any) -> Value:
        found: list[Value] = []
        for tag in value if isinstance(value, list) else []:
            for cluster in self.journey.references.clusters.values():
                if not cluster.side.rules or cluster.main.address in _named(found):
                    continue
                if tag in _each(cluster.main.properties.get("target_tags")):
                    found.append(ResourceRef(cluster.main.address, ("id",)))
        if not found:
            raise Uncarried("no rule of this blueprint is for these tags")
        return found

    # -- what the target must have

    def _additions(self) -> None:
        for at, addition in self.target.adds.items():
            if at.part and at.part not in self.properties:
                continue
            if addition.value is None or self._made(at) is not None:
                continue
            if any(
                self._made(Place(at.part, at.steps[:n])) is not None
                and not isinstance(self._made(Place(at.part, at.steps[:n])), dict | list)
                for n in range(1, len(at.steps))
            ):
                continue
            value = addition.value
            if isinstance(value, str) and "${" in value:
                value = _parsed(value)
            self._put(at, value)
            self.review.added.append((str(at), addition.why or "it is wanted there"))
        for carried in self.cluster.concept.carries:
            other = carried.ends.get(self.target.provider)
            source = carried.ends.get(self.source.provider)
            if other is None or source is None:
                continue
            if self._made(other.place) is None:
                continue
            for at, extra in other.adds.items():
                if self._made(at) is None:
                    self._put(at, extra)
        for at, value in self.target.sets.items():
            self._put(at, value)
        for at, need in self.target.needs.items():
            if self._made(at) is None:
                self._find(at, need)

    def _find(self, at: Place, need: Need) -> None:
        """The only resource that can be meant, else a variable."""
        candidates = {
            cluster.main.address: cluster
            for cluster in self.journey.references.clusters.values()
            if cluster.concept.name == need.sole and MAIN in cluster.addresses
        }
        if need.sole is None or len(candidates) != 1:
            self._need(at, need.why)
            return
        (address,) = candidates
        named = ResourceRef(address, ("id",))
        self._put(at, self.journey.references.carried(named, need.attribute))
        self.review.added.append((str(at), f"{need.why}: the only one of this blueprint"))

    def _need(self, at: Place, why: str) -> None:
        """A variable without default: nothing is guessed."""
        found = self._declared(at)
        kind = found.type if found is not None else "string"
        kind = "any" if "object" in kind else kind
        kind = "any" if kind == "document" else kind.replace("set(", "list(")
        if at.steps and isinstance(at.steps[-1], int):
            kind = "string"
        name = f"{self.cluster.main.name}_{'_'.join(str(s) for s in at.steps[-2:])}"
        name = _NO_WORD.sub("_", re.sub(r"_[0-9]+(?=_|$)", "", name)).strip("_").lower()
        reference = self.journey.variables.new(
            Variable(
                name,
                type=kind,
                required=True,
                sensitive=bool(found is not None and found.sensitive),
                description=f"{self.cluster.addresses[at.part]}: {why}",
            )
        )
        self._put(at, reference)
        self.review.needed.append((f"var.{reference.name}", why))

    def _built(self) -> list[Resource]:
        """The resources themselves, linked to each other and placed."""
        main_address = self.cluster.addresses[MAIN]
        for part in self.target.parts:
            if part.alias not in self.properties:
                self.cluster.addresses.pop(part.alias, None)
                continue
            own = self.properties[part.alias]
            instance = self._instance()
            if part.name is not None and part.name not in own:
                own[part.name] = self._part_name(part.rule)
            if part.owner is not None:
                set_at(
                    own, part.owner.steps, ResourceRef(main_address, (part.attribute,), instance)
                )
            if part.member is not None:
                named: Value = ResourceRef(
                    self.cluster.addresses[part.alias], (part.attribute,), instance
                )
                set_at(self.properties[MAIN], part.member.steps, [named] if part.listed else named)
        before = [part.alias for part in self.target.parts if part.member]
        after = [part.alias for part in self.target.parts if not part.member]
        aliases = [a for a in (*before, MAIN, *after) if a in self.properties]
        return [self._resource(alias) for alias in aliases]

    def _instance(self) -> Value:
        from dharma.model.expressions.nodes import Symbol

        main = self.cluster.main
        if main.count is not None:
            return Symbol(("count", "index"))
        return Symbol(("each", "key")) if main.for_each is not None else None

    def _part_name(self, rule: str) -> Value:
        name = self._made(self.target.name) if self.target.name is not None else None
        if isinstance(name, str):
            return naming.spelled(name, rule)
        return naming.derived(self.journey.blueprint.name, self.cluster.main, rule)

    def _resource(self, alias: str) -> Resource:
        address = self.cluster.addresses[alias]
        type_, _, name = address.partition(".")
        kind = self.journey.catalog.kind(type_)
        assert kind is not None
        self._placed(alias, kind)
        self._require(alias, kind.properties, ())
        main = self.cluster.main
        resource = Resource(
            type_,
            name,
            _in_order(self.properties[alias], kind),
            **self._loops(),
            depends_on=main.depends_on if alias == MAIN else (),
            lifecycle=replace(main.lifecycle, ignore_changes=()),
        )
        if main.lifecycle.ignore_changes and alias == MAIN:
            self.review.dropped.append(
                ("lifecycle.ignore_changes", "names of properties are others there")
            )
        self.cluster.made[alias] = resource
        return resource

    def _loops(self) -> dict[str, Any]:
        main = self.cluster.main
        found: dict[str, Any] = {}
        for name in ("count", "for_each", "condition"):
            value = getattr(main, name)
            if value is None:
                continue
            try:
                found[name] = self.journey.references.carried(value)
            except Uncarried as reason:
                self.review.dropped.append((name, reason.reason))
        return found

    def _placed(self, alias: str, kind: Kind) -> None:
        own = self.properties[alias]
        provider = self.target.provider
        if provider == "azure":
            group = "azurerm_resource_group.main"
            if "resource_group_name" in kind.properties:
                own["resource_group_name"] = ResourceRef(group, ("name",))
            if "location" in kind.properties:
                own["location"] = ResourceRef(group, ("location",))
            return
        for name in ("region", "location"):
            declared = kind.properties.get(name)
            if (
                declared is not None
                and (declared.required or provider == "gcp")
                and (name not in own)
            ):
                own[name] = self.place
        declared = kind.properties.get("zone")
        if declared is not None and declared.required and "zone" not in own:
            own["zone"] = Template((self.place, "-b"))
            self.review.added.append(("zone", "the zone was not carried: see that it fits"))

    def _require(self, alias: str, declared: Mapping[str, Property], steps: Steps) -> None:
        """What the kind asks for and nobody said becomes a variable."""
        here = get_at(self.properties[alias], steps) if steps else self.properties[alias]
        if not isinstance(here, dict):
            return
        for name, found in declared.items():
            at = (*steps, name)
            value = here.get(name)
            if value is None:
                if found.required:
                    if found.properties and found.type == "object":
                        here[name] = {}
                        self._require(alias, found.properties, at)
                    else:
                        self._need(Place(alias, at), "it is required there")
                continue
            if found.type == "object" and isinstance(value, dict):
                self._require(alias, found.properties, at)
            elif found.holds_objects and isinstance(value, list):
                for position, element in enumerate(value):
                    if isinstance(element, dict):
                        self._require(alias, found.properties, (*at, position))

    # -- firewall rules

    def _with_rules(self) -> list[Resource]:
        found = firewalls.read_rules(self.cluster)
        for path, why in found.lost:
            self.review.dropped.append((path, why))
        found.rules = [kept for rule in found.rules if (kept := self._peer(rule)) is not None]
        for resource in self.cluster.resources():
            for name in self.source.rules:
                if name in resource.properties and resource is self.cluster.main:
                    self.consumed.add(Place(MAIN, (name,)))
        kinds = " and ".join(self.target.rules[:2])
        for name in self.source.rules:
            if self.cluster.main.properties.get(name) is not None and name in (
                "ingress", "egress", "security_rule", "allow",
            ):  # fmt: skip
                self.review.carried.append((name, kinds))
        if self.target.provider == "aws":
            written, added = firewalls.write_aws(found)
            self.properties[MAIN].update(written)
            if found.in_from_network:
                self.review.dropped.append(
                    ("security_rule", "Azure lets in what comes from the virtual network; add it")
                )
        elif self.target.provider == "azure":
            rules, added, alike = firewalls.write_azure(found)
            if rules:
                self.properties[MAIN]["security_rule"] = rules
            for path, why in alike:
                self.review.approximated.append((path, "security_rule", why))
        else:
            return self._gcp_rules(found)
        self.review.added.extend(added)
        self._additions()
        made = self._built()
        self._rest()
        return made

    def _gcp_rules(self, found: firewalls.Rules) -> list[Resource]:
        network = self._made(Place(MAIN, ("network",)))
        if network is None:
            self._need(Place(MAIN, ("network",)), "the network that the rules belong to")
            network = self._made(Place(MAIN, ("network",)))
        base = self.cluster.addresses[MAIN]
        _, _, name = base.partition(".")
        plain = naming.spelled(name, "gcp")
        written, added = firewalls.write_gcp(
            found, plain, network, self.cluster.tag, dict(self.tags)
        )
        self.review.added.extend(added)
        made = []
        if written:
            self.review.added.append(("target_tags", "machines are found by their tag"))
        for end, properties in written.items():
            resource = Resource(
                self.target.kind,
                f"{name}_{end}",
                properties,
                **self._loops(),
                lifecycle=replace(self.cluster.main.lifecycle, ignore_changes=()),
            )
            made.append(resource)
            self.cluster.made[end] = resource
        self.cluster.addresses[MAIN] = made[0].address if made else ""
        if not made:
            self.cluster.addresses.pop(MAIN)
            self.review.reason = "a group without rules is nothing there"
        self._rest()
        return made

    def _peer(self, rule: firewalls.FirewallRule) -> firewalls.FirewallRule | None:
        tag = firewalls.tag_of(rule.peer)
        peer = rule.peer
        if tag is not None:
            try:
                groups = self._groups_of_tags([tag])
            except Uncarried as reason:
                self.review.dropped.append(("allow", f"tag {tag}: {reason.reason}"))
                return None
            assert isinstance(groups, list)
            peer = groups[0]
        if isinstance(peer, ResourceRef):
            if self.target.provider == "gcp":
                if rule.direction == "out":
                    self.review.dropped.append(
                        ("egress", f"to {peer.address}: rules outward name ranges there")
                    )
                    return None
                if peer.address not in self.tags:
                    self.review.dropped.append(("ingress", f"{peer.address} has no counterpart"))
                    return None
            elif self.target.provider == "aws":
                peer = self.journey.references.carried(peer, "id")
        return self._settled(rule, peer)

    def _settled(self, rule: firewalls.FirewallRule, peer: Value) -> firewalls.FirewallRule | None:
        carried = self.journey.references.carried
        try:
            return replace(
                rule,
                protocol=carried(rule.protocol),
                ports=rule.ports and (carried(rule.ports[0]), carried(rule.ports[1])),
                peer=peer if isinstance(peer, ResourceRef) else carried(peer),
                description=carried(rule.description),
            )
        except Uncarried as reason:
            self.review.dropped.append((rule.direction, reason.reason))
            return None

    # -- the rest of the source

    def _rest(self) -> None:
        """Every value that was not carried, with the reason, unless it says what silence says."""
        for alias, resource in self.cluster.members.items():
            kind = self.journey.catalog.kind(resource.type)
            linked = self._links(alias)
            for steps, value in leaves(resource.properties):
                at = Place(alias, steps)
                if steps[0] in _PLACEMENT and self.source.provider != "aws":
                    continue
                if any(p.part == alias and begins(steps, p.steps) for p in self.consumed):
                    continue
                if any(begins(steps, link) for link in linked):
                    continue
                if alias != MAIN and steps == (self.source.part(alias).name or "",):
                    continue
                if self._says_nothing(at, value, kind):
                    continue
                self._drop(at, self._why(at))
        main = self.cluster.main
        for name, said, why in (
            ("region", main.region, "the region of the deployment holds: say another by hand"),
            ("renamed_from", main.renamed_from, "what is proposed has no history"),
            ("import_id", main.import_id, "what is there already is in the source cloud"),
        ):
            if said:
                self.review.dropped.append((name, why))
        for format_name in self.cluster.main.native:
            self.review.dropped.append((f"native.{format_name}", "it is of the other cloud"))

    def _links(self, alias: str) -> list[Steps]:
        found = [p.member.steps for p in self.source.parts if p.member and alias == MAIN]
        if alias != MAIN and (owner := self.source.part(alias).owner) is not None:
            found.append(owner.steps)
        return found

    def _says_nothing(self, at: Place, value: Any, kind: Kind | None) -> bool:
        declared = self._property(kind, at.steps)
        if declared is not None and declared.default is not None and value == declared.default:
            return True
        addition = self.source.adds.get(at)
        if addition is not None and addition.value == value:
            return True
        return bool(self.source.sets.get(at) == value)

    def _why(self, at: Place) -> str:
        best = ""
        for length in range(len(at.steps), 0, -1):
            why = self.source.drops.get(Place(at.part, at.steps[:length]))
            if why is not None:
                return why
        return best or f"{self.target.kind} has nothing like it in the table of equivalents"

    def _drop(self, at: Place, why: str) -> None:
        prefix = next(
            (
                Place(at.part, at.steps[:n])
                for n in range(1, len(at.steps) + 1)
                if Place(at.part, at.steps[:n]) in self.source.drops
            ),
            at,
        )
        if (str(prefix), why) not in self.review.dropped:
            self.review.dropped.append((str(prefix), why))

    # -- small things

    def _at(self, place: Place) -> Any:
        member = self.cluster.members.get(place.part)
        return None if member is None else get_at(member.properties, place.steps)

    def _made(self, place: Place) -> Any:
        return get_at(self.properties.get(place.part, {}), place.steps)

    def _put(self, place: Place, value: Value) -> None:
        set_at(self.properties.setdefault(place.part, {}), place.steps, value)

    def _declared(self, at: Place) -> Property | None:
        type_ = self.cluster.addresses[at.part].partition(".")[0]
        return self._property(self.journey.catalog.kind(type_), at.steps)

    def _property(self, kind: Kind | None, steps: Steps) -> Property | None:
        names = tuple(step for step in steps if isinstance(step, str))
        return None if kind is None else kind.property_at(names)

    def _is_list(self, at: Place) -> bool:
        declared = self._declared(at)
        return declared is not None and declared.type.startswith(("list(", "set("))


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named(values: list[Value]) -> set[str]:
    return {value.address for value in values if isinstance(value, ResourceRef)}


def _parsed(text: str) -> Value:
    try:
        return parse_template(text)
    except ExpressionError:
        return text


def _in_order(properties: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """As the kind declares them, so that a name comes first."""
    order = {name: n for n, name in enumerate(kind.properties)}
    return dict(sorted(properties.items(), key=lambda item: order.get(item[0], len(order))))


def _rule_said(rule: str) -> str:
    return {
        "gcp": "small letters, digits and -, at most 63",
        "bucket": "small letters, digits, -, _ and ., at most 63, and nobody else's",
        "service_account": "6 to 30 small letters, digits and -",
        "storage_account": "3 to 24 small letters and digits, and nobody else's",
        "registry": "5 to 50 letters and digits, and nobody else's",
        "key_vault": "3 to 24 letters, digits and -, and nobody else's",
    }.get(rule, "letters, digits and -, at most 63")
