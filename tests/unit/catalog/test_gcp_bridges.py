"""What Google's API says otherwise than Terraform, both ways."""

from __future__ import annotations

import pytest

from dharma.catalog import load_catalog, read, write
from dharma.catalog.document import Document, Part
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Ambient, Template, Value, VariableRef

CATALOG = load_catalog()


def written(kind: str, **properties: Value) -> dict[str, Value]:
    document, _ = write([Resource(kind, "a", properties)], "deployment_manager", CATALOG)
    return document.parts[0].arguments


def found(native_type: str, **arguments: Value) -> tuple[dict[str, Value], list[str]]:
    document = Document("deployment_manager", [Part("a", native_type, arguments)])
    resources, notes = read(document, CATALOG)
    return resources[0].properties, [note.path for note in notes]


INSTANCE: dict[str, Value] = {
    "name": "web",
    "zone": "z",
    "machine_type": "e2-small",
    "boot_disk": {"initialize_params": {"image": "projects/p/global/images/i", "type": "pd-ssd"}},
    "network_interface": [{"network": "global/networks/default"}],
}


def test_an_instance_has_one_list_of_disks() -> None:
    attached: Value = [{"source": "d", "mode": "READ_ONLY", "kms_key_self_link": "k"}]
    said = written(
        "google_compute_instance",
        **INSTANCE,
        attached_disk=attached,
        scratch_disk=[{"interface": "NVME"}],
    )
    assert said["machineType"] == "zones/z/machineTypes/e2-small"
    assert said["disks"] == [
        {
            "boot": True,
            "type": "PERSISTENT",
            "autoDelete": True,
            "initializeParams": {
                "sourceImage": "projects/p/global/images/i",
                "diskType": "zones/z/diskTypes/pd-ssd",
            },
        },
        {
            "source": "d",
            "mode": "READ_ONLY",
            "autoDelete": False,
            "diskEncryptionKey": {"kmsKeyName": "k"},
        },
        {
            "type": "SCRATCH",
            "interface": "NVME",
            "autoDelete": True,
            "initializeParams": {"diskType": "zones/z/diskTypes/local-ssd"},
        },
    ]
    properties, notes = found("compute.v1.instance", **said)
    assert notes == []
    assert properties["attached_disk"] == attached
    assert properties["scratch_disk"] == [{"interface": "NVME"}]
    assert properties["boot_disk"] == {**INSTANCE["boot_disk"], "auto_delete": True}  # type: ignore[dict-item]


def test_a_disk_that_an_instance_makes_beside_its_boot_disk_is_reported() -> None:
    made: Value = {"autoDelete": True, "initializeParams": {"diskSizeGb": 10}}
    _, notes = found("compute.v1.instance", zone="z", disks=[{"boot": True}, made])
    assert notes == ["disks[1]"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("zones/z/machineTypes/e2-small", "e2-small"),
        ("projects/p/zones/z/machineTypes/e2-small", "e2-small"),
        (
            "https://www.googleapis.com/compute/v1/projects/p/zones/z/machineTypes/e2-small",
            "e2-small",
        ),
        ("zones/other/machineTypes/e2-small", "zones/other/machineTypes/e2-small"),
        ("custom", "custom"),
    ],
)
def test_a_machine_type_of_the_instances_zone_is_called_by_its_name(path: str, name: str) -> None:
    properties, _ = found("compute.v1.instance", zone="z", machineType=path)
    assert properties["machine_type"] == name


def test_a_zone_that_is_an_expression_stays_one_inside_the_path() -> None:
    zone = VariableRef("zone")
    said = written("google_compute_disk", name="d", zone=zone, type="pd-ssd")
    assert said["type"] == Template(("zones/", zone, "/diskTypes/pd-ssd"))
    assert found("compute.v1.disk", **said)[0]["type"] == "pd-ssd"


def test_a_parent_is_project_and_location() -> None:
    said = written("google_kms_key_ring", name="r", location="global")
    assert said["parent"] == Template(("projects/", Ambient("project"), "/locations/global"))
    ring = "gcp-types/cloudkms-v1:projects.locations.keyRings"
    assert found(ring, **said)[0] == {"name": "r", "location": "global"}
    said = written("google_kms_key_ring", name="r", location="global", project="acme")
    assert found(ring, **said)[0] == {"name": "r", "location": "global", "project": "acme"}
    with pytest.raises(NotExpressible, match="location: the API wants one"):
        written("google_kms_key_ring", name="r")


def test_a_parent_of_another_form_is_reported() -> None:
    ring = "gcp-types/cloudkms-v1:projects.locations.keyRings"
    properties, notes = found(ring, parent="organizations/1/locations/global", keyRingId="r")
    assert (properties, notes) == ({"name": "r"}, ["parent"])


def test_logs_are_on_where_they_are_configured() -> None:
    said = written("google_compute_firewall", log_config={"metadata": "EXCLUDE_ALL_METADATA"})
    assert said["logConfig"] == {"enable": True, "metadata": "EXCLUDE_ALL_METADATA"}
    firewall = "compute.v1.firewall"
    assert "log_config" not in found(firewall, logConfig={"enable": False})[0]
    assert found(firewall, logConfig={"enable": True})[0]["log_config"] == {
        "metadata": "INCLUDE_ALL_METADATA"
    }


def test_a_health_check_names_its_protocol() -> None:
    said = written("google_compute_health_check", name="h", tcp_health_check={"port": 22})
    assert said["type"] == "TCP"
    check = "compute.v1.healthCheck"
    assert found(check, **said) == ({"name": "h", "tcp_health_check": {"port": 22}}, [])
    assert found(check, type="SSL", sslHealthCheck={"port": 1})[1] == ["sslHealthCheck"]


def test_a_group_may_name_its_one_template_beside_its_versions() -> None:
    group = "compute.v1.instanceGroupManager"
    properties, notes = found(group, instanceTemplate="t")
    assert (properties["version"], notes) == ([{"instance_template": "t"}], [])
    assert found(group, instanceTemplate="t", versions=[{"name": "v"}])[1] == ["instanceTemplate"]


def test_what_a_cluster_has_is_switched_on() -> None:
    said = written(
        "google_container_cluster",
        name="c",
        location="l",
        ip_allocation_policy={"cluster_secondary_range_name": "pods"},
        master_authorized_networks_config={"cidr_blocks": [{"cidr_block": "10.0.0.0/8"}]},
    )
    cluster = said["cluster"]
    assert isinstance(cluster, dict)
    policy: Value = {"useIpAliases": True, "clusterSecondaryRangeName": "pods"}
    assert cluster["ipAllocationPolicy"] == policy
    networks: Value = {"enabled": True, "cidrBlocks": [{"cidrBlock": "10.0.0.0/8"}]}
    assert cluster["masterAuthorizedNetworksConfig"] == networks
    native = "gcp-types/container-v1:projects.locations.clusters"
    assert found(native, **said)[1] == []
    off: Value = {"ipAllocationPolicy": {"useIpAliases": False}}
    assert found(native, cluster=off)[1] == ["cluster.ipAllocationPolicy.useIpAliases"]
