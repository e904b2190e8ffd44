"""Lifecycle rules of a bucket: Terraform wants an id of each, a template may leave it out."""

from __future__ import annotations

from dharma.catalog import Document, Part, load_catalog, read
from dharma.model.expressions.nodes import Conditional, Value, VariableRef

CATALOG = load_catalog()


def ids(*rules: Value) -> list[Value]:
    part = Part("B", "AWS::S3::Bucket", {"LifecycleConfiguration": {"Rules": list(rules)}})
    resources, notes = read(Document("cloudformation", [part]), CATALOG)
    assert notes == []
    found = resources[0].properties["lifecycle_rules"]
    assert isinstance(found, list)
    sides = [rule.then if isinstance(rule, Conditional) else rule for rule in found]
    return [side["id"] for side in sides if isinstance(side, dict)]


def test_a_rule_without_an_id_is_called_by_its_place() -> None:
    plain: Value = {"Status": "Enabled", "ExpirationInDays": 3}
    named: Value = {"Id": "old", "Status": "Enabled", "ExpirationInDays": 9}
    maybe: Value = Conditional(VariableRef("short"), plain, None)
    assert ids(plain, named, maybe) == ["rule-1", "old", "rule-3"]
