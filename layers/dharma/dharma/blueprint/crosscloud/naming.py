"""Names of resources that a target's rules allow."""

from __future__ import annotations

import re

from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Expression, Symbol, Template, Value

_NO_WORD = re.compile(r"[^a-z0-9]+")

# What may be in a name, how long it may be, and what stands between words.
# Sources: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules,
# https://cloud.google.com/compute/docs/naming-resources,
# https://cloud.google.com/storage/docs/buckets#naming,
# https://cloud.google.com/iam/docs/service-accounts-create
_RULES: dict[str, tuple[str, int, str]] = {
    "aws": ("[a-zA-Z0-9_.-]", 63, "-"),
    "gcp": ("[a-z0-9-]", 63, "-"),
    "bucket": ("[a-z0-9_.-]", 63, "-"),
    "service_account": ("[a-z0-9-]", 30, "-"),
    "azure": ("[a-zA-Z0-9_.-]", 63, "-"),
    "storage_account": ("[a-z0-9]", 24, ""),
    "registry": ("[a-zA-Z0-9]", 50, ""),
    "key_vault": ("[a-zA-Z0-9-]", 24, "-"),
    "vault_secret": ("[a-zA-Z0-9-]", 127, "-"),
}
_SHORTEST = {"service_account": 6, "storage_account": 3, "registry": 5, "key_vault": 3, "bucket": 3}


def fits(name: str, rule: str) -> bool:
    """Whether a name may stay as it is."""
    allowed, longest, _ = _RULES[rule]
    if rule in ("gcp", "service_account", "key_vault") and not name[:1].isalpha():
        return False
    fitting = re.fullmatch(f"(?:{allowed})+", name) is not None
    return fitting and _SHORTEST.get(rule, 1) <= len(name) <= longest


def spelled(name: str, rule: str) -> str:
    """The nearest name that the rule allows."""
    if fits(name, rule):
        return name
    _, longest, between = _RULES[rule]
    words = _NO_WORD.sub(" ", name.lower()).split()
    made = between.join(words) or "main"
    made = made if made[0].isalpha() else f"x{between}{made}"
    made = made[:longest].rstrip("-")
    return made if len(made) >= _SHORTEST.get(rule, 1) else f"{made}{between}default"


def derived(blueprint: str, resource: Resource, rule: str) -> Value:
    """A name for a resource that has none: its name in the blueprint, apart for each instance."""
    wide = rule in ("bucket", "storage_account", "registry", "key_vault", "service_account")
    plain = spelled(f"{blueprint}-{resource.name}" if wide else resource.name, rule)
    between = _RULES[rule][2]
    if resource.count is not None and resource.count != 1:
        return Template((f"{plain}{between}", Symbol(("count", "index"))))
    if resource.for_each is not None:
        return Template((f"{plain}{between}", Symbol(("each", "key"))))
    return plain


def is_literal(value: Value) -> bool:
    return not isinstance(value, Expression)
