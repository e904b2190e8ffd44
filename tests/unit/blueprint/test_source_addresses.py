"""Addresses in the terms of the source, and back in those of the model."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from dharma.blueprint.readers.result import SourceFormat
from dharma.blueprint.source_addresses import in_model_terms, in_source_terms
from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance
from dharma.model.expressions.nodes import ResourceRef, Template, Unknown
from dharma.model.origin import Origin

INNER = 'module.web["a.b"].aws_sqs_queue.jobs'


def queue(name: str, written: str | None, key: int | str | None = None) -> ResourceInstance:
    address = f"aws_sqs_queue.{name}" + ("" if key is None else f"[{key}]")
    return ResourceInstance(
        address, "aws_sqs_queue", name, {}, key=key, origin=Origin("main.tf", address=written)
    )


def topic(**properties: object) -> ResourceInstance:
    return ResourceInstance("aws_sns_topic.t", "aws_sns_topic", "t", properties)


def resolved(*resources: ResourceInstance) -> ResolvedBlueprint:
    return ResolvedBlueprint("b", "1.0.0", "aws", resources)


def test_resources_of_terraform_code_and_references_to_them_get_its_addresses() -> None:
    whole = resolved(
        queue("web_jobs", INNER),
        topic(
            arn=ResourceRef("aws_sqs_queue.web_jobs", ("arn",)),
            text=Template(("to ", ResourceRef("aws_sqs_queue.web_jobs", ("url",)))),
            list=[{"of": ResourceRef("aws_sqs_queue.web_jobs")}],
        ),
    )
    first, second = in_source_terms(whole, "terraform").resources
    assert first.address == INNER
    assert second.address == "aws_sns_topic.t"
    assert second.properties == {
        "arn": ResourceRef(INNER, ("arn",)),
        "text": Template(("to ", ResourceRef(INNER, ("url",)))),
        "list": [{"of": ResourceRef(INNER)}],
    }


def test_an_instance_of_a_loop_that_was_kept_has_its_key_behind_the_address() -> None:
    whole = resolved(
        queue("web_jobs", "module.web.aws_sqs_queue.jobs", 1),
        topic(arn=ResourceRef("aws_sqs_queue.web_jobs", ("arn",), 1)),
    )
    first, second = in_source_terms(whole, "terraform").resources
    assert first.address == "module.web.aws_sqs_queue.jobs[1]"
    assert second.properties["arn"] == ResourceRef(first.address, ("arn",))


def test_a_reference_to_an_instance_that_nobody_knows_stays() -> None:
    reference = ResourceRef("aws_sqs_queue.web_jobs", ("arn",), Unknown("later"))
    whole = resolved(queue("web_jobs", INNER, 0), topic(arn=reference))
    assert in_source_terms(whole, "terraform").resources[1].properties["arn"] == reference


@pytest.mark.parametrize("source", ["blueprint", "cloudformation", "arm", "deployment-manager"])
def test_other_sources_have_no_addresses_of_their_own(source: SourceFormat) -> None:
    whole = resolved(queue("jobs", "Resources.Jobs"))
    assert in_source_terms(whole, source) is whole


NAMES = st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), min_size=1, max_size=6, unique=True)


@given(names=NAMES, data=st.data())
def test_the_way_back_gives_the_same_blueprint(names: list[str], data: st.DataObject) -> None:
    written = [
        data.draw(st.sampled_from([None, f"module.{n}.aws_sqs_queue.q", f'aws_sqs_queue.q["{n}"]']))
        for n in names
    ]
    queues = [queue(n, w) for n, w in zip(names, written, strict=True)]
    aims = data.draw(st.lists(st.sampled_from(names), max_size=4))
    whole = resolved(
        *queues, topic(all=[ResourceRef(f"aws_sqs_queue.{n}", ("arn",)) for n in aims])
    )
    back, sources = in_model_terms(in_source_terms(whole, "terraform"))
    assert back == whole
    assert sources == {
        f"aws_sqs_queue.{n}": w for n, w in zip(names, written, strict=True) if w is not None
    }
