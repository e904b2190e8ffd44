"""What is certain of a data source before anybody asks the cloud.

The argument names are those of the providers' reference pages
(https://registry.terraform.io/providers/hashicorp/aws/latest/docs, `data-sources/`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dharma.blueprint.readers.terraform.file_functions import parse_template_text
from dharma.model.expressions.conversion import as_text
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import Ambient, Call, Expression, Template, Unknown, Value
from dharma.model.expressions.scope import Scope

Arguments = dict[str, Value]

_AMBIENT: dict[tuple[str, str], str] = {
    ("aws_availability_zones", "names"): "availability_zones",
    ("aws_caller_identity", "account_id"): "account_id",
    ("aws_caller_identity", "id"): "account_id",
    ("aws_partition", "dns_suffix"): "url_suffix",
    ("aws_partition", "partition"): "partition",
    ("aws_partition", "id"): "partition",
    ("aws_region", "name"): "region",
    ("aws_region", "region"): "region",
    ("aws_region", "id"): "region",
    ("google_client_config", "project"): "project",
    ("google_client_config", "region"): "region",
    ("azurerm_client_config", "object_id"): "principal_id",
    ("azurerm_client_config", "subscription_id"): "subscription_id",
    ("azurerm_client_config", "tenant_id"): "tenant_id",
}
# Those that are of the place of deployment as long as no argument names another.
_OWN: dict[tuple[str, str], Value] = {
    ("azurerm_subscription", "id"): Template(("/subscriptions/", Ambient("subscription_id"))),
    ("azurerm_subscription", "subscription_id"): Ambient("subscription_id"),
    ("azurerm_subscription", "tenant_id"): Ambient("tenant_id"),
    ("google_project", "project_id"): Ambient("project"),
}
# Arguments that select the thing, and are attributes of the thing selected.
_SELECTORS = frozenset(
    {"account_id", "arn", "bucket", "domain", "family", "function_name", "id", "key_name",
     "location", "name", "project", "region", "resource_group_name", "role_name", "user_name",
     "virtual_network_name", "vpc_id", "zone", "zone_id"}
)  # fmt: skip


def attribute(type: str, arguments: Arguments, name: str, scope: Scope) -> Value | None:
    """The value of an attribute of a data source, None where only the provider knows it. Raises
    EvaluationError."""
    ambient = _AMBIENT.get((type, name))
    if ambient is not None:
        return scope.ambient.get(ambient, Ambient(ambient))
    if not arguments and (type, name) in _OWN:
        return evaluate(_OWN[type, name], scope)
    computed = _COMPUTED.get(type, {}).get(name)
    if computed is not None:
        return computed(arguments, scope)
    value = arguments.get(name)
    if name in _SELECTORS and isinstance(value, str):
        return value
    return None


# -- aws_iam_policy_document


def _policy(arguments: Arguments, scope: Scope) -> Value:
    """The document as JSON text, or `jsonencode` of it where it holds what is not known yet."""
    document = policy_document(arguments)
    return evaluate(Call("jsonencode", (document,)), scope)


def policy_document(arguments: Arguments) -> Value:
    """The document that the arguments describe; unknown when others are merged into it that are
    not known."""
    sources = arguments.get("source_policy_documents") or []
    overrides = arguments.get("override_policy_documents") or []
    merged: list[Value] = []
    for text in [*_items(sources), *_items(arguments.get("source_json"))]:
        merged = _override(merged, _statements_of(text))
    merged = _override(merged, [_statement(s) for s in _items(arguments.get("statement"))])
    for text in [*_items(overrides), *_items(arguments.get("override_json"))]:
        merged = _override(merged, _statements_of(text))
    found: dict[str, Value] = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policy_id"):
        found["Id"] = arguments["policy_id"]
    unknown = next((m for m in merged if isinstance(m, Expression)), None)
    found["Statement"] = unknown if unknown is not None else merged
    return found


def _items(value: Value) -> list[Value]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _statements_of(text: Value) -> list[Value]:
    from dharma.catalog.documents import document

    found = document(text)
    if not isinstance(found, dict):
        return [found if isinstance(found, Expression) else Unknown("a policy that is no JSON")]
    return _items(found.get("Statement"))


def _override(base: list[Value], added: list[Value]) -> list[Value]:
    """Statements of the same `Sid` are replaced, the others added."""
    result = list(base)
    for statement in added:
        sid = statement.get("Sid") if isinstance(statement, dict) else None
        position = next(
            (
                n
                for n, other in enumerate(result)
                if sid and isinstance(other, dict) and other.get("Sid") == sid
            ),
            None,
        )
        if position is None:
            result.append(statement)
        else:
            result[position] = statement
    return result


_LISTS = {
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}


def _statement(block: Value) -> Value:
    if not isinstance(block, dict):
        return block if isinstance(block, Expression) else Unknown("a statement that is no block")
    found: dict[str, Value] = {}
    if block.get("sid"):
        found["Sid"] = block["sid"]
    found["Effect"] = block.get("effect") or "Allow"
    for key, name in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if block.get(key):
            found[name] = _principals(block[key])
    for key, name in _LISTS.items():
        if block.get(key):
            found[name] = _one_or_list(block[key])
    if block.get("condition"):
        found["Condition"] = _conditions(block["condition"])
    return found


def _principals(blocks: Value) -> Value:
    found: dict[str, Value] = {}
    for block in _items(blocks):
        if not isinstance(block, dict) or isinstance(block.get("type"), Expression):
            return Unknown("the principals are not known")
        kind, identifiers = as_text(block.get("type")), block.get("identifiers")
        if kind == "*" and identifiers == ["*"]:
            return "*"
        if kind in found:
            identifiers = [*_items(found[kind]), *_items(identifiers)]
        found[kind] = _one_or_list(identifiers)
    return found


def _conditions(blocks: Value) -> Value:
    found: dict[str, Value] = {}
    for block in _items(blocks):
        if not isinstance(block, dict) or not (
            isinstance(block.get("test"), str) and isinstance(block.get("variable"), str)
        ):
            return Unknown("the conditions are not known")
        test = found.setdefault(str(block["test"]), {})
        assert isinstance(test, dict)
        test[str(block["variable"])] = _one_or_list(block.get("values"))
    return found


def _one_or_list(value: Value) -> Value:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


# -- others that are computed from their arguments alone


def _rendered(arguments: Arguments, scope: Scope) -> Value:
    values = arguments.get("vars") or {}
    template = arguments.get("template")
    if not isinstance(template, str) or not isinstance(values, dict):
        return Unknown("a template that is not known")
    parsed = parse_template_text(template, "template", values)
    inner = Scope(functions=scope.functions, budget=scope.budget, bound=values)
    return evaluate(parsed, inner)


def _content(arguments: Arguments, scope: Scope) -> Value:
    return evaluate(Call("file", (arguments.get("filename"),)), scope)


def _given(name: str) -> Callable[[Arguments, Scope], Value]:
    def value(arguments: Arguments, _: Scope) -> Value:
        return arguments.get(name)

    return value


_COMPUTED: Mapping[str, Mapping[str, Callable[[Arguments, Scope], Value]]] = {
    "aws_iam_policy_document": {"json": _policy, "minified_json": _policy},
    "template_file": {"rendered": _rendered},
    "local_file": {"content": _content},
    "archive_file": {"output_path": _given("output_path")},
    "null_data_source": {"outputs": _given("inputs")},
}
