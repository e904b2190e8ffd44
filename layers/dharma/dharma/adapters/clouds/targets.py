"""Which cloud an environment lies in, from its reference to credentials.

    sandbox          the emulated AWS account of this installation
    default          what the process finds in its environment (variables, instance role)
    profile:<name>   a profile of the AWS configuration files
    role:<arn>       a role that is assumed with `default`, for an hour at a time

Outside the sandbox the account is compared with the one that the environment names, so that a wrong
profile deploys nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from dharma.adapters.clouds.aws_clients import AwsClients, Credentials, translated
from dharma.adapters.clouds.aws_cloudformation import CloudFormationTarget
from dharma.adapters.clouds.sandbox_cloudformation import SandboxTarget
from dharma.adapters.clouds.staged_templates import StagedTemplates
from dharma.blueprint.environment_record import SANDBOX_ACCOUNT, EnvironmentRecord
from dharma.core.breaker import CircuitBreaker
from dharma.core.clock import Clock
from dharma.core.errors import Forbidden, InvalidInput
from dharma.orchestrator.clouds import DeploymentTarget
from dharma.orchestrator.ports import Environment

# The emulator asks for some credentials and accepts any.
_SANDBOX_CREDENTIALS = Credentials("test", "test")
# Well within the hour for which a role is assumed.
_REUSE = timedelta(minutes=15)
_Key = tuple[str, str, str, str | None]


class CloudTargets:
    """`sandbox_url`: the address of the emulator. `endpoint`: of AWS's stand-in, for tests.
    `breaker` has a circuit for each service of a region, or of the sandbox."""

    def __init__(
        self,
        clock: Clock,
        sandbox_url: str,
        endpoint: str | None = None,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._clock = clock
        self._sandbox_url = sandbox_url
        self._endpoint = endpoint
        self._breaker = breaker
        self._known: dict[_Key, tuple[datetime, DeploymentTarget]] = {}

    def target(self, environment: Environment) -> DeploymentTarget:
        """Raise `InvalidInput` for a cloud that is not deployed into, `Forbidden` for credentials
        that do not hold or belong to another account."""
        if not isinstance(environment, EnvironmentRecord):
            raise TypeError("an environment as it is stored")
        if environment.provider != "aws":
            raise InvalidInput(
                f"{environment.name} lies in {environment.provider}; deployments go to aws"
            )
        key = (
            environment.region,
            environment.credentials,
            environment.account,
            environment.artifact_bucket,
        )
        now = self._clock.now()
        known = self._known.get(key)
        if known is None or known[0] <= now:
            known = self._known[key] = (now + _REUSE, self._made(environment))
        return known[1]

    def _made(self, environment: EnvironmentRecord) -> DeploymentTarget:
        if environment.credentials == "sandbox":
            clients = AwsClients(
                environment.region,
                self._sandbox_url,
                _SANDBOX_CREDENTIALS,
                breaker=self._breaker,
            )
            staging = StagedTemplates(clients, SANDBOX_ACCOUNT, environment.artifact_bucket)
            return SandboxTarget(clients, self._clock, staging=staging)
        try:
            clients = self._clients(environment)
            account = clients["sts"].get_caller_identity()["Account"]
        except (ClientError, BotoCoreError) as error:
            raise translated(error) from error
        if account != environment.account:
            raise Forbidden(
                f"{environment.credentials} belongs to the account {account}; "
                f"{environment.name} is in {environment.account}"
            )
        staging = StagedTemplates(clients, account, environment.artifact_bucket)
        return CloudFormationTarget(clients, staging)

    def _clients(self, environment: EnvironmentRecord) -> AwsClients:
        region, (form, _, name) = environment.region, environment.credentials.partition(":")
        if form == "profile":
            return AwsClients(region, self._endpoint, profile=name, breaker=self._breaker)
        own = AwsClients(region, self._endpoint, breaker=self._breaker)
        if form == "default":
            return own
        assumed = own["sts"].assume_role(
            RoleArn=name, RoleSessionName=f"dharma-{environment.name}", DurationSeconds=3600
        )["Credentials"]
        credentials = Credentials(
            assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"]
        )
        return AwsClients(region, self._endpoint, credentials, breaker=self._breaker)
