"""The artifact bucket, in moto's S3 and CloudFormation in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from moto import mock_aws

from dharma.adapters.clouds.aws_clients import AwsClients
from dharma.adapters.clouds.aws_cloudformation import CloudFormationTarget
from dharma.adapters.clouds.staged_templates import BODY_BYTES, PREFIX, StagedTemplates
from dharma.core.errors import DeploymentFailed, NotExpressible
from dharma.orchestrator.clouds import ChangeRequest, StackTemplate

ACCOUNT = "123456789012"
OWN = f"dharma-artifacts-{ACCOUNT}-eu-west-1"


class Nothing:
    """The body of an answer that has none."""

    def stream(self) -> Iterator[bytes]:
        return iter(())


LONG = json.dumps({"Resources": {}, "Description": "x" * BODY_BYTES})


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsClients]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield AwsClients("eu-west-1")


def make_bucket(aws: AwsClients, name: str) -> None:
    where = {"LocationConstraint": "eu-west-1"}
    aws["s3"].create_bucket(Bucket=name, CreateBucketConfiguration=where)


def objects(aws: AwsClients, bucket: str) -> list[str]:
    return [o["Key"] for o in aws["s3"].list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_a_short_template_goes_with_the_request_and_makes_no_bucket(aws: AwsClients) -> None:
    with StagedTemplates(aws).given("web", "change", "{}") as arguments:
        assert arguments == {"TemplateBody": "{}"}
    assert aws["s3"].list_buckets()["Buckets"] == []


def test_a_long_one_lies_in_the_bucket_while_it_is_needed_and_no_longer(aws: AwsClients) -> None:
    with StagedTemplates(aws, ACCOUNT).given("web", "change", LONG) as arguments:
        key = f"{PREFIX}web/change.json"
        assert arguments == {"TemplateURL": f"https://{OWN}.s3.eu-west-1.amazonaws.com/{key}"}
        assert aws["s3"].get_object(Bucket=OWN, Key=key)["Body"].read().decode() == LONG
    assert objects(aws, OWN) == []


def test_the_bucket_that_is_made_is_encrypted_closed_and_forgets(aws: AwsClients) -> None:
    with StagedTemplates(aws, ACCOUNT).given("web", "change", LONG):
        pass
    s3 = aws["s3"]
    rules = s3.get_bucket_encryption(Bucket=OWN)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    closed = s3.get_public_access_block(Bucket=OWN)["PublicAccessBlockConfiguration"]
    assert all(closed.values())
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=OWN)["Rules"]
    assert (rule["Filter"], rule["Expiration"]) == ({"Prefix": PREFIX}, {"Days": 7})


def test_a_bucket_that_was_left_half_made_is_closed_before_it_is_used(aws: AwsClients) -> None:
    make_bucket(aws, OWN)
    with StagedTemplates(aws, ACCOUNT).given("web", "change", LONG):
        assert aws["s3"].get_public_access_block(Bucket=OWN)


def test_the_bucket_that_the_environment_names_is_used_as_it_is(aws: AwsClients) -> None:
    make_bucket(aws, "ours")
    with StagedTemplates(aws, ACCOUNT, "ours").given("web", "change", LONG) as arguments:
        assert "//ours.s3." in arguments["TemplateURL"]
        assert objects(aws, "ours") == [f"{PREFIX}web/change.json"]
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlock"):
        aws["s3"].get_public_access_block(Bucket="ours")


def test_a_named_bucket_that_is_not_there_is_not_made(aws: AwsClients) -> None:
    staging = StagedTemplates(aws, ACCOUNT, "nowhere")
    with pytest.raises(DeploymentFailed, match="no bucket nowhere"), staging.given("w", "c", LONG):
        pass
    assert aws["s3"].list_buckets()["Buckets"] == []


def test_a_bucket_of_another_account_gets_nothing(aws: AwsClients) -> None:
    """Whoever guesses the name and takes it first would get our templates otherwise."""
    asked: list[str | None] = []

    def as_s3_does(request: Any, **_: Any) -> AWSResponse | None:
        # The emulator does not look at the owner that a request expects.
        asked.append(request.headers.get("x-amz-expected-bucket-owner"))
        return None if asked[-1] == b"123456789012" else AWSResponse("", 403, {}, Nothing())

    make_bucket(aws, OWN)
    aws["s3"].meta.events.register_first("before-send.s3", as_s3_does)
    with StagedTemplates(aws, ACCOUNT).given("web", "change", LONG):
        pass
    assert set(asked) == {b"123456789012"}
    staging = StagedTemplates(aws, "210987654321", OWN)
    with (
        pytest.raises(DeploymentFailed, match="not in the account 210987654321"),
        staging.given("web", "change", LONG),
    ):
        pass


def test_a_bucket_that_somebody_removed_meanwhile_is_made_again(aws: AwsClients) -> None:
    staging = StagedTemplates(aws, ACCOUNT)
    with staging.given("web", "one", LONG):
        pass
    aws["s3"].delete_bucket(Bucket=OWN)
    with staging.given("web", "two", LONG):
        assert objects(aws, OWN) == [f"{PREFIX}web/two.json"]


def test_leaving_takes_away_an_empty_bucket_of_ours_and_no_other(aws: AwsClients) -> None:
    own, named = StagedTemplates(aws, ACCOUNT), StagedTemplates(aws, ACCOUNT, "ours")
    make_bucket(aws, "ours")
    for staging in (own, named):
        with staging.given("web", "change", LONG):
            pass
        staging.leave()
    assert [b["Name"] for b in aws["s3"].list_buckets()["Buckets"]] == ["ours"]


def queues(number: int, padding: int = 0) -> StackTemplate:
    """A template as people like to read it."""
    resources: dict[str, Any] = {
        f"Queue{n}": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"q-{n}"}}
        for n in range(number)
    }
    for resource in resources.values():
        resource["Metadata"] = {"Note": "x" * padding}
    return StackTemplate(json.dumps({"Resources": resources}, indent=4))


def test_cloudformation_gets_a_long_template_by_its_address(aws: AwsClients) -> None:
    target = CloudFormationTarget(aws, StagedTemplates(aws, ACCOUNT))
    change = ChangeRequest("many", "first", queues(400, padding=100))
    assert len(target.prepare(change).changes) == 400
    assert objects(aws, OWN) == []
    target.execute(change)
    assert target.status("many", "first").phase == "succeeded"
    content = target.content("many")
    assert content is not None
    assert len(content.resources) == 400


def test_layout_for_people_does_not_count(aws: AwsClients) -> None:
    template = queues(400)
    assert len(template.body) > BODY_BYTES
    target = CloudFormationTarget(aws, StagedTemplates(aws, ACCOUNT))
    assert len(target.prepare(ChangeRequest("many", "first", template)).changes) == 400
    assert aws["s3"].list_buckets()["Buckets"] == []


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (queues(501), "501 resources where CloudFormation takes 500"),
        (queues(500, padding=2000), "bytes where CloudFormation takes 1,000,000"),
    ],
    ids=["resources", "bytes"],
)
def test_what_no_stack_can_hold_is_refused_with_what_to_do(
    aws: AwsClients, template: StackTemplate, said: str
) -> None:
    target = CloudFormationTarget(aws, StagedTemplates(aws, ACCOUNT))
    with pytest.raises(NotExpressible, match=said) as refused:
        target.prepare(ChangeRequest("many", "first", template))
    assert "several blueprints" in refused.value.message
    assert aws["s3"].list_buckets()["Buckets"] == []
