"""Planning: what is wanted against what is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.catalog.kinds import Property
from dharma.model.addresses import instance_address
from dharma.model.blueprint import Lifecycle, ResolvedBlueprint, ResourceInstance
from dharma.model.expressions.nodes import ResourceRef, Template, Unknown, Value
from dharma.orchestrator.plan import Plan
from dharma.orchestrator.plan_view import render, summary_line
from dharma.orchestrator.planning import plan, plan_of_removal
from dharma.orchestrator.showing import KNOWN_AFTER_APPLY, SENSITIVE
from dharma.orchestrator.states import DeployedState
from tests.unit.work import calls_of


@dataclass(frozen=True)
class SmallKind:
    properties: dict[str, Property]


@dataclass(frozen=True)
class SmallCatalog:
    """A catalog of a few kinds, as far as planning asks."""

    known: dict[str, SmallKind] = field(
        default_factory=lambda: {
            "aws_vpc": SmallKind(
                {
                    "cidr_block": Property("cidr_block", "string", immutable=True),
                    "enable_dns_support": Property("enable_dns_support", "bool", default=True),
                    "tags": Property("tags", "map(string)"),
                }
            ),
            "aws_subnet": SmallKind(
                {
                    "vpc_id": Property("vpc_id", "string", immutable=True),
                    "cidr_block": Property("cidr_block", "string", immutable=True),
                }
            ),
            "aws_security_group": SmallKind(
                {
                    "ingress": Property(
                        "ingress",
                        "set(object)",
                        properties={
                            "from_port": Property("from_port", "number"),
                            "cidr_ipv4": Property("cidr_ipv4", "string"),
                        },
                    ),
                    "vpc_id": Property("vpc_id", "string", immutable=True),
                }
            ),
            "aws_rules": SmallKind(
                {
                    "rule": Property(
                        "rule", "list(object)", properties={"days": Property("days", "number")}
                    ),
                    "scaling": Property(
                        "scaling",
                        "object",
                        properties={
                            "desired": Property("desired", "number"),
                            "max": Property("max", "number"),
                        },
                    ),
                }
            ),
            "aws_db_instance": SmallKind(
                {
                    "password": Property("password", "string", sensitive=True),
                    "allocated_storage": Property("allocated_storage", "number"),
                    "description": Property("description", "string"),
                    "subnets": Property("subnets", "list(string)"),
                }
            ),
        }
    )

    def kind(self, name: str) -> SmallKind | None:
        return self.known.get(name)


CATALOG = SmallCatalog()


def resource(address: str, lifecycle: Lifecycle | None = None, **properties: Value) -> Any:
    kind, _, name = address.partition(".")
    return ResourceInstance(address, kind, name, properties, lifecycle=lifecycle or Lifecycle())


def blueprint(*resources: ResourceInstance, **rest: Any) -> ResolvedBlueprint:
    return ResolvedBlueprint("shop", "1.0.0", "aws", resources=resources, **rest)


def deployed(*resources: ResourceInstance, **rest: Any) -> DeployedState:
    return DeployedState(7, blueprint(*resources, **rest))


def actions(made: Plan) -> dict[str, str]:
    return {change.address: change.action for change in made.changes}


def test_without_a_present_state_everything_is_created() -> None:
    made = plan(blueprint(resource("aws_vpc.main", cidr_block="10.0.0.0/16")), None, CATALOG)
    assert actions(made) == {"aws_vpc.main": "create"}
    assert made.from_version == 0
    assert made.changes[0].before is None
    assert made.changes[0].after == {"cidr_block": "10.0.0.0/16"}


def test_the_same_again_is_an_empty_plan() -> None:
    vpc = resource("aws_vpc.main", cidr_block="10.0.0.0/16", tags={"team": "web"})
    made = plan(blueprint(vpc), deployed(vpc), CATALOG)
    assert made.empty
    assert actions(made) == {"aws_vpc.main": "no-op"}
    assert summary_line(made).startswith("No changes.")


def test_what_is_no_longer_written_is_deleted() -> None:
    made = plan(blueprint(), deployed(resource("aws_vpc.main", cidr_block="10.0.0.0/16")), CATALOG)
    assert actions(made) == {"aws_vpc.main": "delete"}
    assert made.changes[0].after is None


def test_a_changed_property_updates_and_is_named_with_its_path() -> None:
    made = plan(
        blueprint(resource("aws_vpc.main", cidr_block="10.0.0.0/16", tags={"team": "shop"})),
        deployed(resource("aws_vpc.main", cidr_block="10.0.0.0/16", tags={"team": "web"})),
        CATALOG,
    )
    (change,) = made.changes
    assert change.action == "update"
    assert [(p.path, p.before, p.after) for p in change.paths] == [("tags.team", "web", "shop")]


def test_a_property_at_its_default_is_no_change() -> None:
    made = plan(
        blueprint(resource("aws_vpc.main", enable_dns_support=True)),
        deployed(resource("aws_vpc.main")),
        CATALOG,
    )
    assert made.empty


def test_a_changed_immutable_property_replaces() -> None:
    made = plan(
        blueprint(resource("aws_vpc.main", cidr_block="10.1.0.0/16")),
        deployed(resource("aws_vpc.main", cidr_block="10.0.0.0/16")),
        CATALOG,
    )
    (change,) = made.changes
    assert change.action == "replace"
    assert change.paths[0].forces_replacement
    assert change.reason == "cidr_block cannot be changed in place"


def test_replacement_spreads_along_immutable_references_and_updates_along_the_others() -> None:
    group_of = ResourceRef("aws_vpc.main", ("id",))
    others = (
        resource("aws_subnet.app", vpc_id=group_of, cidr_block="10.0.0.0/24"),
        resource("aws_db_instance.db", description=Template(("in ", group_of))),
    )
    made = plan(
        blueprint(resource("aws_vpc.main", cidr_block="10.1.0.0/16"), *others),
        deployed(resource("aws_vpc.main", cidr_block="10.0.0.0/16"), *others),
        CATALOG,
    )
    assert actions(made) == {
        "aws_vpc.main": "replace",
        "aws_subnet.app": "replace",
        "aws_db_instance.db": "update",
    }
    subnet = next(c for c in made.changes if c.address == "aws_subnet.app")
    assert subnet.reason == "aws_vpc.main is replaced"
    assert subnet.paths[0].after == KNOWN_AFTER_APPLY


@pytest.mark.parametrize("key", [0, "eu", 'a "quoted" key', "${"])
def test_replacement_spreads_from_one_instance_whatever_its_key_is(key: int | str) -> None:
    vpc = instance_address("aws_vpc.main", key)
    subnet = resource("aws_subnet.app", vpc_id=ResourceRef("aws_vpc.main", ("id",), key))
    made = plan(
        blueprint(resource(vpc, cidr_block="10.1.0.0/16"), subnet),
        deployed(resource(vpc, cidr_block="10.0.0.0/16"), subnet),
        CATALOG,
    )
    assert actions(made) == {vpc: "replace", "aws_subnet.app": "replace"}


def test_the_work_of_a_replacement_grows_with_its_chain_alone() -> None:
    """Each refers to the next in the order of addresses, the last of which is replaced."""

    def chain(length: int, cidr: str) -> list[ResourceInstance]:
        names = [f"aws_subnet.s{number:04}" for number in range(length + 1)]
        followers = [
            resource(name, vpc_id=ResourceRef(following, ("id",)))
            for name, following in pairwise(names)
        ]
        return [*followers, resource(names[-1], cidr_block=cidr)]

    def calls(length: int) -> int:
        new, old = blueprint(*chain(length, "new")), deployed(*chain(length, "old"))
        return calls_of(lambda: plan(new, old, CATALOG))

    made = plan(blueprint(*chain(40, "new")), deployed(*chain(40, "old")), CATALOG)
    assert set(actions(made).values()) == {"replace"}
    short, long = calls(40), calls(160)
    assert long <= 4.4 * short


def test_the_order_of_a_set_is_no_change_and_that_of_a_list_is_one() -> None:
    https: Value = {"from_port": 443, "cidr_ipv4": "0.0.0.0/0"}
    http: Value = {"from_port": 80, "cidr_ipv4": "0.0.0.0/0"}
    same = plan(
        blueprint(resource("aws_security_group.web", ingress=[http, https])),
        deployed(resource("aws_security_group.web", ingress=[https, http])),
        CATALOG,
    )
    other = plan(
        blueprint(resource("aws_db_instance.db", subnets=["a", "b"])),
        deployed(resource("aws_db_instance.db", subnets=["b", "a"])),
        CATALOG,
    )
    assert same.empty
    assert actions(other) == {"aws_db_instance.db": "update"}


def test_a_sensitive_property_changes_without_being_shown() -> None:
    made = plan(
        blueprint(resource("aws_db_instance.db", password="new-word")),
        deployed(resource("aws_db_instance.db", password="old-word")),
        CATALOG,
    )
    text = render(made) + str(made.to_dict())
    assert actions(made) == {"aws_db_instance.db": "update"}
    assert made.changes[0].paths[0].sensitive
    assert "word" not in text.replace("password", "")
    assert SENSITIVE in text


def test_a_secret_is_hidden_wherever_it_is_used() -> None:
    secret = {
        "secrets": frozenset({"s3cr3t", 123456}),
        "outputs": {"told": "it is s3cr3t", "named": "x", "open": "y"},
        "sensitive_outputs": frozenset({"named"}),
    }
    database = resource("aws_db_instance.db", description="uses s3cr3t", allocated_storage=123456)
    made = plan(blueprint(database, **secret), None, CATALOG)
    text = str(made.to_dict()) + render(made)
    assert "s3cr3t" not in text
    assert "123456" not in text
    assert {o.path: o.after for o in made.outputs} == {
        "told": SENSITIVE,
        "named": SENSITIVE,
        "open": "y",
    }


def test_a_secret_that_goes_is_hidden_too() -> None:
    told = {"secrets": frozenset({"s3cr3t"}), "outputs": {"told": "s3cr3t"}}
    before = deployed(resource("aws_db_instance.db", description="s3cr3t"), **told)
    made = plan(blueprint(), before, CATALOG)
    assert "s3cr3t" not in str(made.to_dict()) + render(made)


def test_an_unknown_value_is_said_to_be_known_after_apply() -> None:
    made = plan(
        blueprint(resource("aws_db_instance.db", description=Unknown("read from a data source"))),
        deployed(resource("aws_db_instance.db", description="old")),
        CATALOG,
    )
    (path,) = made.changes[0].paths
    assert (path.before, path.after) == ("old", KNOWN_AFTER_APPLY)


def test_what_the_lifecycle_protects_is_refused() -> None:
    protected = Lifecycle(prevent_destroy=True)
    gone = plan(
        blueprint(),
        deployed(resource("aws_vpc.main", protected, cidr_block="10.0.0.0/16")),
        CATALOG,
    )
    replaced = plan(
        blueprint(resource("aws_vpc.main", protected, cidr_block="10.1.0.0/16")),
        deployed(resource("aws_vpc.main", cidr_block="10.0.0.0/16")),
        CATALOG,
    )
    assert gone.refused
    assert "aws_vpc.main has prevent_destroy and would be replaced" in replaced.refused[0]


@pytest.mark.parametrize("path", ["tags.team", 'tags["team"]'])
def test_ignored_changes_are_no_changes(path: str) -> None:
    ignoring = Lifecycle(ignore_changes=(path,))
    made = plan(
        blueprint(resource("aws_vpc.main", ignoring, tags={"team": "new", "tier": "b"})),
        deployed(resource("aws_vpc.main", tags={"team": "old", "tier": "a"})),
        CATALOG,
    )
    assert [p.path for p in made.changes[0].paths] == ["tags.tier"]


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("rule[1]", ["rule.0.days", "rule.2.days"]),
        ("rule[1].days", ["rule.0.days", "rule.2.days"]),
        ("rule[0].days", ["rule.1.days", "rule.2.days"]),
        ("rule", []),
    ],
)
def test_an_ignored_element_of_a_list_leaves_the_others_to_be_compared(
    path: str, left: list[str]
) -> None:
    ignoring = Lifecycle(ignore_changes=(path,))
    made = plan(
        blueprint(resource("aws_rules.r", ignoring, rule=[{"days": n} for n in (1, 2, 3)])),
        deployed(resource("aws_rules.r", rule=[{"days": n} for n in (4, 5, 6)])),
        CATALOG,
    )
    assert [p.path for p in made.changes[0].paths] == left


def test_an_ignored_element_does_not_hide_a_list_of_another_length() -> None:
    ignoring = Lifecycle(ignore_changes=("rule[1]", "rule[0].days"))
    made = plan(
        blueprint(resource("aws_rules.r", ignoring, rule=[{"days": 1}])),
        deployed(resource("aws_rules.r", rule=[{"days": 1}, {"days": 2}])),
        CATALOG,
    )
    assert [p.path for p in made.changes[0].paths] == ["rule"]


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("scaling[0].desired", ["scaling.max"]),
        ("scaling.desired", ["scaling.max"]),
        ("scaling[1].desired", ["scaling.desired", "scaling.max"]),
        ("scaling", []),
    ],
)
def test_terraform_names_a_member_of_a_single_block_by_its_first_position(
    path: str, left: list[str]
) -> None:
    ignoring = Lifecycle(ignore_changes=(path,))
    made = plan(
        blueprint(resource("aws_rules.r", ignoring, scaling={"desired": 1, "max": 2})),
        deployed(resource("aws_rules.r", scaling={"desired": 3, "max": 4})),
        CATALOG,
    )
    assert [p.path for p in made.changes[0].paths] == left


def test_a_key_may_be_empty() -> None:
    ignoring = Lifecycle(ignore_changes=('tags[""]',))
    made = plan(
        blueprint(resource("aws_vpc.main", ignoring, tags={"": "new", "tier": "b"})),
        deployed(resource("aws_vpc.main", tags={"": "old", "tier": "a"})),
        CATALOG,
    )
    assert [p.path for p in made.changes[0].paths] == ["tags.tier"]


def test_a_new_output_alone_is_something_to_do() -> None:
    vpc = resource("aws_vpc.main", cidr_block="10.0.0.0/16")
    made = plan(
        blueprint(vpc, outputs={"vpc": ResourceRef("aws_vpc.main", ("id",))}),
        deployed(vpc),
        CATALOG,
    )
    assert not made.empty
    assert [(o.path, o.after) for o in made.outputs] == [("vpc", KNOWN_AFTER_APPLY)]


def test_a_removal_deletes_everything() -> None:
    made = plan_of_removal(deployed(resource("aws_vpc.a"), resource("aws_vpc.b")), CATALOG)
    assert actions(made) == {"aws_vpc.a": "delete", "aws_vpc.b": "delete"}


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xy"), inner),
    max_leaves=4,
)
properties = st.dictionaries(
    st.sampled_from(["cidr_block", "tags", "enable_dns_support", "other"]), values
)
resources = st.dictionaries(st.sampled_from(["aws_vpc.a", "aws_vpc.b", "x.c"]), properties)


@settings(max_examples=150, deadline=None)
@given(old=resources, new=resources)
def test_a_plan_is_deterministic_complete_and_survives_its_json(
    old: dict[str, dict[str, Value]], new: dict[str, dict[str, Value]]
) -> None:
    def made(sides: list[dict[str, dict[str, Value]]]) -> Plan:
        before, after = ([resource(a, **p) for a, p in side.items()] for side in sides)
        return plan(blueprint(*after), deployed(*before), CATALOG)

    first = made([old, new])
    shuffled = made([dict(reversed(old.items())), dict(reversed(new.items()))])
    assert first == shuffled
    assert {c.address for c in first.changes} == old.keys() | new.keys()
    assert Plan.from_dict(first.to_dict()) == first
    assert plan(blueprint(*(resource(a, **p) for a, p in new.items())), None, CATALOG).summary[
        "create"
    ] == len(new)
