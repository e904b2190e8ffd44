"""Which Pulumi class stands for which Terraform type, and which property for which argument.

The packages do not say it; both sides are generated from the same schema of the provider, so it is
found by comparing: a class and a type belong together when their names and the names of their
properties agree best. What the comparison cannot know is in `KNOWN`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.pulumi_names.sdk import Package, ResourceClass

Schema = Mapping[str, Any]

# Too little in common to be found, or two that look the same. Terraform type: token.
KNOWN: dict[str, str] = {
    "azurerm_application_gateway": "azure:network/applicationGateway:ApplicationGateway",
    "azurerm_app_service_source_control_token": "azure:appservice/sourceCodeToken:SourceCodeToken",
    "azurerm_source_control_token": "azure:appservice/sourceControlToken:SourceControlToken",
    "azurerm_iothub_certificate": "azure:iot/certificate:Certificate",
    "azurerm_iothub_dps_certificate": "azure:iot/iotHubCertificate:IotHubCertificate",
    "azurerm_role_assignment": "azure:authorization/assignment:Assignment",
    "google_organization_policy": "gcp:organizations/policy:Policy",
    "google_project_organization_policy": "gcp:projects/organizationPolicy:OrganizationPolicy",
}

# Arguments whose property has nothing of their name.
RENAMED = {"filename": "code", "api_id": "rest_api"}

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")


def classes_of_types(
    package: Package, schemas: Mapping[str, Schema], known: Mapping[str, str] = KNOWN
) -> dict[str, ResourceClass]:
    """The class of each Terraform type, as far as there is one; no class serves two types."""
    by_token = {c.token: c for c in package.classes}
    found = {t: by_token[token] for t, token in known.items() if t in schemas}
    taken = {c.token for c in found.values()}
    scores = []
    sets = {t: _argument_names(s) for t, s in schemas.items()}
    words = {c.token: _class_words(c) for c in package.classes}
    properties = {c.token: {_stem(n) for n in c.outputs} for c in package.classes}
    for kind, names in sets.items():
        own = kind.split("_")[1:]
        for candidate in package.classes:
            if candidate.token in taken or kind in found:
                continue
            likeness = _likeness(names, properties[candidate.token])
            if likeness < 0.3:
                continue
            name = _name_likeness(own, *words[candidate.token])
            score = likeness + name - (0.5 if candidate.deprecated else 0)
            scores.append((score, likeness, kind, candidate.token))
    scores.sort(key=lambda s: (-s[0], s[2], s[3]))
    for score, _, kind, token in scores:
        if score < 0.9 or kind in found or token in taken:
            continue
        found[kind] = by_token[token]
        taken.add(token)
    return found


def _argument_names(schema: Schema) -> set[str]:
    names = {*schema["attributes"], *schema.get("blocks", {})} - {"id", "timeouts"}
    return {_stem(n) for n in names}


def _stem(name: str) -> str:
    """Singular and plural as one."""
    for end, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("s", "")):
        if name.endswith(end) and not name.endswith("ss"):
            return name.removesuffix(end) + instead
    return name


def _likeness(one: set[str], other: set[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 1.0


def _class_words(found: ResourceClass) -> tuple[list[str], list[str]]:
    module, _, name = found.token.split(":", 1)[1].partition(":")
    return [module.split("/")[0].lower()], [w.lower() for w in _WORD.findall(name)]


def _name_likeness(own: list[str], module: list[str], name: list[str]) -> float:
    """1 where the type is the class's name, with or without the module before it."""
    whole, short, long = "".join(own), "".join(name), "".join(module + name)
    if whole in {long, short}:
        return 1.0 if whole == long else 0.95
    pairs = [(set(own), set(name)), (set(own), set(module + name))]
    return 0.8 * max(len(a & b) / len(a | b) for a, b in pairs)


def partners(terraform: Iterable[str], pulumi: Iterable[str]) -> dict[str, str]:
    """The property of each argument of one object: the same name, its plural, or the one that is
    left. Arguments without a property are not in the answer."""
    theirs = dict.fromkeys(pulumi)
    terraform = list(terraform)
    pairs: dict[str, str] = {}
    left = []
    for name, other in RENAMED.items():
        if name in terraform and name not in theirs and other in theirs and other not in terraform:
            pairs[name] = other
            del theirs[other]
    for name in terraform:
        if name in pairs:
            continue
        if name in theirs:
            pairs[name] = name
            del theirs[name]
        else:
            left.append(name)
    for name in list(left):
        for plural in plurals(name):
            if plural in theirs:
                pairs[name] = plural
                del theirs[plural]
                left.remove(name)
                break
    # Pulumi's words do not begin with a digit: `use_32_bit_worker` is `use32_bit_worker`.
    joined = {p.replace("_", ""): p for p in theirs}
    for name in list(left):
        if (same := joined.get(name.replace("_", ""))) in theirs:
            pairs[name] = str(same)
            del theirs[str(same)]
            left.remove(name)
    for name in left:
        alike = [p for p in theirs if _is_alike(name, p)]
        if len(alike) == 1:
            pairs[name] = alike[0]
            del theirs[alike[0]]
    return pairs


def plurals(name: str) -> list[str]:
    found = [f"{name}s", f"{name}es"]
    if name.endswith("y"):
        found.append(f"{name[:-1]}ies")
    if name.endswith("s"):
        found += [f"{name}ses", name[:-1]]
    if name.endswith("is"):
        found.append(f"{name[:-2]}es")
    if name.endswith("ex"):
        found.append(f"{name[:-2]}ices")
    return found


def _is_alike(name: str, other: str) -> bool:
    """One has all the words of the other: `topic_arn` and `topic`."""
    mine, theirs = set(_stem(name).split("_")), set(_stem(other).split("_"))
    return mine < theirs or theirs < mine or mine == theirs


def singular(name: str) -> str:
    """The argument of which a property is the plural, by rule."""
    for end, instead in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if name.endswith(end) and not name.endswith("ss"):
            return name.removesuffix(end) + instead
    return name
