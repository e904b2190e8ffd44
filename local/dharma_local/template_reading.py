"""`infra/template.yaml` as the local runtime sees it: the same file that AWS reads through SAM.

Parameters, conditions and intrinsics are resolved (`template_intrinsics`). What is collected:
functions, routes of the HTTP API with their authorizer, state machines, rules of the event bus,
schedules. Nothing of this is written down a second time anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dharma.core.errors import Fault, InvalidTemplate
from dharma_local.template import (
    Authorizer,
    Cors,
    Function,
    Route,
    Rule,
    StateMachine,
    Target,
    Template,
)
from dharma_local.template_intrinsics import Intrinsics


def load_template(path: Path, parameters: Mapping[str, str] | None = None) -> Template:
    """Read the template; `InvalidTemplate` lists everything that cannot be served from it."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        raise InvalidTemplate(f"{path} is no YAML: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise InvalidTemplate(f"{path} has no Resources")
    return _Collector(path, document, parameters or {}).collect()


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """YAML with CloudFormation's short tags (`!Ref x` is `{"Ref": x}`)."""


def _short_tag(loader: Any, suffix: str, node: yaml.Node) -> Any:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _short_tag)


class _Collector:
    """One pass over the resources; faults are gathered, not raised one by one."""

    def __init__(
        self, file: Path, document: Mapping[str, Any], parameters: Mapping[str, str]
    ) -> None:
        self._file = file
        self._resolver = Intrinsics(document, parameters)
        self._globals = self._resolver.value(document.get("Globals") or {})
        self._faults: list[Fault] = []
        self._functions: dict[str, Function] = {}
        self._routes: list[Route] = []
        self._authorizers: dict[str, Authorizer] = {}
        self._default_authorizer: dict[str, str] = {}
        self._machines: dict[str, StateMachine] = {}
        self._rules: list[Rule] = []
        self._cors: Cors | None = None

    def collect(self) -> Template:
        live = {
            name: raw
            for name, raw in self._resolver.resources.items()
            if "Condition" not in raw or self._resolver.condition(raw["Condition"])
        }
        properties = {
            name: self._resolver.value(raw.get("Properties") or {}) for name, raw in live.items()
        }
        api = {n for n, raw in live.items() if raw["Type"] == "AWS::Serverless::HttpApi"}
        for name in api:
            self._api(name, properties[name])
        if "HttpApi" in self._globals and not api:
            self._api("ServerlessHttpApi", {})
        for name, raw in live.items():
            kind = raw["Type"]
            if kind == "AWS::Serverless::Function":
                self._function(name, properties[name], raw.get("Metadata") or {})
            elif kind == "AWS::Serverless::StateMachine":
                self._machine(name, properties[name])
            elif kind in ("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
                self._rule(name, properties[name])
        self._check_references()
        if self._faults:
            raise InvalidTemplate(f"{self._file} cannot be served", self._faults)
        return Template(
            file=self._file,
            functions=self._functions,
            routes=tuple(self._routes),
            authorizers=self._authorizers,
            state_machines=self._machines,
            rules=tuple(self._rules),
            cors=self._cors,
            environment={
                key: str(value)
                for key, value in (self._globals.get("Function", {}).get("Environment") or {})
                .get("Variables", {})
                .items()
            },
        )

    def _fault(self, path: str, message: str) -> None:
        self._faults.append(Fault(message, path=path, file=str(self._file)))

    def _api(self, name: str, own: Mapping[str, Any]) -> None:
        merged = {**self._globals.get("HttpApi", {}), **own}
        auth = merged.get("Auth") or {}
        for title, spec in (auth.get("Authorizers") or {}).items():
            if "FunctionArn" not in spec:
                self._fault(f"Resources.{name}.Auth.{title}", "only Lambda authorizers run here")
                continue
            identity = spec.get("Identity") or {}
            self._authorizers[title] = Authorizer(
                name=title,
                function=_last(spec["FunctionArn"]),
                identity=tuple(h.lower() for h in identity.get("Headers", ["Authorization"])),
                ttl=float(identity.get("ReauthorizeEvery", 0)),
            )
        if "DefaultAuthorizer" in auth:
            self._default_authorizer[name] = auth["DefaultAuthorizer"]
        cors = merged.get("CorsConfiguration")
        if isinstance(cors, dict):
            self._cors = Cors(
                origins=tuple(cors.get("AllowOrigins", ())),
                methods=tuple(cors.get("AllowMethods", ())),
                headers=tuple(cors.get("AllowHeaders", ())),
                expose=tuple(cors.get("ExposeHeaders", ())),
                max_age=cors.get("MaxAge"),
                credentials=bool(cors.get("AllowCredentials", False)),
            )

    def _function(self, name: str, own: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        base = self._globals.get("Function", {})
        variables = (own.get("Environment") or {}).get("Variables", {})
        merged = {**base, **own}
        own_metadata = metadata.get("Dharma") or {}
        if "Handler" not in merged:
            self._fault(f"Resources.{name}", "a function without Handler")
            return
        self._functions[name] = Function(
            name=name,
            handler=str(merged["Handler"]),
            timeout=float(merged.get("Timeout", 3)),
            memory_mb=int(merged.get("MemorySize", 128)),
            environment={key: str(value) for key, value in variables.items()},
            dedicated=own_metadata.get("Pool") == "dedicated",
            here=tuple(own_metadata.get("Here", ())),
        )
        for title, event in (own.get("Events") or {}).items():
            target = Target(id=f"{name}{title}", kind="function", name=name)
            self._event(name, title, event, target)

    def _event(self, owner: str, title: str, event: Mapping[str, Any], target: Target) -> None:
        kind, spec = event.get("Type"), event.get("Properties") or {}
        if kind == "HttpApi":
            self._route(owner, spec)
        elif kind in ("EventBridgeRule", "CloudWatchEvent"):
            self._rules.append(
                Rule(f"{owner}{title}", (_with_input(target, spec),), pattern=spec["Pattern"])
            )
        elif kind in ("Schedule", "ScheduleV2"):
            if spec.get("Enabled", True) and spec.get("State", "ENABLED") == "ENABLED":
                expression = spec.get("Schedule") or spec.get("ScheduleExpression")
                self._rules.append(
                    Rule(
                        f"{owner}{title}",
                        (_with_input(target, spec),),
                        schedule=str(expression),
                        timezone=spec.get("ScheduleExpressionTimezone", "UTC"),
                    )
                )
        elif kind not in _ONLY_ON_AWS:
            self._fault(f"Resources.{owner}.Events.{title}", f"no local counterpart of {kind}")

    def _route(self, owner: str, spec: Mapping[str, Any]) -> None:
        api = spec.get("ApiId", "ServerlessHttpApi")
        wanted = (spec.get("Auth") or {}).get("Authorizer")
        authorizer = wanted or self._default_authorizer.get(api)
        self._routes.append(
            Route(
                method=str(spec.get("Method", "ANY")).upper(),
                path=str(spec.get("Path", "$default")),
                function=owner,
                authorizer=None if authorizer in (None, "NONE") else str(authorizer),
            )
        )

    def _machine(self, name: str, own: Mapping[str, Any]) -> None:
        if own.get("DefinitionUri") is None:
            self._fault(f"Resources.{name}", "a state machine needs DefinitionUri (a local file)")
            return
        file = (self._file.parent / str(own["DefinitionUri"])).resolve()
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            self._fault(f"Resources.{name}.DefinitionUri", f"{file} cannot be read: {error}")
            return
        substitutions = own.get("DefinitionSubstitutions") or {}
        for key, value in substitutions.items():
            text = text.replace("${" + key + "}", str(value))
        for left in sorted(set(re.findall(r"\$\{(\w+)\}", text))):
            self._fault(f"Resources.{name}.DefinitionSubstitutions", f"{left} is missing")
        stem = file.name.removesuffix(".json").removesuffix(".asl")
        given = str(own.get("Name", name))
        self._machines[stem] = StateMachine(
            name=stem,
            logical_id=name,
            file=str(file),
            definition=text,
            aliases=tuple({name, given} - {stem}),
        )
        for title, event in (own.get("Events") or {}).items():
            self._event(name, title, event, Target(f"{name}{title}", "state-machine", name))

    def _rule(self, name: str, own: Mapping[str, Any]) -> None:
        if own.get("State", "ENABLED") != "ENABLED":
            return
        specs = own.get("Targets") or ([own["Target"]] if "Target" in own else [])
        targets = []
        for index, spec in enumerate(specs):
            arn = str(spec["Arn"])
            resource = _last(arn)
            kind = "state-machine" if ":states:" in arn else "function"
            if resource not in self._resolver.resources:
                self._fault(f"Resources.{name}.Targets.{index}", f"{arn} is not in the template")
                continue
            targets.append(_with_input(Target(str(spec.get("Id", index)), kind, resource), spec))
        self._rules.append(
            Rule(
                name,
                tuple(targets),
                pattern=own.get("EventPattern"),
                schedule=own.get("ScheduleExpression"),
                timezone=own.get("ScheduleExpressionTimezone", "UTC"),
            )
        )

    def _check_references(self) -> None:
        for authorizer in self._authorizers.values():
            if authorizer.function not in self._functions:
                self._fault(f"Auth.{authorizer.name}", f"no function {authorizer.function}")
        for route in self._routes:
            if route.authorizer and route.authorizer not in self._authorizers:
                self._fault(f"Resources.{route.function}", f"no authorizer {route.authorizer}")
        machines = {m.logical_id for m in self._machines.values()}
        for rule in self._rules:
            for target in rule.targets:
                known = self._functions if target.kind == "function" else machines
                if target.name not in known:
                    self._fault(f"Resources.{rule.name}", f"the target {target.name} is unknown")


# Sources whose events do not arise on one machine, or arrive on another way (streams: the outbox).
_ONLY_ON_AWS = ("DynamoDB", "SQS", "SNS", "S3", "Kinesis", "CloudWatchLogs")


def _last(arn: str) -> str:
    return str(arn).rsplit(":", 1)[-1]


def _with_input(target: Target, spec: Mapping[str, Any]) -> Target:
    retry = spec.get("RetryPolicy") or {}
    return Target(
        id=target.id,
        kind=target.kind,
        name=target.name,
        input=spec.get("Input"),
        input_path=spec.get("InputPath"),
        input_transformer=spec.get("InputTransformer"),
        max_attempts=int(retry.get("MaximumRetryAttempts", target.max_attempts)),
        max_age=float(retry.get("MaximumEventAgeInSeconds", target.max_age)),
    )
