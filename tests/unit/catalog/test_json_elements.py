"""Lists of objects that one format spells out and the other holds as JSON text."""

from __future__ import annotations

from dharma.catalog import load_catalog, read, write
from dharma.catalog.document import Document, Part
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Call, Value, VariableRef

CATALOG = load_catalog()
CONTAINER: dict[str, Value] = {
    "name": "web",
    "image": VariableRef("image"),
    "environment": {"LEVEL": "info"},
    "port_mappings": [{"container_port": 80}],
    "log_configuration": {"log_driver": "awslogs"},
}


def task(*containers: Value) -> Resource:
    return Resource("aws_ecs_task_definition", "web", {"container_definitions": list(containers)})


def test_terraform_takes_containers_as_json_under_the_names_of_the_api() -> None:
    document, _ = write([task(CONTAINER)], "terraform", CATALOG)
    (part,) = document.parts
    assert part.arguments["container_definitions"] == Call(
        "jsonencode",
        (
            [
                {
                    "name": "web",
                    "image": VariableRef("image"),
                    "environment": [{"name": "LEVEL", "value": "info"}],
                    "portMappings": [{"containerPort": 80}],
                    "logConfiguration": {"logDriver": "awslogs"},
                }
            ],
        ),
    )


def test_json_text_of_a_plan_is_read_as_the_same_containers() -> None:
    text = '[{"name":"web","image":"nginx","portMappings":[{"containerPort":80}],"cpu":256}]'
    arguments: dict[str, Value] = {"family": "web", "container_definitions": text}
    part = Part("aws_ecs_task_definition.web", "aws_ecs_task_definition", arguments)
    (resource,), notes = read(Document("terraform", [part]), CATALOG)
    assert notes == []
    assert resource.properties["container_definitions"] == [
        {"name": "web", "image": "nginx", "cpu": 256, "port_mappings": [{"container_port": 80}]}
    ]


def test_what_no_rule_reads_in_json_text_is_reported_with_its_place() -> None:
    arguments: dict[str, Value] = {"container_definitions": '[{"name":"web","gpu":1}]'}
    part = Part("aws_ecs_task_definition.web", "aws_ecs_task_definition", arguments)
    _, notes = read(Document("terraform", [part]), CATALOG)
    assert [note.path for note in notes] == ["container_definitions[0].gpu"]
