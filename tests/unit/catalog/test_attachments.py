"""Pieces that are unfolded from their owner and folded into it again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dharma.catalog import Document, Part, canonical, load_catalog, read, write
from dharma.catalog.document import Format
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Lifecycle, Resource
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    ResourceRef,
    Symbol,
    Template,
    Unknown,
    Value,
    VariableRef,
)
from dharma.model.origin import Origin

CATALOG = load_catalog()
BUCKET_ID = ResourceRef("aws_s3_bucket.b", ("id",))


def bucket(name: str = "b", **properties: Value) -> Resource:
    return Resource("aws_s3_bucket", name, properties)


def versioning(**further: Value) -> Part:
    arguments: dict[str, Value] = {
        "bucket": BUCKET_ID,
        "versioning_configuration": [{"status": "Enabled"}],
    }
    kind = "aws_s3_bucket_versioning"
    return Part(f"{kind}.v", kind, {**arguments, **further})


MAIN = Part("aws_s3_bucket.b", "aws_s3_bucket", {"bucket": "x"})


def parts_of(resources: list[Resource], format: Format = "terraform") -> dict[str, Part]:
    document, _ = write(resources, format, CATALOG)
    return {part.address: part for part in document.parts}


def read_parts(*parts: Part) -> tuple[dict[str, Resource], list[tuple[str, str, str]]]:
    resources, notes = read(Document("terraform", list(parts)), CATALOG)
    return {r.address: r for r in resources}, [(n.kind, n.address, n.path) for n in notes]


def test_an_attachment_is_written_only_where_there_is_something_to_say() -> None:
    assert sorted(parts_of([bucket()])) == ["aws_s3_bucket.b"]
    assert sorted(parts_of([bucket(versioning={"enabled": False})])) == [
        "aws_s3_bucket.b",
        "aws_s3_bucket_versioning.b",
    ]


def test_unread_arguments_of_owner_and_attachment_are_told() -> None:
    main = Part("aws_s3_bucket.b", "aws_s3_bucket", {"request_payer": "Requester", "tags_all": {}})
    piece = versioning(versioning_configuration=[{"status": "Enabled", "mfa_delete": "Disabled"}])
    resources, notes = read_parts(main, piece)
    assert resources["aws_s3_bucket.b"].properties == {"versioning": {"enabled": True}}
    assert notes == [
        ("not_understood", "aws_s3_bucket.b", "request_payer"),
        ("not_understood", "aws_s3_bucket_versioning.v", "versioning_configuration[0].mfa_delete"),
    ]


def test_an_attachment_of_an_owner_elsewhere_stays_alone() -> None:
    resources, notes = read_parts(versioning(bucket="somebody-elses"))
    assert list(resources) == ["aws_s3_bucket_versioning.v"]
    assert notes == [("passed_through", "aws_s3_bucket_versioning.v", "")]


def test_an_attachment_may_name_its_owner_instead_of_referring_to_it() -> None:
    name = Template((VariableRef("environment"), "-assets"))
    main = Part("aws_s3_bucket.b", "aws_s3_bucket", {"bucket": name})
    resources, notes = read_parts(main, versioning(bucket=name))
    assert (list(resources), notes) == (["aws_s3_bucket.b"], [])
    twin = Part("aws_s3_bucket.c", "aws_s3_bucket", {"bucket": name})
    resources, _ = read_parts(main, twin, versioning(bucket=name))
    assert "aws_s3_bucket_versioning.v" in resources


def test_a_second_attachment_of_a_kind_stays_alone() -> None:
    second = versioning()
    second.address = "aws_s3_bucket_versioning.w"
    resources, notes = read_parts(MAIN, versioning(), second)
    assert sorted(resources) == ["aws_s3_bucket.b", "aws_s3_bucket_versioning.w"]
    assert ("passed_through", "aws_s3_bucket_versioning.w", "") in notes


def test_a_condition_of_an_attachment_becomes_conditional_values() -> None:
    piece = versioning()
    piece.condition = VariableRef("keep")
    resources, _ = read_parts(MAIN, piece)
    expected = {"enabled": Conditional(VariableRef("keep"), True, None)}
    assert resources["aws_s3_bucket.b"].properties["versioning"] == expected
    back = parts_of(list(resources.values()))["aws_s3_bucket_versioning.b"]
    assert back.condition == VariableRef("keep")
    assert back.arguments["versioning_configuration"] == [{"status": "Enabled"}]


def test_a_conditional_object_is_a_conditional_block_in_cloudformation() -> None:
    keep = bucket(versioning=Conditional(VariableRef("keep"), {"enabled": True}, None))
    (part,) = parts_of([keep], "cloudformation").values()
    assert part.arguments["VersioningConfiguration"] == Conditional(
        VariableRef("keep"), {"Status": "Enabled"}, None
    )


def test_a_flag_that_is_an_expression_is_said_by_a_conditional_and_recognised() -> None:
    flagged = bucket(versioning={"enabled": VariableRef("v")})
    status = Conditional(VariableRef("v"), "Enabled", "Suspended")
    parts = parts_of([flagged])
    assert parts["aws_s3_bucket_versioning.b"].arguments["versioning_configuration"] == [
        {"status": status}
    ]
    (back,), _ = read(Document("terraform", list(parts.values())), CATALOG)
    assert back.properties["versioning"] == {"enabled": VariableRef("v")}


def test_conditions_and_loops_of_the_owner_hold_for_its_attachments() -> None:
    looped = Resource("aws_s3_bucket", "b", {"versioning": {"enabled": True}}, count=3)
    piece = parts_of([looped])["aws_s3_bucket_versioning.b"]
    assert piece.count == 3
    assert piece.arguments["bucket"] == ResourceRef(
        "aws_s3_bucket.b", ("id",), Symbol(("count", "index"))
    )
    each = Call("toset", (["x", "y"],))
    keyed = Resource("aws_s3_bucket", "b", {"versioning": {"enabled": True}}, for_each=each)
    piece = parts_of([keyed])["aws_s3_bucket_versioning.b"]
    assert piece.for_each == each
    assert piece.arguments["bucket"] == ResourceRef(
        "aws_s3_bucket.b", ("id",), Symbol(("each", "key"))
    )
    conditional = Resource(
        "aws_s3_bucket", "b", {"versioning": {"enabled": True}}, condition=VariableRef("c")
    )
    assert parts_of([conditional])["aws_s3_bucket_versioning.b"].condition == VariableRef("c")


@pytest.mark.parametrize(
    "loop",
    [
        {"count": VariableRef("n")},
        {"for_each": Call("toset", (["x"],))},
        {"for_each": VariableRef("buckets")},
        {"condition": VariableRef("c")},
    ],
)
def test_loops_and_conditions_together_come_back(loop: dict[str, Value]) -> None:
    keep = Conditional(VariableRef("keep"), {"enabled": True}, None)
    resource = Resource("aws_s3_bucket", "b", {"versioning": keep}, **loop)
    document, _ = write([resource], "terraform", CATALOG)
    back, notes = read(document, CATALOG)
    assert notes == []
    assert canonical(back, CATALOG) == canonical([resource], CATALOG)


@pytest.mark.parametrize("loop", [{"count": 2}, {"for_each": Call("toset", (["x"],))}])
def test_an_attachment_with_a_loop_of_its_own_stays_alone(loop: dict[str, Value]) -> None:
    piece = replace(versioning(), **loop)
    resources, notes = read_parts(MAIN, piece)
    assert sorted(resources) == ["aws_s3_bucket.b", "aws_s3_bucket_versioning.v"]
    assert ("passed_through", "aws_s3_bucket_versioning.v", "") in notes


def test_expanded_instances_are_resources_with_their_own_attachments() -> None:
    def part(address: str, kind: str, **arguments: Value) -> Part:
        return Part(address, kind, arguments)

    first, second = (
        part(f"aws_s3_bucket.b[{i}]", "aws_s3_bucket", bucket=f"x{i}") for i in range(2)
    )
    piece = versioning(bucket=ResourceRef("aws_s3_bucket.b", ("id",), 1))
    resources, notes = read_parts(first, second, piece)
    assert notes == []
    assert resources["aws_s3_bucket.b_1"].properties["versioning"] == {"enabled": True}
    assert "versioning" not in resources["aws_s3_bucket.b_0"].properties
    assert resources["aws_s3_bucket.b_1"].origin.address == "aws_s3_bucket.b[1]"


def test_references_to_an_attachment_are_references_to_its_owner() -> None:
    queue = Part(
        "aws_sqs_queue.q",
        "aws_sqs_queue",
        {"name": ResourceRef("aws_s3_bucket_versioning.v", ("bucket",))},
        depends_on=("aws_s3_bucket_versioning.v",),
    )
    resources, _ = read_parts(MAIN, versioning(), queue)
    assert resources["aws_sqs_queue.q"].properties["name"] == BUCKET_ID
    assert resources["aws_sqs_queue.q"].depends_on == ("aws_s3_bucket.b",)


def test_waiting_for_a_resource_is_waiting_for_its_attachments() -> None:
    queue = Resource("aws_sqs_queue", "q", {}, depends_on=("aws_s3_bucket.b",))
    parts = parts_of([bucket(versioning={"enabled": True}), queue])
    assert parts["aws_sqs_queue.q"].depends_on == ("aws_s3_bucket.b", "aws_s3_bucket_versioning.b")


def test_a_policy_that_names_its_own_bucket_is_no_cycle() -> None:
    arn = Template((ResourceRef("aws_s3_bucket.b", ("arn",)), "/*"))
    resource = bucket(policy={"Statement": [{"Resource": arn}]})
    for format in ("terraform", "cloudformation"):
        document, _ = write([resource], format, CATALOG)
        assert len(document.parts) == 2
        back, notes = read(document, CATALOG)
        assert (canonical(back, CATALOG), notes) == (canonical([resource], CATALOG), [])


def test_a_real_cycle_is_refused_with_its_members() -> None:
    def logging_to(name: str) -> dict[str, Value]:
        return {"logging": {"target_bucket": ResourceRef(f"aws_s3_bucket.{name}", ("id",))}}

    pair = [bucket("a", **logging_to("b")), bucket("b", **logging_to("a"))]
    with pytest.raises(NotExpressible) as refused:
        write(pair, "cloudformation", CATALOG)
    assert "aws_s3_bucket.a -> aws_s3_bucket.b -> aws_s3_bucket.a" in str(refused.value)
    assert len(write(pair, "terraform", CATALOG)[0].parts) == 4


def test_policies_given_as_json_text_are_structures() -> None:
    text = '{"Statement": [{"Effect": "Allow", "Resource": "x"}]}'
    structure = {"Statement": [{"Effect": "Allow", "Resource": "x"}]}
    kind = "aws_s3_bucket_policy"
    for policy in (
        text,
        Call("jsonencode", (structure,)),
        Template((text[:-5], "x", '"}]}')),
    ):
        piece = Part(f"{kind}.p", kind, {"bucket": BUCKET_ID, "policy": policy})
        resources, notes = read_parts(MAIN, piece)
        assert notes == []
        assert resources["aws_s3_bucket.b"].properties["policy"] == structure


def test_references_inside_json_text_survive() -> None:
    arn = ResourceRef("aws_s3_bucket.b", ("arn",))
    policy = Template(('{"Statement": [{"Resource": "', arn, '/*", "Sid": "', arn, '"}]}'))
    kind = "aws_s3_bucket_policy"
    resources, _ = read_parts(
        MAIN, Part(f"{kind}.p", kind, {"bucket": BUCKET_ID, "policy": policy})
    )
    assert resources["aws_s3_bucket.b"].properties["policy"] == {
        "Statement": [{"Resource": Template((arn, "/*")), "Sid": arn}]
    }


def test_an_unknown_block_is_unknown_members() -> None:
    resources, notes = read_parts(MAIN, versioning(versioning_configuration=Unknown("later")))
    assert notes == []
    assert resources["aws_s3_bucket.b"].properties["versioning"] == {"enabled": Unknown("later")}


def test_a_value_without_meaning_is_told_and_unknown() -> None:
    piece = versioning(versioning_configuration=[{"status": "Perhaps"}])
    resources, notes = read_parts(MAIN, piece)
    found = resources["aws_s3_bucket.b"].properties["versioning"]
    assert isinstance(found, dict)
    assert isinstance(found["enabled"], Unknown)
    assert notes[0][2] == "versioning_configuration[0].status"


def test_what_only_steers_terraform_is_left_out_with_a_note() -> None:
    document, notes = write([bucket(force_destroy=True)], "cloudformation", CATALOG)
    assert [(n.kind, n.path) for n in notes] == [("no_counterpart", "force_destroy")]
    assert document.parts[0].arguments == {}
    assert write([bucket(force_destroy=False)], "cloudformation", CATALOG)[1] == []


def test_a_property_that_the_kind_has_not_is_refused_by_its_path() -> None:
    with pytest.raises(NotExpressible, match=r"aws_s3_bucket\.b\.versioning\.mfa"):
        write([bucket(versioning={"mfa": True})], "terraform", CATALOG)


def test_the_gateway_attachment_is_waited_for_by_whoever_uses_the_gateway() -> None:
    vpc = Resource("aws_vpc", "v", {"cidr_block": "10.0.0.0/16"})
    network = ResourceRef("aws_vpc.v", ("id",))
    gateway = Resource("aws_internet_gateway", "g", {"vpc_id": network})
    to_gateway = ResourceRef("aws_internet_gateway.g", ("id",))
    table = Resource(
        "aws_route_table",
        "t",
        {"vpc_id": network, "route": [{"cidr_block": "0.0.0.0/0", "gateway_id": to_gateway}]},
    )
    resources = [vpc, gateway, table]
    parts = parts_of(resources, "cloudformation")
    (route,) = [part for part in parts.values() if part.type == "AWS::EC2::Route"]
    (attachment,) = [p for p in parts.values() if p.type == "AWS::EC2::VPCGatewayAttachment"]
    assert route.depends_on == (attachment.address,)
    back, notes = read(Document("cloudformation", list(parts.values())), CATALOG)
    assert notes == []
    assert canonical(back, CATALOG) == canonical(resources, CATALOG)


def test_origin_and_lifecycle_of_the_owner_are_kept() -> None:
    origin = Origin("main.tf", 3, 1, "aws_s3_bucket.b")
    main = Part(
        MAIN.address, MAIN.type, {}, lifecycle=Lifecycle(prevent_destroy=True), origin=origin
    )
    resources, _ = read_parts(main, versioning())
    assert resources["aws_s3_bucket.b"].lifecycle.prevent_destroy
    assert resources["aws_s3_bucket.b"].origin == origin


def test_the_place_of_a_folded_piece_is_remembered() -> None:
    main = Part(MAIN.address, MAIN.type, {}, origin=Origin("main.tf", 3, 1))
    piece = versioning()
    piece.origin = Origin("main.tf", 9, 1)
    resources, _ = read_parts(main, piece)
    assert resources["aws_s3_bucket.b"].marks == {("versioning",): (9, 1)}


def test_a_policy_of_several_roles_is_a_policy_of_each() -> None:
    document: Value = {"Statement": []}
    roles = [
        Part(name, "AWS::IAM::Role", {"AssumeRolePolicyDocument": document}) for name in ("A", "B")
    ]
    arguments: dict[str, Value] = {
        "PolicyName": "p",
        "PolicyDocument": document,
        "Roles": [ResourceRef("A", ("Ref",)), ResourceRef("B", ("Ref",))],
    }
    policy = Part("P", "AWS::IAM::Policy", arguments)
    resources, notes = read(Document("cloudformation", [*roles, policy]), CATALOG)
    assert notes == []
    assert [r.properties["inline_policy"] for r in resources] == [
        [{"name": "p", "policy": document}]
    ] * 2


def test_a_policy_of_a_role_and_a_user_is_a_policy_of_both_or_of_neither() -> None:
    document: Value = {"Statement": []}
    role = Part("A", "AWS::IAM::Role", {"AssumeRolePolicyDocument": document})
    user = Part("U", "AWS::IAM::User", {"UserName": "u"})
    arguments: dict[str, Value] = {
        "PolicyName": "p",
        "PolicyDocument": document,
        "Roles": [ResourceRef("A", ("Ref",))],
        "Users": ["u"],
    }
    policy = Part("P", "AWS::IAM::Policy", arguments)
    resources, notes = read(Document("cloudformation", [role, user, policy]), CATALOG)
    assert notes == []
    both = [[{"name": "p", "policy": document}]] * 2
    assert [r.properties["inline_policy"] for r in resources] == both
    resources, notes = read(Document("cloudformation", [role, policy]), CATALOG)
    assert [(r.type, "inline_policy" in r.properties) for r in resources] == [
        ("aws_iam_role", False),
        ("AWS::IAM::Policy", False),
    ]
    assert [note.kind for note in notes] == ["passed_through"]


def test_a_computed_attribute_is_written_as_text_and_recognised() -> None:
    group = Resource("aws_security_group", "g", {"description": "d"})
    arn = ResourceRef("aws_security_group.g", ("arn",))
    queue = Resource("aws_sqs_queue", "q", {"tags": {"all": Template((arn, "/x")), "one": arn}})
    document, _ = write([group, queue], "cloudformation", CATALOG)
    (tags,) = [p.arguments["Tags"] for p in document.parts if p.type == "AWS::SQS::Queue"]
    assert isinstance(tags, list)
    assert tags[1] == {
        "Key": "one",
        "Value": Template(
            (
                "arn:",
                Ambient("partition"),
                ":ec2:",
                Ambient("region"),
                ":",
                Ambient("account_id"),
                ":security-group/",
                ResourceRef("GSecurityGroup", ("GroupId",)),
            )
        ),
    }
    back, _ = read(document, CATALOG)
    assert canonical(back, CATALOG) == canonical([group, queue], CATALOG)


def test_a_property_stands_for_an_attribute_that_the_format_has_not() -> None:
    size = ResourceRef("aws_sqs_queue.a", ("visibility_timeout_seconds",))
    pair = [
        Resource("aws_sqs_queue", "a", {"visibility_timeout_seconds": VariableRef("timeout")}),
        Resource("aws_sqs_queue", "b", {"delay_seconds": size}),
    ]
    assert parts_of(pair, "cloudformation")["BQueue"].arguments["DelaySeconds"] == VariableRef(
        "timeout"
    )
    assert parts_of(pair)["aws_sqs_queue.b"].arguments["delay_seconds"] == size


def test_an_attribute_that_cannot_be_had_is_refused_where_it_is_used() -> None:
    pair = [
        Resource("aws_sqs_queue", "a", {}),
        Resource("aws_sqs_queue", "b", {"name": ResourceRef("aws_sqs_queue.a", ("kms_master",))}),
    ]
    with pytest.raises(NotExpressible, match=r"aws_sqs_queue\.b\.QueueName.*aws_sqs_queue\.a"):
        write(pair, "cloudformation", CATALOG)


def test_loops_must_be_expanded_for_cloudformation() -> None:
    with pytest.raises(NotExpressible, match=r"aws_s3_bucket\.b\.count"):
        write([Resource("aws_s3_bucket", "b", {}, count=2)], "cloudformation", CATALOG)


def test_unknown_types_pass_through_their_own_format_only() -> None:
    strange = Resource("aws_strange_thing", "s", {"size": 3, "of": BUCKET_ID})
    parts = parts_of([bucket(), strange])
    assert parts["aws_strange_thing.s"].arguments == {"size": 3, "of": BUCKET_ID}
    with pytest.raises(NotExpressible, match=r"aws_strange_thing\.s"):
        write([bucket(), strange], "cloudformation", CATALOG)

    part = Part("Thing", "AWS::Strange::Thing", {"Of": ResourceRef("B", ("Arn",))})
    document = Document("cloudformation", [Part("B", "AWS::S3::Bucket", {}), part])
    resources, notes = read(document, CATALOG)
    assert [(n.kind, n.address) for n in notes] == [("passed_through", "Thing")]
    again = parts_of(resources, "cloudformation")["Thing"]
    assert (again.type, again.arguments) == ("AWS::Strange::Thing", part.arguments)
    with pytest.raises(NotExpressible, match=r"AWS::Strange::Thing\.Thing"):
        write(resources, "terraform", CATALOG)


def test_a_database_without_final_snapshot_is_deleted_as_a_policy() -> None:
    database = Resource("aws_db_instance", "d", {"skip_final_snapshot": True})
    document, notes = write([database], "cloudformation", CATALOG)
    assert document.parts[0].native["DeletionPolicy"] == "Delete"
    assert notes == []
    (back,), _ = read(document, CATALOG)
    assert back.properties["skip_final_snapshot"] is True
    assert back.native == {}
    depends = Resource(
        "aws_db_instance",
        "d",
        {"skip_final_snapshot": Binary("!=", VariableRef("environment"), "production")},
    )
    _, notes = write([depends], "cloudformation", CATALOG)
    assert [note.path for note in notes] == ["skip_final_snapshot"]


def test_a_plan_spells_out_what_is_not_there() -> None:
    route: Value = {
        "cidr_block": "0.0.0.0/0",
        "ipv6_cidr_block": "",
        "gateway_id": "igw-1",
        "nat_gateway_id": "",
        "instance_id": "",
        "timeouts": None,
    }
    arguments: dict[str, Value] = {
        "vpc_id": "vpc-1",
        "route": [route],
        "propagating_vgws": [],
        "tags": None,
        "timeouts": None,
    }
    table = Part("aws_route_table.t", "aws_route_table", arguments)
    never = versioning(versioning_configuration=[{"status": "Disabled", "mfa_delete": ""}])
    resources, notes = read_parts(MAIN, never, table)
    assert notes == []
    assert resources["aws_s3_bucket.b"].properties == {"bucket": "x"}
    assert resources["aws_route_table.t"].properties == {
        "vpc_id": "vpc-1",
        "route": [{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}],
    }


def test_a_policy_in_a_cycle_of_references_stands_apart_from_its_role() -> None:
    document: Value = {"Statement": [{"Resource": ResourceRef("aws_lambda_function.f", ("arn",))}]}
    role = Resource(
        "aws_iam_role",
        "r",
        {
            "assume_role_policy": {"Statement": []},
            "inline_policy": [{"name": "call", "policy": document}],
        },
    )
    function = Resource(
        "aws_lambda_function",
        "f",
        {"function_name": "f", "role": ResourceRef("aws_iam_role.r", ("arn",))},
    )
    parts = parts_of([role, function], "cloudformation")
    (policy,) = [part for part in parts.values() if part.type == "AWS::IAM::RolePolicy"]
    assert policy.arguments["RoleName"] == ResourceRef("RRole", ("Ref",))
    assert "Policies" not in parts["RRole"].arguments
    back, notes = read(Document("cloudformation", list(parts.values())), CATALOG)
    assert notes == []
    assert canonical(back, CATALOG) == canonical([role, function], CATALOG)
    alone = parts_of([role, Resource("aws_lambda_function", "f", {})], "cloudformation")
    assert "Policies" in alone["RRole"].arguments


def test_a_piece_that_waits_for_what_needs_its_owner_closes_no_cycle() -> None:
    subnet = ResourceRef("azurerm_subnet.s", ("id",))
    group = Part("azurerm_subnet_network_security_group_association.a", "", {})
    parts = [
        Part("azurerm_subnet.s", "azurerm_subnet", {"name": "s"}),
        Part(
            "azurerm_network_interface.n",
            "azurerm_network_interface",
            {"ip_configuration": [{"name": "a", "subnet_id": subnet}]},
        ),
        replace(
            group,
            type="azurerm_subnet_network_security_group_association",
            arguments={"subnet_id": subnet, "network_security_group_id": "/nsg"},
            depends_on=("azurerm_network_interface.n", "azurerm_subnet.s"),
        ),
    ]
    resources, notes = read_parts(*parts)
    assert resources["azurerm_subnet.s"].depends_on == ()
    assert notes == [("approximated", group.address, "depends_on")]
    document, _ = write(list(resources.values()), "terraform", CATALOG)
    assert len(document.parts) == 3
