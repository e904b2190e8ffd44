"""What the place of deployment tells a program: region, account, zones, names of the deployment."""

from __future__ import annotations

from dharma.core.errors import NotExpressible
from dharma.generator.pulumi.identifiers import Identifiers
from dharma.generator.pulumi.statements import Statements
from dharma.generator.pulumi.syntax import Invoke, Literal, Member, Name, Node, Text
from dharma.generator.pulumi.syntax import Mapping as Object
from dharma.generator.pulumi.syntax import Sequence as Items
from dharma.model.blueprint import Provider


class Ambients:
    """Values are asked for once; `lines` are the statements that do so, `packages` those of Pulumi
    that they use."""

    def __init__(self, provider: Provider, names: Identifiers, statements: Statements) -> None:
        self._provider = provider
        self._names = names
        self._statements = statements
        self._nodes: dict[str, Node] = {}
        self._looked_up: dict[str, str] = {}
        self.lines: list[str] = []

    @property
    def packages(self) -> set[str]:
        return {function.split(".")[0] for function in self._looked_up}

    def ambient(self, name: str) -> Node:
        """One of `AMBIENT_NAMES`; plain where the configuration says it. NotExpressible for what
        the provider does not tell."""
        if name not in self._nodes:
            self._nodes[name] = self._asked(name)
        return self._nodes[name]

    def _asked(self, name: str) -> Node:
        if name == "deployment_name":
            return self._call("pulumi.get_stack")
        if name == "deployment_id":
            return Text((self._call("pulumi.get_project"), "-", self._call("pulumi.get_stack")))
        if name in _SOURCES[self._provider]:
            return self._told(*_SOURCES[self._provider][name])
        key = _CONFIGURED[self._provider].get(name)
        if key is None:
            raise NotExpressible(f"{name} has no source in Pulumi for {self._provider}")
        config = Invoke(Name("pulumi.Config"), (Literal(self._provider),), new=True)
        read = Invoke(Member(config, "require"), (Literal(key),))
        return Name(self._kept(self._names.take(name, "Name"), read))

    def _call(self, function: str) -> Node:
        return Invoke(Name(self._names.spelled(function)))

    def _told(self, function: str, wanted: str, attribute: str) -> Node:
        """An attribute of what a function of the provider tells, asked once for all of them."""
        if function not in self._looked_up:
            variable = self._looked_up[function] = self._names.take(wanted, "Data")
            arguments: tuple[tuple[str, Node], ...] = ()
            if function.endswith("availability_zones"):
                # Local and wavelength zones have to be opted into: not what a subnet means.
                arguments = (("state", Literal("available")), ("filters", Items((_OPTED,))))
            called = Name(self._names.spelled(f"{function}_output"))
            self._kept(variable, Invoke(called, (), arguments))
        return Member(Name(self._looked_up[function]), self._names.spelled(attribute))

    def _kept(self, variable: str, node: Node) -> str:
        self.lines.append(self._statements.assigned(variable, node))
        return variable


# Attributes of what a function of the provider tells, and what the result is called.
_SOURCES: dict[str, dict[str, tuple[str, str, str]]] = {
    "aws": {
        "region": ("aws.get_region", "current_region", "region"),
        "account_id": ("aws.get_caller_identity", "current_identity", "account_id"),
        "partition": ("aws.get_partition", "current_partition", "partition"),
        "url_suffix": ("aws.get_partition", "current_partition", "dns_suffix"),
        "availability_zones": ("aws.get_availability_zones", "available_zones", "names"),
    },
    "azure": {
        "subscription_id": ("azure.core.get_client_config", "current_client", "subscription_id"),
        "tenant_id": ("azure.core.get_client_config", "current_client", "tenant_id"),
        "principal_id": ("azure.core.get_client_config", "current_client", "object_id"),
    },
    "gcp": {},
}
# Keys of the provider's own configuration.
_CONFIGURED: dict[str, dict[str, str]] = {
    "aws": {},
    "azure": {"region": "location"},
    "gcp": {"region": "region", "project": "project"},
}
_OPTED = Object(
    (("name", Literal("opt-in-status")), ("values", Items((Literal("opt-in-not-required"),))))
)
