"""Which cloud an environment lies in, from its reference to credentials."""

from __future__ import annotations

from dharma.adapters.clouds.aws_clients import AwsClients, Credentials
from dharma.adapters.clouds.sandbox_cloudformation import SandboxTarget
from dharma.blueprint.environments import EnvironmentRecord
from dharma.core.clock import Clock
from dharma.core.errors import InvalidInput
from dharma.orchestrator.clouds import DeploymentTarget
from dharma.orchestrator.ports import Environment

# The emulator asks for some credentials and accepts any.
_SANDBOX_CREDENTIALS = Credentials("test", "test")


class CloudTargets:
    """`sandbox_url`: the address of the emulated AWS account."""

    def __init__(self, clock: Clock, sandbox_url: str) -> None:
        self._clock = clock
        self._sandbox_url = sandbox_url

    def target(self, environment: Environment) -> DeploymentTarget:
        """Raise `InvalidInput` for a place that this version cannot deploy into."""
        assert isinstance(environment, EnvironmentRecord)
        if environment.provider != "aws":
            raise InvalidInput(
                f"{environment.name} is an environment of {environment.provider}: "
                "this version deploys to aws"
            )
        if environment.credentials == "sandbox":
            clients = AwsClients(environment.region, self._sandbox_url, _SANDBOX_CREDENTIALS)
            return SandboxTarget(clients, self._clock)
        raise InvalidInput(
            f"{environment.name} names the credentials {environment.credentials}: "
            "this version deploys into the sandbox"
        )
