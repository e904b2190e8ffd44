"""Where Terraform wants a name and CloudFormation makes one, the deployment's name is the start."""

from __future__ import annotations

from dharma.catalog import load_catalog, read, write
from dharma.catalog.document import Document, Part
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Ambient, Symbol, Template, Value

CATALOG = load_catalog()
ROLE = "arn:aws:iam::123456789012:role/app"


def function(name: str | None = None, count: Value = None) -> Resource:
    properties: dict[str, Value] = {"role": ROLE, "image_uri": "example/app:1"}
    if name is not None:
        properties["function_name"] = name
    return Resource("aws_lambda_function", "app", properties, count=count)


def argument(document: Document) -> Value:
    return document.parts[0].arguments.get("function_name")


def test_a_missing_name_is_the_deployments_and_the_resources() -> None:
    document, _ = write([function()], "terraform", CATALOG)
    assert argument(document) == Template((Ambient("deployment_name"), "-app"))
    assert read(document, CATALOG)[0][0].properties == function().properties


def test_each_instance_of_a_loop_has_a_name_of_its_own() -> None:
    document, _ = write([function(count=2)], "terraform", CATALOG)
    assert argument(document) == Template(
        (Ambient("deployment_name"), "-app-", Symbol(("count", "index")))
    )
    assert read(document, CATALOG)[0][0].properties == function().properties


def test_a_chosen_name_is_kept_in_both_directions() -> None:
    document, _ = write([function("orders")], "terraform", CATALOG)
    assert argument(document) == "orders"
    assert read(document, CATALOG)[0][0].properties["function_name"] == "orders"


def test_the_name_of_another_resource_is_a_chosen_one() -> None:
    name = Template((Ambient("deployment_name"), "-other"))
    part = Part(
        "aws_lambda_function.app", "aws_lambda_function", {"function_name": name, "role": ROLE}
    )
    resources, _ = read(Document("terraform", [part]), CATALOG)
    assert resources[0].properties["function_name"] == name


def test_cloudformation_makes_the_name_itself() -> None:
    document, _ = write([function()], "cloudformation", CATALOG)
    assert "FunctionName" not in document.parts[0].arguments
