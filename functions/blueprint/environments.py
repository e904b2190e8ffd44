"""Routes of environments."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import Field

from dharma.blueprint.environment_record import EnvironmentChange, EnvironmentRecord, VariableChange
from dharma.blueprint.environments import Environments
from dharma.bootstrap import application
from dharma.core.http import links, listing
from functions.bodies import Cursor, IfMatch, LenientBody, Limit, Offset, etag, revision
from functions.edge import answer, no_content, principal

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # untyped in the framework
TAGS = ["environments"]


class VariableBody(LenientBody):
    """A variable of an environment. A sensitive one is stored encrypted and never shown again;
    without `value` it keeps the one that it has."""

    value: Any = None
    sensitive: bool = False

    def change(self) -> VariableChange:
        return VariableChange(self.value, self.sensitive, "value" in self.model_fields_set)


class WebhookBody(LenientBody):
    """Where deployments are told of. With a `secret` what is sent is signed."""

    url: str = Field(max_length=2048)
    secret: str | None = Field(None, max_length=256)


class EnvironmentBody(LenientBody):
    """What is stated of an environment; what is not keeps its value."""

    provider: str | None = None
    account: str | None = None
    region: str | None = None
    credentials: str | None = Field(
        None, description="sandbox, default, profile:<name> or role:<arn>."
    )
    policy_mode: str | None = Field(None, description="blocking or warning.")
    approvers: list[str] | None = Field(None, max_length=100)
    variables: dict[str, VariableBody] | None = None
    webhook: WebhookBody | None = None
    artifact_bucket: str | None = Field(
        None,
        max_length=63,
        description="A bucket of the account for templates that are too long for a request; an "
        "empty name: deployments make their own.",
    )
    revision: int | None = Field(None, description="As it was read: change no other.")

    def change(self) -> EnvironmentChange:
        variables = self.variables
        return EnvironmentChange(
            provider=self.provider,
            account=self.account,
            region=self.region,
            credentials=self.credentials,
            policy_mode=self.policy_mode,
            approvers=self.approvers,
            variables=None if variables is None else {n: v.change() for n, v in variables.items()},
            webhook_url=self._webhook_url(),
            webhook_secret=None if self.webhook is None else self.webhook.secret,
            artifact_bucket=self.artifact_bucket,
        )

    def _webhook_url(self) -> str | None:
        if self.webhook is not None:
            return self.webhook.url
        return "" if "webhook" in self.model_fields_set else None


class NewEnvironmentBody(EnvironmentBody):
    """A new environment."""

    name: str = Field(max_length=64)


@router.get("/environments", tags=TAGS, summary="List environments by name")
def list_environments(
    limit: Limit = 50, cursor: Cursor = None, offset: Offset = 0
) -> Response[str]:
    page = _environments().list(principal().tenant, limit=limit, cursor=cursor, offset=offset)
    return answer(
        listing(
            "/environments",
            [_shown(record) for record in page.items],
            query={"limit": limit, "cursor": cursor, "offset": offset},
            next_cursor=page.next_cursor,
            previous_cursor=page.previous_cursor,
        )
    )


@router.post("/environments", tags=TAGS, summary="Make an environment")
def create_environment(body: NewEnvironmentBody) -> Response[str]:
    record = _environments().create(principal(), body.name, body.change())
    headers = {"Location": f"/environments/{record.name}", **etag(record.revision)}
    return answer(_shown(record), 201, headers)


@router.get("/environments/<name>", tags=TAGS, summary="Read an environment")
def read_environment(name: str) -> Response[str]:
    record = _environments().read(principal().tenant, name)
    return answer(_shown(record), headers=etag(record.revision))


@router.put("/environments/<name>", tags=TAGS, summary="Change an environment")
def update_environment(name: str, body: EnvironmentBody, if_match: IfMatch = None) -> Response[str]:
    seen = body.revision if if_match is None else revision(if_match)
    record = _environments().update(principal(), name, body.change(), revision=seen)
    return answer(_shown(record), headers=etag(record.revision))


@router.delete("/environments/<name>", tags=TAGS, summary="Remove an environment")
def delete_environment(name: str, if_match: IfMatch = None) -> Response[str]:
    _environments().delete(principal(), name, revision=revision(if_match))
    return no_content()


def _environments() -> Environments:
    return application().environments


def _shown(record: EnvironmentRecord) -> dict[str, Any]:
    return {**record.to_dict(), "_links": links(self=f"/environments/{record.name}")}
