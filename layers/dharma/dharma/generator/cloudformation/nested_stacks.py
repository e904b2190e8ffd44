"""A template that is larger than CloudFormation takes, as a root template with nested stacks.

Resources are put into an order in which each comes behind what it needs, near to it; the stacks are
pieces of this order, so that no two need each other. Where a piece ends depends on the name of the
resource that begins the next (as in content-defined chunking), not on a count from the beginning: a
resource that is added changes the stack that it comes into and no other, unless that one grows too
large. A stack is named after its first resource.

What crosses from stack to stack is an output here and a parameter there, handed over by the root;
parameters, conditions and mappings go along where they are used. The name and the id of the stack
mean the root's everywhere. The root's `TemplateURL`s are relative paths, which
`aws cloudformation package` uploads and replaces.

Limits: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from dharma.catalog.naming import Names
from dharma.core.errors import NotExpressible
from dharma.generator.cloudformation.intrinsics import Key, Uses, rewritten, uses_of
from dharma.generator.yaml_text import Tagged

RESOURCES_MAX = 500
BYTES_MAX = 1_000_000
PARAMETERS_MAX = 200
OUTPUTS_MAX = 200
FOLDER = "stacks"
STACK = "AWS::CloudFormation::Stack"

Template = dict[str, Any]

# From which size on, and how often (one in), a resource begins another stack by its name.
_LEAST, _ONE_IN = 100, 80
# Room for parameters, outputs and what else stands around the resources.
_BYTES_SHARE = 0.7
_OWN = ("AWS::StackName", "AWS::StackId")
# Attributes that are lists: an output is text, so they cross joined by commas. Read off the
# resource schemas of CloudFormation (read-only properties of type array).
_LISTS = frozenset(
    {
        ("AWS::EC2::Subnet", "Ipv6CidrBlocks"),
        ("AWS::EC2::VPC", "CidrBlockAssociations"),
        ("AWS::EC2::VPC", "Ipv6CidrBlocks"),
        ("AWS::EC2::VPCEndpoint", "DnsEntries"),
        ("AWS::EC2::VPCEndpoint", "NetworkInterfaceIds"),
        ("AWS::ElastiCache::ReplicationGroup", "ReadEndPoint.AddressesList"),
        ("AWS::ElastiCache::ReplicationGroup", "ReadEndPoint.PortsList"),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "LoadBalancerArns"),
        ("AWS::RDS::DBInstance", "ReadReplicaDBClusterIdentifiers"),
        ("AWS::RDS::DBInstance", "ReadReplicaDBInstanceIdentifiers"),
        ("AWS::Route53::HostedZone", "NameServers"),
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one template may have."""

    resources: int = RESOURCES_MAX
    bytes: int = BYTES_MAX


ONE_TEMPLATE = Limits()


def split(
    template: Template, print_text: Callable[[Any], str], suffix: str, limits: Limits
) -> dict[str, Template]:
    """Path to template, the root first under `template<suffix>`. `print_text` gives the text of a
    template. Raises `NotExpressible` for what no partition brings under the limits."""
    for section, most in (("Parameters", PARAMETERS_MAX), ("Outputs", OUTPUTS_MAX)):
        present = len(template.get(section, {}))
        if present > most:
            raise NotExpressible(f"{present} {section.lower()}; CloudFormation takes {most}")
    graph = _Graph(template, print_text)
    most = limits.resources - limits.resources // 10
    while True:
        found = _Split(template, graph, suffix, most, int(limits.bytes * _BYTES_SHARE)).templates()
        fault = _too_large(found, print_text, limits)
        if fault is None:
            return found
        if most < 10:
            raise NotExpressible(f"no nested stacks hold this blueprint: {fault}")
        most //= 2


def _too_large(
    templates: Mapping[str, Template], print_text: Callable[[Any], str], limits: Limits
) -> str | None:
    for path, template in templates.items():
        for section, most in (
            ("Resources", limits.resources),
            ("Parameters", PARAMETERS_MAX),
            ("Outputs", OUTPUTS_MAX),
        ):
            present = len(template.get(section, {}))
            if present > most:
                return f"{path} has {present} {section.lower()}, {most} are allowed"
        size = len(print_text(template).encode("utf-8", "surrogatepass"))
        if size > limits.bytes:
            return f"{path} has {size} bytes, {limits.bytes} are allowed"
    return None


class _Graph:
    """The resources of a template in an order in which each comes behind all that it needs."""

    def __init__(self, template: Template, print_text: Callable[[Any], str]) -> None:
        self.resources: dict[str, dict[str, Any]] = template["Resources"]
        self.uses: dict[str, Uses] = {}
        self.waits: dict[str, list[str]] = {}
        self.size: dict[str, int] = {}
        for name, body in self.resources.items():
            uses = uses_of({k: v for k, v in body.items() if k not in ("DependsOn", "Condition")})
            if "Condition" in body:
                uses.conditions.add(body["Condition"])
            self.uses[name] = uses
            awaited = body.get("DependsOn", [])
            self.waits[name] = [awaited] if isinstance(awaited, str) else list(awaited)
            text = print_text({name: body})
            # Two levels deeper in its template than here.
            self.size[name] = len(text.encode("utf-8", "surrogatepass")) + 4 * text.count("\n")
        self.order = list(self._order())

    def needs(self, name: str) -> list[str]:
        """The resources that one needs, in a fixed order."""
        named = sorted(n for n, _ in self.uses[name].keys if n in self.resources and n != name)
        return [*dict.fromkeys([*named, *(w for w in self.waits[name] if w in self.resources)])]

    def _order(self) -> Iterator[str]:
        """What a resource needs right before it, unless it came earlier."""
        seen: set[str] = set()
        for first in self.resources:
            stack = [(first, iter(self.needs(first)))] if first not in seen else []
            seen.add(first)
            while stack:
                name, left = stack[-1]
                need = next((n for n in left if n not in seen), None)
                if need is None:
                    stack.pop()
                    yield name
                else:
                    seen.add(need)
                    stack.append((need, iter(self.needs(need))))


class _Split:
    def __init__(
        self, template: Template, graph: _Graph, suffix: str, most: int, most_bytes: int
    ) -> None:
        self.template = template
        self.graph = graph
        self.suffix = suffix
        self.parameters: dict[str, dict[str, Any]] = template.get("Parameters", {})
        self.conditions: dict[str, Any] = template.get("Conditions", {})
        self.condition_uses = {name: uses_of(body) for name, body in self.conditions.items()}
        self.stacks = self._pieces(most, most_bytes)
        self.stack_of = {n: stack for stack, members in self.stacks.items() for n in members}
        self.names = Names()
        for taken in self.parameters:
            self.names.take(taken, taken)
        self.crossing: dict[Key, str] = {}

    # -- the partition

    def _pieces(self, most: int, most_bytes: int) -> dict[str, list[str]]:
        stacks: dict[str, list[str]] = {}
        current: list[str] = []
        inside: set[str] = set()
        taken: set[str] = set()
        size = 0
        for name in self.graph.order:
            wanted = self._taken(name)
            full = (
                len(current) >= most
                or size + self.graph.size[name] > most_bytes
                or len(taken | {w for w in wanted if w.partition(".")[0] not in inside})
                > PARAMETERS_MAX - 10
            )
            if current and (full or (len(current) >= _LEAST and _begins(name))):
                current, inside, taken, size = [], set(), set(), 0
            if not current:
                stacks[f"{name}Stack"] = current
            current.append(name)
            inside.add(name)
            taken |= {w for w in wanted if w.partition(".")[0] not in inside}
            size += self.graph.size[name]
        return stacks

    def _taken(self, name: str) -> set[str]:
        """What would be a parameter for this resource, if it stood alone."""
        uses = self._with_conditions(self.graph.uses[name])
        return {
            f"{owner}.{attribute}"
            for owner, attribute in uses.keys
            if owner in self.graph.resources or owner in self.parameters or owner in _OWN
        }

    def _with_conditions(self, uses: Uses) -> Uses:
        whole = Uses()
        whole.add(uses)
        for name in uses.conditions & self.condition_uses.keys():
            whole.add(self.condition_uses[name])
        return whole

    # -- the templates

    def templates(self) -> dict[str, Template]:
        nested: dict[str, Template] = {}
        calls: dict[str, dict[str, Any]] = {}
        given: dict[str, dict[str, Any]] = {stack: {} for stack in self.stacks}
        for stack, members in self.stacks.items():
            path = f"{FOLDER}/{stack.removesuffix('Stack')}{self.suffix}"
            nested[path], calls[stack] = _Nested(self, stack, members, given).written()
            calls[stack]["Properties"] = {
                "TemplateURL": path,
                **calls[stack].get("Properties", {}),
            }
        outputs = {
            name: rewritten(body, lambda key: self._in_root(key, given))
            for name, body in self.template.get("Outputs", {}).items()
        }
        for template, stack in zip(nested.values(), self.stacks, strict=True):
            if given[stack]:
                template["Outputs"] = given[stack]
        root = {k: v for k, v in self.template.items() if k not in ("Resources", "Outputs")}
        root |= {"Resources": calls, "Outputs": outputs}
        used = uses_of([calls, outputs])
        used.conditions |= {body["Condition"] for body in outputs.values() if "Condition" in body}
        self.keep(root, used)
        return {f"template{self.suffix}": _ordered(root), **nested}

    def keep(self, template: Template, used: Uses) -> None:
        """Conditions and mappings that are used; nothing else of these sections."""
        used = self._with_conditions(used)
        for section, names in (("Conditions", used.conditions), ("Mappings", used.mappings)):
            kept = {k: v for k, v in self.template.get(section, {}).items() if k in names}
            template.pop(section, None)
            if kept:
                template[section] = kept

    # -- what crosses

    def name(self, key: Key) -> str:
        if key not in self.crossing:
            said = f"Root{key[0].removeprefix('AWS::')}" if key[0] in _OWN else ".".join(key)
            wish = "".join(c for c in said if c.isalnum())
            self.crossing[key] = self.names.take(wish, ".".join(key))
        return self.crossing[key]

    def is_list(self, key: Key) -> bool:
        body = self.graph.resources.get(key[0])
        return body is not None and (body["Type"], key[1]) in _LISTS

    def handed(self, key: Key, given: dict[str, dict[str, Any]]) -> Any:
        """What the root takes out of a stack: text, empty where the resource does not exist."""
        owner, attribute = key
        name, stack = self.name(key), self.stack_of[owner]
        condition = self.graph.resources[owner].get("Condition")
        if name not in given[stack]:
            value: Any = Tagged("!Ref", "Ref", owner)
            if attribute != "Ref":
                value = Tagged("!GetAtt", "Fn::GetAtt", f"{owner}.{attribute}")
            if self.is_list(key):
                value = Tagged("!Join", "Fn::Join", [",", value])
            given[stack][name] = {"Value": value}
            if condition is not None:
                given[stack][name] = {"Condition": condition, "Value": value}
        output = Tagged("!GetAtt", "Fn::GetAtt", f"{stack}.Outputs.{name}")
        return output if condition is None else Tagged("!If", "Fn::If", [condition, output, ""])

    def _in_root(self, key: Key, given: dict[str, dict[str, Any]]) -> Any:
        """What stands in an output of the root for a resource of a stack."""
        if key[0] not in self.graph.resources:
            return None
        handed = self.handed(key, given)
        if handed.long == "Fn::If":
            # An output says by its own condition that it exists.
            handed = handed.content[1]
        return Tagged("!Split", "Fn::Split", [",", handed]) if self.is_list(key) else handed


class _Nested:
    """One nested template in the making: the parameters that it declares, what the root passes for
    them, and the stacks that this comes from."""

    def __init__(
        self, whole: _Split, stack: str, members: list[str], given: dict[str, dict[str, Any]]
    ) -> None:
        self.whole = whole
        self.stack = stack
        self.members = members
        self.inside = set(members)
        self.given = given
        self.declared: dict[str, dict[str, Any]] = {}
        self.passed: dict[str, Any] = {}
        self.behind: set[str] = set()

    def written(self) -> tuple[Template, dict[str, Any]]:
        """The template, and its resource in the root."""
        graph = self.whole.graph
        used = Uses()
        for name in self.members:
            used.add(graph.uses[name])
        template: Template = {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Metadata": self._metadata(),
            "Resources": {name: self._resource(name) for name in self.members},
        }
        conditions = {
            name: rewritten(body, self._taken)
            for name, body in self.whole.conditions.items()
            if name in used.conditions
        }
        self.whole.keep(template, used)
        if conditions:
            template["Conditions"] = conditions
        template["Parameters"] = dict(sorted(self.declared.items()))
        return _ordered(template), self._call()

    def _resource(self, name: str) -> dict[str, Any]:
        body = dict(self.whole.graph.resources[name])
        body.pop("DependsOn", None)
        body = rewritten(body, self._taken)
        here = [w for w in self.whole.graph.waits[name] if w in self.inside]
        return {"Type": body.pop("Type"), "DependsOn": here, **body} if here else body

    def _taken(self, key: Key) -> Any:
        """The parameter for something from outside; None for what means the same in here."""
        owner, _ = key
        whole = self.whole
        if owner in whole.parameters:
            if owner not in self.declared:
                parameter = whole.parameters[owner]
                self.declared[owner] = _passed_on(parameter)
                self.passed[owner] = _as_text(parameter, Tagged("!Ref", "Ref", owner))
            return None
        if owner in self.inside or (owner not in whole.graph.resources and owner not in _OWN):
            return None
        name = whole.name(key)
        if name not in self.declared:
            lists = whole.is_list(key)
            self.declared[name] = {"Type": "CommaDelimitedList" if lists else "String"}
            if owner in _OWN:
                self.passed[name] = Tagged("!Ref", "Ref", owner)
            else:
                self.behind.add(whole.stack_of[owner])
                self.passed[name] = whole.handed(key, self.given)
        return Tagged("!Ref", "Ref", name)

    def _metadata(self) -> dict[str, Any] | None:
        if "Metadata" not in self.whole.template:
            return None
        own = dict(self.whole.template["Metadata"].get("Dharma", {}))
        kept = {k: own[k] for k in ("Blueprint", "Version") if k in own}
        return {"Dharma": {**kept, "Stack": self.stack}}

    def _call(self) -> dict[str, Any]:
        """The stack as a resource; it waits for others that it takes nothing from."""
        graph, stack_of = self.whole.graph, self.whole.stack_of
        outside = [w for n in self.members for w in graph.waits[n] if w not in self.inside]
        call: dict[str, Any] = {"Type": STACK}
        waits = dict.fromkeys(stack_of[name] for name in outside)
        if awaited := [stack for stack in waits if stack not in self.behind]:
            call["DependsOn"] = awaited
        if self.passed:
            call["Properties"] = {"Parameters": dict(sorted(self.passed.items()))}
        return call


def _begins(name: str) -> bool:
    """Whether a resource begins a stack by its name."""
    return int.from_bytes(sha256(name.encode()).digest()[:4]) % _ONE_IN == 0


def _passed_on(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter of the root in a nested template: always given, and looked up already."""
    found = {k: v for k, v in parameter.items() if k != "Default"}
    looked_up = re.fullmatch(r"AWS::SSM::Parameter::Value<(.+)>", found["Type"])
    if looked_up is not None:
        # Its rules are for the name of the entry, not for what the entry holds.
        return {"Type": looked_up[1]}
    return found


def _as_text(parameter: Mapping[str, Any], reference: Tagged) -> Tagged:
    kind = parameter["Type"]
    if "List" in kind:
        return Tagged("!Join", "Fn::Join", [",", reference])
    return reference


_SECTIONS = (
    "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions",
    "Resources", "Outputs",
)  # fmt: skip


def _ordered(template: Template) -> Template:
    return {k: template[k] for k in _SECTIONS if template.get(k)}
