"""Deployments into a real moto server over HTTP. Starts one process; some seconds each."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dharma.adapters.clouds.aws_clients import AwsClients, Credentials
from dharma.adapters.clouds.sandbox_cloudformation import SandboxTarget
from dharma.adapters.clouds.sandbox_creation import Creation
from dharma.adapters.clouds.sandbox_types.native_type import NativeType
from dharma.core.clock import SystemClock
from dharma.orchestrator.clouds import ChangeRequest, Difference, StackStatus, StackTemplate

from .sandbox_templates import NETWORK, OUTSIDE, network

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsClients]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield AwsClients("eu-west-1", f"http://127.0.0.1:{port}", Credentials("test", "test"))
    server.kill()  # It keeps nothing.
    server.wait()


class Sandbox:
    """A target, and a stack of its own."""

    count = 0

    def __init__(self, aws: AwsClients, slice_seconds: float = 30) -> None:
        type(self).count += 1
        self.aws = aws
        self.target = SandboxTarget(self.aws, SystemClock(), slice_seconds)
        self.stack = f"stack-{self.count}"
        self.changes = 0

    def deploy(self, template: StackTemplate) -> StackStatus:
        self.changes += 1
        change = ChangeRequest(self.stack, f"{self.stack}-c{self.changes}", template)
        self.target.prepare(change)
        return self._until_done(change.name, lambda: self.target.execute(change))

    def restore(self, template: StackTemplate) -> StackStatus:
        self.changes += 1
        change = ChangeRequest(self.stack, f"{self.stack}-c{self.changes}", template)
        return self._until_done(change.name, lambda: self.target.restore(change))

    def remove(self) -> StackStatus:
        self.changes += 1
        name = f"{self.stack}-c{self.changes}"
        return self._until_done(name, lambda: self.target.delete(self.stack, name))

    def _until_done(self, name: str, begin: Any) -> StackStatus:
        for _ in range(300):
            begin()
            status = self.target.status(self.stack, name)
            if status.phase != "running":
                return status
        raise AssertionError("never done")

    def wrong(self, template: StackTemplate) -> list[Difference]:
        return [d for d in self.target.verify(self.stack, template) if d.serious]

    def physical(self) -> dict[str, str]:
        content = self.target.content(self.stack)
        assert content is not None
        return {r.logical_id: r.physical_id for r in content.resources}

    def inventory(self) -> dict[str, Any]:
        """All there is in the account, whoever made it."""
        aws = self.aws
        ec2, found = aws["ec2"], {}
        found["vpcs"] = [v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"]]
        found["gateways"] = [
            g["InternetGatewayId"] for g in ec2.describe_internet_gateways()["InternetGateways"]
        ]
        found["tables"] = [t["RouteTableId"] for t in ec2.describe_route_tables()["RouteTables"]]
        found["addresses"] = [a["PublicIp"] for a in ec2.describe_addresses()["Addresses"]]
        found["nat"] = [
            n["NatGatewayId"]
            for n in ec2.describe_nat_gateways()["NatGateways"]
            if n["State"] != "deleted"
        ]
        found["subnets"] = [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]]
        found["groups"] = [g["GroupId"] for g in ec2.describe_security_groups()["SecurityGroups"]]
        found["templates"] = [
            t["LaunchTemplateId"] for t in ec2.describe_launch_templates()["LaunchTemplates"]
        ]
        found["servers"] = [
            i["InstanceId"]
            for r in ec2.describe_instances()["Reservations"]
            for i in r["Instances"]
            if i["State"]["Name"] != "terminated"
        ]
        balancing = aws["elbv2"]
        balancers = balancing.describe_load_balancers()["LoadBalancers"]
        found["balancers"] = [b["LoadBalancerArn"] for b in balancers]
        targets = balancing.describe_target_groups()["TargetGroups"]
        found["targets"] = [t["TargetGroupArn"] for t in targets]
        groups = aws["autoscaling"].describe_auto_scaling_groups()["AutoScalingGroups"]
        found["fleets"] = [g["AutoScalingGroupName"] for g in groups]
        found["buckets"] = [b["Name"] for b in aws["s3"].list_buckets()["Buckets"]]
        found["queues"] = aws["sqs"].list_queues().get("QueueUrls", [])
        databases = aws["rds"].describe_db_instances()["DBInstances"]
        found["databases"] = [d["DBInstanceIdentifier"] for d in databases]
        subnet_groups = aws["rds"].describe_db_subnet_groups()["DBSubnetGroups"]
        found["subnet groups"] = [g["DBSubnetGroupName"] for g in subnet_groups]
        found["roles"] = [r["RoleName"] for r in aws["iam"].list_roles()["Roles"]]
        profiles = aws["iam"].list_instance_profiles()["InstanceProfiles"]
        found["profiles"] = [p["InstanceProfileName"] for p in profiles]
        found["logs"] = [g["logGroupName"] for g in aws["logs"].describe_log_groups()["logGroups"]]
        described = (
            aws["kms"].describe_key(KeyId=k["KeyId"])["KeyMetadata"]
            for k in aws["kms"].list_keys()["Keys"]
        )
        # Those of AWS itself come when a service first encrypts something.
        found["keys"] = [
            k["KeyId"]
            for k in described
            if k["KeyState"] != "PendingDeletion" and k["KeyManager"] == "CUSTOMER"
        ]
        stacks = aws["cloudformation"].describe_stacks()["Stacks"]
        found["stacks"] = [s["StackName"] for s in stacks]
        return {name: sorted(map(str, things)) for name, things in found.items()}


@pytest.fixture
def sandbox(aws: AwsClients) -> Iterator[Sandbox]:
    made = Sandbox(aws)
    yield made
    made.remove()


def test_a_network_with_servers_is_made_as_it_was_written(sandbox: Sandbox) -> None:
    template = network()
    resources = len(NETWORK["Resources"]) - 1
    assert sandbox.deploy(template) == StackStatus(
        "succeeded", "UPDATE_COMPLETE", done=resources, total=resources
    )
    assert sandbox.wrong(template) == []
    assert len(sandbox.physical()) == resources
    content = sandbox.target.content(sandbox.stack)
    assert content is not None
    assert set(content.outputs) == {"Url", "Database"}
    assert content.outputs["Url"].startswith("http://")


def test_what_people_see_in_the_emulator_has_outputs_and_no_secret(sandbox: Sandbox) -> None:
    sandbox.deploy(network(password="Hush-hush-1"))
    cloud = sandbox.aws["cloudformation"]
    (stack,) = cloud.describe_stacks(StackName=sandbox.stack)["Stacks"]
    assert {o["OutputKey"] for o in stack["Outputs"]} == {"Url", "Database"}
    body = cloud.get_template(StackName=sandbox.stack)["TemplateBody"]
    assert "Hush-hush-1" not in json.dumps(body)


def test_the_same_again_does_nothing(sandbox: Sandbox) -> None:
    sandbox.deploy(network())
    before = sandbox.inventory()
    change = ChangeRequest(sandbox.stack, "again", network())
    assert sandbox.target.prepare(change).changes == ()
    assert sandbox.deploy(network()).phase == "succeeded"
    assert sandbox.inventory() == before


UPDATES = {
    "Vpc": {"Tags": [{"Key": "Name", "Value": "renamed"}], "EnableDnsHostnames": False},
    "SubnetA": {"MapPublicIpOnLaunch": True},
    "Web": {
        "SecurityGroupIngress": [
            {"IpProtocol": "tcp", "FromPort": 8443, "ToPort": 8443, "CidrIp": "10.0.0.0/8"}
        ]
    },
    "Fleet": {"MaxSize": "4", "HealthCheckGracePeriod": 45},
    "Balancer": {"LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "9"}]},
    "Targets": {"HealthCheckPath": "/ready"},
    "Key": {"Description": "renamed", "EnableKeyRotation": False},
    "Assets": {"LifecycleConfiguration": None, "VersioningConfiguration": {"Status": "Suspended"}},
    "Database": {"AllocatedStorage": "40", "BackupRetentionPeriod": 3},
    "Log": {"RetentionInDays": 60},
    "Jobs": {"VisibilityTimeout": 90, "Tags": [{"Key": "team", "Value": "web"}]},
    "RouteOut": {"NatGatewayId": {"Ref": "Nat"}, "GatewayId": {"Ref": "AWS::NoValue"}},
}


def updated(*, small: bool = False) -> StackTemplate:
    changes = {
        name: {key: {"Ref": "AWS::NoValue"} if v is None else v for key, v in properties.items()}
        for name, properties in UPDATES.items()
    }
    if small:
        there = json.loads(network(small=True).body)["Resources"]
        changes = {name: change for name, change in changes.items() if name in there}
        del changes["RouteOut"]
        return network(small=True, **changes, RoutesOfA=None, Extra={"Type": "AWS::SQS::Queue"})
    data = {
        "LaunchTemplateData": {
            **NETWORK["Resources"]["Servers"]["Properties"]["LaunchTemplateData"],
            "InstanceType": "t3.small",
        }
    }
    return network(**changes, Servers=data, RoutesOfA=None, Extra={"Type": "AWS::SQS::Queue"})


def test_an_update_changes_in_place_what_can_be(sandbox: Sandbox) -> None:
    sandbox.deploy(network())
    before = sandbox.physical()
    template = updated()
    announced = sandbox.target.prepare(ChangeRequest(sandbox.stack, "look", template))
    actions = {c.logical_id: c.action for c in announced.changes}
    assert actions.pop("RoutesOfA") == "delete"
    assert actions.pop("Extra") == "create"
    assert set(actions.values()) == {"update"}
    assert set(UPDATES) | {"Servers"} <= set(actions)
    status = sandbox.deploy(template)
    assert (status.phase, status.done) == ("succeeded", status.total)
    assert sandbox.wrong(template) == []
    after = sandbox.physical()
    assert {n: p for n, p in after.items() if n in before} == {
        n: p for n, p in before.items() if n != "RoutesOfA"
    }


def test_an_immutable_property_makes_a_new_resource_and_removes_the_old(sandbox: Sandbox) -> None:
    sandbox.deploy(network(small=True))
    before = sandbox.physical()
    template = network(small=True, Jobs={"QueueName": "jobs-of-the-web"})
    assert sandbox.deploy(template).phase == "succeeded"
    assert sandbox.physical()["Jobs"] != before["Jobs"]
    assert before["Jobs"] not in sandbox.inventory()["queues"]
    assert sandbox.wrong(template) == []


def test_a_custom_name_stands_in_the_way_of_a_replacement_as_on_aws(sandbox: Sandbox) -> None:
    group = {"GroupName": "web-servers"}
    sandbox.deploy(network(small=True, Web=group))
    status = sandbox.deploy(network(small=True, Web={**group, "GroupDescription": "other"}))
    assert status.phase == "failed"
    assert "Rename web-servers" in status.reason


def test_a_failed_creation_leaves_nothing(aws: AwsClients) -> None:
    sandbox = Sandbox(aws)
    before = sandbox.inventory()
    status = sandbox.deploy(network(Zone=OUTSIDE))
    assert status.phase == "failed"
    assert status.reason.startswith("Zone (AWS::EC2::Subnet): ")
    assert "10.99.0.0/24" in status.reason
    events = sandbox.target.events(sandbox.stack, f"{sandbox.stack}-c1")
    assert events[-1].status == "CREATE_FAILED"
    assert len(sandbox.inventory()["queues"]) > len(before["queues"])
    assert sandbox.remove().phase == "absent"
    assert sandbox.inventory() == before
    assert sandbox.target.leftovers(sandbox.stack) == []


# Each breaks the update at another place: before, between and behind what else it changes.
BREAKS: dict[str, dict[str, Any]] = {
    "a subnet outside": {"Zone": OUTSIDE},
    "an early one": {"AOutside": OUTSIDE},
    "a bad role": {
        "Bad": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "no spaces allowed",
                "AssumeRolePolicyDocument": "no policy",
            },
        }
    },
    "a bucket half made": {
        "Zz": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": "half-made-bucket",
                "LoggingConfiguration": {"DestinationBucketName": "there-is-none"},
            },
        }
    },
    "a rule of nothing": {
        "Zz": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": "sg-00000000000000000",
                "IpProtocol": "-1",
                "CidrIp": "10.0.0.0/8",
            },
        }
    },
}


@pytest.mark.parametrize("broken", sorted(BREAKS))
def test_a_failed_update_is_put_back(sandbox: Sandbox, broken: str) -> None:
    first = network(small=True)
    sandbox.deploy(first)
    before, physical = sandbox.inventory(), sandbox.physical()
    document = json.loads(updated(small=True).body)
    document["Resources"]["Jobs"]["Properties"]["QueueName"] = "replaced-on-the-way"
    document["Resources"] |= BREAKS[broken]
    update = StackTemplate(json.dumps(document), first.parameters, first.secrets)
    assert sandbox.deploy(update).phase == "failed"
    assert sandbox.restore(first).phase == "succeeded"
    assert sandbox.wrong(first) == []
    assert sandbox.physical() == physical
    assert sandbox.inventory() == before


def test_a_destroyed_stack_leaves_nothing_behind(aws: AwsClients) -> None:
    sandbox = Sandbox(aws)
    before = sandbox.inventory()
    sandbox.deploy(network())
    sandbox.deploy(updated())
    content = sandbox.target.content(sandbox.stack)
    assert content is not None
    assert len(sandbox.target.leftovers(sandbox.stack, content.resources)) >= 28
    assert sandbox.remove().phase == "absent"
    assert sandbox.inventory() == before
    assert sandbox.target.leftovers(sandbox.stack, content.resources) == []


def test_a_bucket_with_objects_is_not_thrown_away(sandbox: Sandbox) -> None:
    # Without its policy, which refuses everything that does not come over TLS.
    sandbox.deploy(network(small=True, AssetsPolicy=None))
    bucket = sandbox.physical()["Assets"]
    sandbox.aws["s3"].put_object(Bucket=bucket, Key="a", Body=b"precious")
    status = sandbox.remove()
    assert status.phase == "failed"
    assert status.reason.startswith("Assets (AWS::S3::Bucket): ")
    assert "not empty" in status.reason
    versions = sandbox.aws["s3"].list_object_versions(Bucket=bucket)["Versions"]
    for version in versions:
        sandbox.aws["s3"].delete_object(Bucket=bucket, Key="a", VersionId=version["VersionId"])
    assert sandbox.remove().phase == "absent"


def test_what_somebody_changed_by_hand_is_found(sandbox: Sandbox) -> None:
    template = network(small=True)
    sandbox.deploy(template)
    jobs, vpc = sandbox.physical()["Jobs"], sandbox.physical()["Vpc"]
    sandbox.aws["sqs"].set_queue_attributes(QueueUrl=jobs, Attributes={"VisibilityTimeout": "1"})
    sandbox.aws["ec2"].create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "mine"}])
    sandbox.aws["logs"].delete_log_group(logGroupName=sandbox.physical()["Log"])
    found = {(d.severity, d.logical_id, d.path) for d in sandbox.wrong(template)}
    assert found == {
        ("different", "Jobs", "VisibilityTimeout"),
        ("different", "Vpc", "Tags"),
        ("missing", "Log", ""),
    }


def test_a_new_secret_updates_what_uses_it_and_loses_nothing(sandbox: Sandbox) -> None:
    sandbox.deploy(network(password="First-word-1"))
    before = sandbox.physical()
    announced = sandbox.target.prepare(
        ChangeRequest(sandbox.stack, "look", network(password="Second-word-2"))
    )
    assert [c.logical_id for c in announced.changes] == ["Database"]
    assert sandbox.deploy(network(password="Second-word-2")).phase == "succeeded"
    assert sandbox.physical() == before


def test_secrets_reach_resources_that_the_emulator_makes_itself(sandbox: Sandbox) -> None:
    """Unlike a database's password, which goes to the service past CloudFormation."""

    def pair(secret: str) -> StackTemplate:
        queues = {
            name: {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "QueueName": f"{sandbox.stack}-{name}",
                    "Tags": [{"Key": "word", "Value": {"Ref": "Word"}}],
                },
            }
            for name in ("First", "Second")
        }
        document = {
            "Parameters": {"Word": {"Type": "String", "NoEcho": True}},
            "Resources": queues,
        }
        return StackTemplate(json.dumps(document), {"Word": secret}, frozenset({"Word"}))

    sqs = sandbox.aws["sqs"]
    for secret in ("Hush-1", "Hush-2"):
        assert sandbox.deploy(pair(secret)).phase == "succeeded"
        found = sqs.list_queues(QueueNamePrefix=sandbox.stack)["QueueUrls"]
        tags = [sqs.list_queue_tags(QueueUrl=url)["Tags"] for url in found]
        assert tags == [{"word": secret}, {"word": secret}]


def test_a_parameter_inside_a_text_changes_what_uses_it(sandbox: Sandbox) -> None:
    """The emulator itself sees parameters in Ref only."""
    sandbox.deploy(network(small=True, environment="dev"))
    template = network(small=True, environment="test")
    assert sandbox.deploy(template).phase == "succeeded"
    assert sandbox.wrong(template) == []


@pytest.mark.parametrize("working", [0.0, 0.4])
def test_it_goes_on_where_it_stopped(aws: AwsClients, working: float) -> None:
    """Slices as short as one step: every call is like the first one after a kill."""
    sandbox = Sandbox(aws, slice_seconds=working)
    before = sandbox.inventory()
    template = network()
    assert sandbox.deploy(template).phase == "succeeded"
    assert sandbox.wrong(template) == []
    assert sandbox.remove().phase == "absent"
    assert sandbox.inventory() == before


class Killed(BaseException):
    """The process ends here."""


def test_a_kill_between_creation_and_its_record_makes_nothing_twice(
    aws: AwsClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = Sandbox(aws)
    before = sandbox.inventory()
    template = network()
    complete = Creation.complete
    calls, kills = 0, 0

    def dying(self: Any, entry: Any, native: NativeType, properties: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > kills + 1:
            # Each process gets a little further than the one before.
            raise Killed
        complete(self, entry, native, properties)

    monkeypatch.setattr(Creation, "complete", dying)
    change = ChangeRequest(sandbox.stack, "kills", template)
    for _ in range(60):
        calls = 0
        # Another process knows nothing of the one before.
        target = SandboxTarget(aws, SystemClock(), 30)
        try:
            target.execute(change)
        except Killed:
            kills += 1
            continue
        break
    assert kills >= 5
    assert sandbox.target.status(sandbox.stack, "kills").phase == "succeeded"
    assert sandbox.wrong(template) == []
    after = sandbox.inventory()
    assert len(after["queues"]) - len(before["queues"]) == 2
    assert len(after["roles"]) - len(before["roles"]) == 1
    assert len(after["balancers"]) - len(before["balancers"]) == 1
    assert sandbox.remove().phase == "absent"
    assert sandbox.inventory() == before


def test_a_type_that_the_emulator_does_not_know_is_passed_over_and_said(sandbox: Sandbox) -> None:
    template = network(
        small=True, Odd={"Type": "AWS::Chatbot::SlackChannelConfiguration", "Properties": {}}
    )
    assert sandbox.deploy(template).phase == "succeeded"
    odd = [d for d in sandbox.target.verify(sandbox.stack, template) if d.logical_id == "Odd"]
    assert [(d.severity, d.found) for d in odd] == [("unverifiable", "skipped by the sandbox")]


def test_resources_of_others_are_left_alone(sandbox: Sandbox) -> None:
    """A stack that nobody here made has no journal; a failed creation of a taken name keeps it."""
    s3 = sandbox.aws["s3"]
    where = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="somebody-elses", CreateBucketConfiguration=where)
    status = sandbox.deploy(
        network(
            small=True,
            Taken={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "somebody-elses"}},
        )
    )
    assert status.phase == "failed"
    sandbox.remove()
    s3.head_bucket(Bucket="somebody-elses")
    s3.delete_bucket(Bucket="somebody-elses")
    with pytest.raises(ClientError):
        s3.head_bucket(Bucket="somebody-elses")


def many(number: int, *, seconds: int = 30, **others: Any) -> StackTemplate:
    """Queues that do not wait for one another, and what else is said."""
    queues = {
        f"Queue{n:03}": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": f"many-{n}", "VisibilityTimeout": seconds},
        }
        for n in range(number)
    }
    return StackTemplate(json.dumps({"Resources": queues | others}))


# What the change set itself refuses, and what only the service does when it is completed.
REFUSED = {
    "by the change set": {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": "vpc-00000000000000000", "CidrBlock": "10.0.0.0/24"},
    },
    "by the service": BREAKS["a bad role"]["Bad"],
}


def change_sets(sandbox: Sandbox) -> list[str]:
    """Names of the change sets that are made from here on."""
    made: list[str] = []
    sandbox.aws["cloudformation"].meta.events.register(
        "provide-client-params.cloudformation.CreateChangeSet",
        lambda params, **_: made.append(params["ChangeSetName"]),
    )
    return made


def test_resources_that_do_not_wait_for_one_another_share_a_change_set(sandbox: Sandbox) -> None:
    made = change_sets(sandbox)
    assert sandbox.deploy(many(30)).phase == "succeeded"
    # An empty one for the journal, and one with all the queues.
    assert len(made) == 2
    left = sandbox.aws["cloudformation"].list_change_sets(StackName=sandbox.stack)["Summaries"]
    assert left == []
    events = sandbox.target.events(sandbox.stack, f"{sandbox.stack}-c1")
    told = [(e.logical_id, e.status) for e in events]
    assert len(told) == len(set(told)) == 60
    assert all(e.physical_id for e in events if e.status == "CREATE_COMPLETE")


def test_a_stack_that_is_too_long_for_a_request_goes_through_a_bucket_and_leaves_none(
    aws: AwsClients,
) -> None:
    sandbox = Sandbox(aws)
    before = sandbox.inventory()
    for seconds in (30, 60):
        template = many(210, seconds=seconds)
        assert sandbox.deploy(template).phase == "succeeded"
        assert sandbox.wrong(template) == []
    assert len(aws["s3"].list_buckets()["Buckets"]) == len(before["buckets"]) + 1
    assert sandbox.remove().phase == "absent"
    assert sandbox.inventory() == before


@pytest.mark.parametrize("refused", sorted(REFUSED))
@pytest.mark.parametrize("broken", ["Queue000A", "Queue004A", "Queue9"])
def test_one_that_is_refused_among_many_leaves_what_was_there(
    sandbox: Sandbox, broken: str, refused: str
) -> None:
    """The first, one in the middle, the last of a change set."""
    sandbox.deploy(many(3))
    before, physical = sandbox.inventory(), sandbox.physical()
    status = sandbox.deploy(many(9, seconds=60, **{broken: REFUSED[refused]}))
    assert status.phase == "failed"
    failed = [
        e.logical_id
        for e in sandbox.target.events(sandbox.stack, f"{sandbox.stack}-c2")
        if e.status == "CREATE_FAILED"
    ]
    assert failed == [broken]
    assert sandbox.restore(many(3)).phase == "succeeded"
    assert sandbox.wrong(many(3)) == []
    assert sandbox.physical() == physical
    assert sandbox.inventory() == before


def test_a_kill_behind_a_refusal_does_not_make_it_a_success(
    aws: AwsClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator holds half of the change set then, and would call the rest of it made."""
    sandbox = Sandbox(aws)
    before = sandbox.inventory()
    template = many(5, Queue002A=REFUSED["by the change set"])
    change = ChangeRequest(sandbox.stack, "refused", template)

    def dying(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Creation, "_clear", dying)
        with pytest.raises(Killed):
            sandbox.target.execute(change)
    # Another process, which knows nothing of the one before.
    sandbox.target = SandboxTarget(aws, SystemClock(), 30)
    sandbox.target.execute(change)
    assert sandbox.target.status(sandbox.stack, "refused").phase == "failed"
    assert sandbox.remove().phase == "absent"
    assert sandbox.inventory() == before
