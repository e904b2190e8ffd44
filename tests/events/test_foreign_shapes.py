"""The samples agree with models and samples of others: Powertools' models of AWS's events, and what
AWS's own tool generates (marked `stack`; its environment is made when it is missing)."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser import models
from aws_lambda_powertools.utilities.parser.models.apigwv2 import ApiGatewayAuthorizerRequestV2

from .samples import HERE, sample, shape

MODELS = {
    "apigateway-http-api": models.APIGatewayProxyEventV2Model,
    "apigateway-authorizer": ApiGatewayAuthorizerRequestV2,
    "eventbridge-event": models.EventBridgeModel,
    "eventbridge-schedule": models.EventBridgeModel,
    "dynamodb-stream": models.DynamoDBStreamModel,
    "sqs-message": models.SqsModel,
}
SAM = HERE.parents[1] / "scripts" / "sam"


@pytest.mark.parametrize("name", MODELS)
def test_powertools_reads_it(name: str) -> None:
    MODELS[name].model_validate(sample(name))


# What a sample of AWS has and ours does not: we have no mutual TLS and no variables of a stage.
ABSENT = {"requestContext.authentication", "stageVariables"}
# Members whose names are the sender's own.
OPEN = {
    "headers",
    "queryStringParameters",
    "pathParameters",
    "requestContext.authorizer",
    "detail",
    "Records.dynamodb.Keys",
    "Records.dynamodb.NewImage",
    "Records.dynamodb.OldImage",
    "Records.messageAttributes",
}


@pytest.mark.stack
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("apigateway-http-api", "apigateway http-api-proxy"),
        ("dynamodb-stream", "dynamodb update"),
        ("sqs-message", "sqs receive-message"),
        ("stepfunctions-error", "stepfunctions error"),
    ],
)
def test_it_has_the_members_that_sam_generates(name: str, words: str) -> None:
    done = subprocess.run(
        [str(SAM), "local", "generate-event", *words.split()],
        check=True,
        capture_output=True,
        text=True,
    )
    theirs = members(shape(json.loads(done.stdout)))
    ours = members(shape(sample(name)))
    assert ours == {path: kind for path, kind in theirs.items() if path not in ABSENT}


def members(shaped: Any, path: str = "") -> dict[str, str]:
    """Types by dotted path; the first element stands for a list."""
    if path in OPEN or path in ABSENT:
        return {path: "open"}
    if isinstance(shaped, list):
        return members(shaped[0], path) if shaped else {path: "list"}
    if not isinstance(shaped, dict):
        return {path: shaped}
    return {
        key: kind
        for name, item in shaped.items()
        for key, kind in members(item, f"{path}.{name}".strip(".")).items()
    } or {path: "open"}
