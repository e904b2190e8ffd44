"""What tells resources apart and what does not."""

from __future__ import annotations

import pytest

from dharma.catalog import canonical, load_catalog
from dharma.catalog.same_expressions import same_expression
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Binary,
    Call,
    Conditional,
    Index,
    ResourceRef,
    Unary,
    Value,
    VariableRef,
)

CATALOG = load_catalog()
A, B, C = (VariableRef(name) for name in "abc")


def same(one: list[Resource], other: list[Resource]) -> bool:
    return canonical(one, CATALOG) == canonical(other, CATALOG)


def test_an_order_that_a_reference_says_already_means_nothing() -> None:
    topic = Resource("aws_sns_topic", "t")
    queue = Resource("aws_sqs_queue", "q", {"kms_master_key_id": ResourceRef(topic.address)})
    waiting = Resource("aws_sqs_queue", "q", queue.properties, depends_on=(topic.address,))
    assert same([topic, queue], [topic, waiting])
    plain = Resource("aws_sqs_queue", "q")
    assert not same(
        [topic, plain], [topic, Resource("aws_sqs_queue", "q", depends_on=waiting.depends_on)]
    )


def test_an_order_that_another_awaited_resource_says_already_means_nothing() -> None:
    topic = Resource("aws_sns_topic", "t")
    queue = Resource("aws_sqs_queue", "q", {"kms_master_key_id": ResourceRef(topic.address)})
    last = Resource("aws_sqs_queue", "l", depends_on=(queue.address,))
    both = Resource("aws_sqs_queue", "l", depends_on=(queue.address, topic.address))
    assert same([topic, queue, last], [topic, queue, both])


def test_the_grouping_of_conditions_means_nothing_and_their_order_does() -> None:
    def queue(condition: Value) -> list[Resource]:
        return [Resource("aws_sqs_queue", "q", condition=condition)]

    left = Binary("||", Binary("||", A, B), C)
    assert same(queue(left), queue(Binary("||", A, Binary("||", B, C))))
    assert not same(queue(left), queue(Binary("||", A, Binary("&&", B, C))))
    assert not same(queue(left), queue(Binary("||", C, Binary("||", A, B))))


def test_a_reference_under_the_condition_of_what_it_refers_to_is_the_reference() -> None:
    topic = Resource("aws_sns_topic", "t", condition=A)
    reference = ResourceRef(topic.address, ("arn",))

    def queue(value: Value) -> list[Resource]:
        return [topic, Resource("aws_sqs_queue", "q", {"kms_master_key_id": value})]

    assert same(queue(reference), queue(Conditional(A, reference, None)))
    assert not same(queue(reference), queue(Conditional(B, reference, None)))
    assert not same(queue(reference), queue(Conditional(A, reference, "other")))


def test_an_element_of_an_attribute_is_the_same_by_index_and_by_path() -> None:
    zone = ResourceRef("aws_route53_zone.z", ("name_servers",))

    def queue(value: Value) -> list[Resource]:
        return [Resource("aws_route53_zone", "z"), Resource("aws_sqs_queue", "q", {"name": value})]

    by_path = ResourceRef(zone.address, (*zone.path, 0))
    assert same(queue(Index(zone, 0)), queue(by_path))
    assert not same(queue(Index(zone, 1)), queue(by_path))


def test_a_list_under_a_condition_is_its_elements_under_that_condition() -> None:
    def machine(keys: Value) -> list[Resource]:
        return [Resource("azurerm_linux_virtual_machine", "m", {"admin_ssh_key": keys})]

    key: dict[str, Value] = {"username": "u", "public_key": A}
    is_password = Binary("==", B, "password")
    blocks = machine([Conditional(Unary("!", is_password), key, None)])
    assert same(machine(Conditional(is_password, None, [key])), blocks)
    assert same(machine(Conditional(Binary("!=", B, "password"), [key], None)), blocks)
    assert not same(machine(Conditional(is_password, [key], None)), blocks)
    other: dict[str, Value] = {**key, "username": "v"}
    assert same(
        machine(Conditional(C, [key], [other])),
        machine([Conditional(C, key, None), Conditional(C, None, other)]),
    )
    assert same(machine([Conditional(C, key, other)]), machine(Conditional(C, [key], [other])))


def test_a_function_of_literals_is_what_it_gives() -> None:
    def tagged(value: Value) -> list[Resource]:
        return [Resource("azurerm_availability_set", "s", {"tags": {"provider": value}})]

    assert same(tagged(Call("upper", ("a-1",))), tagged("A-1"))
    assert not same(tagged(Call("upper", (A,))), tagged("A-1"))
    assert same(tagged(Call("nothing", ("a",))), tagged(Call("nothing", ("a",))))


@pytest.mark.parametrize("name", ["uuid", "timestamp"])
def test_what_a_function_gives_when_it_is_applied_is_not_known_before(name: str) -> None:
    call = Call(name, ())
    assert same_expression(call) == call
    assert same_expression(Call("upper", ("a",))) == "A"


@pytest.mark.parametrize("name", ["sensitive", "nonsensitive"])
def test_what_is_marked_as_secret_is_not_the_same_as_what_is_not(name: str) -> None:
    call = Call(name, ("x",))
    assert same_expression(call) == call
