"""Deployment Manager configurations as they are written, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.readers import read_text
from dharma.blueprint.source import load_blueprint
from dharma.catalog import canonical, load_catalog
from dharma.core.errors import NotExpressible
from dharma.generator import GenerateOptions, generate
from dharma.model.blueprint import Blueprint, Resource
from dharma.model.expressions.nodes import ResourceRef, Template, Unknown, Value

CATALOG = load_catalog()
HEAD = "apiVersion: dharma/v1\nkind: Blueprint\nname: web\nversion: 1.0.0\nprovider: gcp\n"
NETWORK = """\
resources:
  - {name: main, type: google_compute_network, properties: {name: main}}
"""


def written(body: str, **options: Any) -> dict[str, Any]:
    blueprint = load_blueprint(HEAD + body)
    code = generate(blueprint, "deployment-manager", CATALOG, GenerateOptions(**options))
    document: dict[str, Any] = yaml.safe_load(code.files["deployment.yaml"])
    return document


def named(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {resource["name"]: resource for resource in document["resources"]}


def refusal(body: str, **options: Any) -> str:
    with pytest.raises(NotExpressible) as refused:
        written(body, **options)
    return str(refused.value)


def test_the_file_says_that_the_support_has_ended() -> None:
    code = generate(load_blueprint(HEAD + NETWORK), "deployment-manager", CATALOG)
    first, second, *_ = code.files["deployment.yaml"].splitlines()
    assert first.startswith(
        "# Google ended its support of Cloud Deployment Manager on March 31, 2026"
    )
    assert "generate -f terraform" in second


def test_references_stay_references_and_order_is_said_only_where_nothing_refers() -> None:
    found = named(
        written(
            NETWORK
            + """\
  - name: app
    type: google_compute_subnetwork
    depends_on: [google_compute_network.main, google_pubsub_topic.events]
    properties: {name: app, region: r, network: "${google_compute_network.main.id}"}
  - {name: events, type: google_pubsub_topic, properties: {name: events}}
  - name: events
    type: google_pubsub_subscription
    properties: {name: "${google_pubsub_topic.events.name}-all", topic: projects/p/topics/x}
"""
        )
    )
    app = found["app-subnetwork"]
    assert app["properties"]["network"] == "$(ref.main-network.selfLink)"
    assert app["metadata"] == {"dependsOn": ["events-pubsub-topic"]}
    # The API's `name` is the whole path: the short one is written, and waited for.
    subscription = found["events-pubsub-subscription"]
    assert subscription["properties"]["subscription"] == "events-all"
    assert subscription["metadata"] == {"dependsOn": ["events-pubsub-topic"]}


def test_loops_are_written_out_and_conditions_decided() -> None:
    body = """\
variables:
  - {name: zones, type: list(string), default: [a, b]}
  - {name: logged, type: bool, default: false}
resources:
  - name: data
    type: google_compute_disk
    for_each: ${toset(var.zones)}
    properties: {name: "data-${each.key}", zone: "europe-west1-${each.key}", type: pd-ssd}
  - name: audit
    type: google_pubsub_topic
    condition: ${var.logged}
    properties: {name: audit}
"""
    found = named(written(body))
    assert list(found) == ["data_a-disk", "data_b-disk"]
    assert found["data_b-disk"]["properties"] == {
        "name": "data-b",
        "zone": "europe-west1-b",
        "type": "zones/europe-west1-b/diskTypes/pd-ssd",
    }
    assert "audit-pubsub-topic" in named(written(body, variables={"logged": True}))


def test_the_place_of_deployment_is_written_where_it_is_known() -> None:
    resources = """\
resources:
  - name: main
    type: google_kms_key_ring
    properties: {name: main, location: "${data.google_client_config.current.region}"}
"""
    body = "variables:\n  - {name: project, type: string, default: acme}\n" + resources
    found = named(written(body, region="europe-west1"))
    parent = found["main-kms-key-ring"]["properties"]["parent"]
    assert parent == "projects/acme/locations/europe-west1"
    assert "does not know the region" in refusal(body)
    assert "does not know the project" in refusal(resources, region="europe-west1")


def test_native_properties_and_access_stand_where_they_belong() -> None:
    (found,) = written(
        """\
resources:
  - name: events
    type: google_pubsub_topic
    properties: {name: events}
    native:
      deployment_manager:
        name: the-topic
        accessControl: {gcpIamPolicy: {bindings: []}}
        tags: {a: b}
"""
    )["resources"]
    assert found["name"] == "the-topic"
    assert found["accessControl"] == {"gcpIamPolicy": {"bindings": []}}
    assert found["properties"] == {"topic": "events", "tags": {"a": "b"}}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("properties: {name: '$(ref.other.name)'}", "takes `$(ref.` in text for a reference"),
        ("properties: {name: '${var.secret}'}", "var.secret is sensitive"),
        (
            "properties: {name: x}\n    native: {deployment_manager: {tags: '${var.secret}'}}",
            "var.secret is sensitive",
        ),
        ("properties: {name: '${var.open}'}", "has no parameters: give var.open a value"),
        ("properties: {name: x}\n    condition: '${var.open == \"x\"}'", "has no conditions"),
        ("properties: {name: x}\n    count: '${tonumber(var.open)}'", "has to be known"),
        ("properties: {name: '${upper(google_pubsub_topic.b.id)}'}", "no form for upper("),
    ],
)
def test_what_a_configuration_cannot_say_is_refused_by_path(resource: str, message: str) -> None:
    body = f"""\
variables:
  - {{name: secret, type: string, sensitive: true}}
  - {{name: open, type: string, required: true}}
resources:
  - {{name: b, type: google_pubsub_topic, properties: {{name: b}}}}
  - name: a
    type: google_pubsub_topic
    {resource}
"""
    said = refusal(body)
    assert message in said
    assert said.startswith("google_pubsub_topic.a")


@pytest.mark.parametrize(
    ("target", "message"),
    [("cloudformation", "CloudFormation is AWS's own"), ("arm", "ARM")],
)
def test_formats_of_other_clouds_refuse_the_blueprint(target: str, message: str) -> None:
    from dharma.generator import TARGETS

    if target not in TARGETS:
        pytest.skip("there is no such target")
    with pytest.raises(NotExpressible, match=message):
        generate(load_blueprint(HEAD + NETWORK), target, CATALOG)


TEXTS = st.text(max_size=20) | st.sampled_from(
    [
        *("$(ref.", "$(ref.x.y)", "$(", "$$(ref", "${x}", "[a]", "{a: b}", "- a", "# no", "a: b"),
        *("no", "off", "0777", "1e3", "1_000", "22:22", "2012-10-17", "~", "null", "&a", "*a"),
        *('"', "'", "two\nlines", " lead", "trail ", "!tag", "%", "@", "`", "|", ">", "\ttab"),
    ]
)


@settings(max_examples=200, deadline=None, database=None)
@given(name=TEXTS, key=TEXTS, label=TEXTS, script=TEXTS)
def test_nothing_in_a_blueprint_gets_out_of_its_value(
    name: str, key: str, label: str, script: str
) -> None:
    topic = Resource("google_pubsub_topic", "a", {"name": name, "labels": {key: label}})
    text: Value = Template((script, ResourceRef("google_pubsub_topic.a", ("id",)), script))
    user = Resource("google_pubsub_subscription", "a", {"name": "s", "topic": text})
    blueprint = Blueprint("web", "1.0.0", "gcp", resources=(topic, user))
    texts = (name, key, label, script)
    try:
        code = generate(blueprint, "deployment-manager", CATALOG).files["deployment.yaml"]
    except NotExpressible:
        assert any("$(ref." in said or not said.isascii() for said in texts)
        return
    first, second = yaml.safe_load(code)["resources"]
    # What PyYAML, Deployment Manager's own reader, sees.
    assert first["properties"] == {"topic": name, "labels": {key: label}}
    assert second["properties"]["topic"] == f"{script}$(ref.a-pubsub-topic.name){script}"


def test_a_value_that_is_not_known_is_refused() -> None:
    topic = Resource("google_pubsub_topic", "a", {"name": Unknown("later")})
    blueprint = Blueprint("web", "1.0.0", "gcp", resources=(topic,))
    with pytest.raises(NotExpressible, match=r"a\.topic: the value is not known: later"):
        generate(blueprint, "deployment-manager", CATALOG)


def test_the_examples_read_back_as_they_were() -> None:
    from tests.unit.examples import KINDS, targets_of

    tried = 0
    for example, target in targets_of(KINDS):
        blueprint = load_blueprint(example.read_bytes())
        secret = any(variable.sensitive for variable in blueprint.variables)
        if target != "deployment-manager" or secret or blueprint.variables:
            continue
        code = generate(blueprint, target, CATALOG).files["deployment.yaml"]
        back = read_text(code)
        assert back.notes == ()
        assert canonical(back.blueprint.resources, CATALOG) == canonical(
            blueprint.resources, CATALOG
        ), example.stem
        tried += 1
    assert tried >= 20
