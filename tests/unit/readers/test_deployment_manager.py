"""Deployment Manager configurations: what is understood, what is kept, and where it stands."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.dump import dump_blueprint
from dharma.blueprint.readers import read_file, read_text
from dharma.blueprint.source import load_blueprint
from dharma.blueprint.validation import validate
from dharma.catalog import load_catalog
from dharma.core.errors import DharmaError, InvalidTemplate
from dharma.generator import generate
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import ResourceRef, Template, Unknown

CORPUS = Path(__file__).parents[4] / "corpora" / "deploymentmanager-samples"
CONFIGURATION = """\
imports:
  - path: vm.jinja
resources:
  - name: the-net
    type: compute.v1.network
    properties:
      autoCreateSubnetworks: false
  - name: ssh
    type: gcp-types/compute-v1:firewalls
    metadata:
      dependsOn: [the-net, somewhere-else]
    properties:
      name: allow-ssh
      network: $(ref.the-net.selfLink)
      allowed:
        - {IPProtocol: tcp, ports: ["22"]}
      sourceRanges: [10.0.0.0/8]
      colour: red
  - name: key_ring
    type: gcp-types/cloudkms-v1:projects.locations.keyRings
    properties: {parent: projects/acme/locations/europe-west1, keyRingId: main}
  - name: app
    type: iam.v1.serviceAccount
    properties: {accountId: app-runtime}
    accessControl: {gcpIamPolicy: {bindings: [{role: roles/viewer, members: [allUsers]}]}}
  - name: logs
    type: gcp-types/cloudresourcemanager-v1:virtual.projects.iamMemberBinding
    properties:
      resource: acme
      role: roles/logging.logWriter
      member: serviceAccount:$(ref.app.email)
  - name: vm
    type: vm.jinja
    properties: {zone: europe-west1-b, network: $(ref.nowhere.selfLink)}
outputs:
  - name: network
    value: $(ref.the-net.selfLink)
  - name: say
    value: by $(ref.app.email)!
"""


@pytest.fixture(scope="module")
def resources() -> dict[str, Resource]:
    return {r.address: r for r in read_text(CONFIGURATION, "web.yaml").blueprint.resources}


def test_resources_become_kinds_with_the_names_that_the_api_gives_them(
    resources: dict[str, Resource],
) -> None:
    network = resources["google_compute_network.the-net"]
    assert network.properties == {"name": "the-net", "auto_create_subnetworks": False}
    assert (network.origin.file, network.origin.line) == ("web.yaml", 4)
    assert network.native == {"deployment_manager": {"name": "the-net"}}


def test_references_are_read_wherever_they_stand(resources: dict[str, Resource]) -> None:
    ssh = resources["google_compute_firewall.ssh"]
    assert ssh.properties["network"] == ResourceRef("google_compute_network.the-net", ("id",))
    member = resources["google_project_iam_member.logs"].properties["member"]
    assert member == ResourceRef("google_service_account.app", ("member",))
    network, say = read_text(CONFIGURATION).blueprint.outputs
    assert network.value == ResourceRef("google_compute_network.the-net", ("id",))
    assert say.value == Template(
        ("by ", ResourceRef("google_service_account.app", ("email",)), "!")
    )


def test_what_is_no_property_is_kept(resources: dict[str, Resource]) -> None:
    app = resources["google_service_account.app"].native["deployment_manager"]
    assert app["accessControl"] == {
        "gcpIamPolicy": {"bindings": [{"role": "roles/viewer", "members": ["allUsers"]}]}
    }
    assert resources["google_compute_firewall.ssh"].depends_on == (
        "google_compute_network.the-net",
    )
    assert resources["google_kms_key_ring.key_ring"].properties == {
        "name": "main",
        "location": "europe-west1",
        "project": "acme",
    }


def test_what_is_not_understood_is_told_with_its_place() -> None:
    notes = [
        (note.kind, note.address, note.path, note.origin.line)
        for note in read_text(CONFIGURATION).notes
    ]
    assert notes == [
        ("not_understood", "imports[0]", "", 2),
        ("not_understood", "resources.ssh", "metadata", 11),
        ("not_understood", "resources.vm", "type", 32),
        ("not_understood", "resources.vm.properties.network", "", 34),
        ("passed_through", "resources.vm", "", 32),
        ("not_understood", "resources.ssh", "colour", 8),
    ]
    vm = read_text(CONFIGURATION).blueprint.resources[-1]
    assert (vm.type, vm.properties["zone"]) == ("vm.jinja", "europe-west1-b")
    assert isinstance(vm.properties["network"], Unknown)


def test_a_configuration_that_was_written_reads_back_as_it_was() -> None:
    configuration = CONFIGURATION.partition("  - name: vm\n")[0].replace("      colour: red\n", "")
    catalog = load_catalog()
    first = read_text(configuration).blueprint
    written = generate(first, "deployment-manager", catalog).files["deployment.yaml"]
    again = read_text(written).blueprint
    # To wait for what is referred to anyway is not written.
    assert [replace(r, depends_on=()) for r in first.resources] == list(again.resources)
    assert generate(again, "deployment-manager", catalog).files["deployment.yaml"] == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("resources: nothing\n", "no list of resources"),
        ("imports: []\n", "no list of resources"),
        ("resources:\n  - name: {{ env['name'] }}\n", "template (Jinja)"),
        ("{# a template #}\nresources: []\n", "template (Jinja)"),
        ("{% set x = 1 %}\nresources: []\n", "template (Jinja)"),
        ("def GenerateConfig(context):\n  return {}\n", "template (Python)"),
        ("info:\n  title: A template\n", "schema of a Deployment Manager template"),
    ],
)
def test_what_is_no_configuration_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(InvalidTemplate, match=re.escape(message)):
        read_text(text, "x.yaml")


WORDS = ["name", "type", "properties", "metadata", "dependsOn", "$(ref.a.b)", "$(ref.", "a", "x.y"]
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([*WORDS, "compute.v1.instance"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*WORDS, "disks", "parent"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, database=None)
@given(resources=st.lists(ANY, max_size=4), rest=st.dictionaries(st.sampled_from(WORDS), ANY))
def test_any_document_is_read_or_refused(resources: object, rest: dict[str, object]) -> None:
    text = json.dumps({**rest, "resources": resources, "imports": []}, ensure_ascii=False)
    try:
        result = read_text(f"# configuration\n{text}")
    except DharmaError:
        return
    assert result.source_format == "deployment-manager"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the samples are not on this machine")
def test_every_sample_is_read_or_refused_with_a_reason() -> None:
    read = 0
    for file in sorted(CORPUS.rglob("*")):
        if file.suffix in (".yaml", ".yml", ".jinja", ".py"):
            try:
                read += read_file(file).source_format == "deployment-manager"
            except DharmaError:
                continue
    assert read >= 190


def test_a_type_without_a_kind_can_be_referred_to_in_a_blueprint() -> None:
    configuration = """\
resources:
  - name: group
    type: compute.v1.targetPool
    properties: {region: europe-west1}
  - name: scaler
    type: gcp-types/compute-v1:regionAutoscalers
    properties: {target: $(ref.group.selfLink)}
"""
    first = read_text(configuration).blueprint
    assert [r.address for r in first.resources] == [
        "Google::compute::v1::targetPool.group",
        "Google::Types::compute::v1::regionAutoscalers.scaler",
    ]
    text = dump_blueprint(first)
    again = load_blueprint(text)
    assert [str(fault) for fault in validate(again, load_catalog())] == []
    written = generate(again, "deployment-manager", load_catalog()).files["deployment.yaml"]
    assert "type: compute.v1.targetPool" in written
    assert "type: gcp-types/compute-v1:regionAutoscalers" in written
    assert "$(ref.group.selfLink)" in written
