"""Code that was written for earlier releases of a provider means what it meant."""

from __future__ import annotations

import pytest

from dharma.catalog import load_catalog
from dharma.generator import generate
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Value
from tests.unit.readers.terraform_folder import read

# Each case: a type, the older argument and what was written there, the property now and its value.
RENAMED: list[tuple[str, str, str, str, Value]] = [
    ("aws_db_instance", "name", '"orders"', "db_name", "orders"),
    ("aws_eip", "vpc", "true", "domain", "vpc"),
    (
        "aws_elasticache_replication_group",
        "replication_group_description",
        '"sessions"',
        "description",
        "sessions",
    ),
    ("aws_elasticache_replication_group", "number_cache_clusters", "2", "num_cache_clusters", 2),
    (
        "aws_msk_cluster",
        "broker_node_group_info.ebs_volume_size",
        "100",
        "broker_node_group_info.storage_info.ebs_storage_info.volume_size",
        100,
    ),
    (
        "azurerm_storage_account",
        "enable_https_traffic_only",
        "false",
        "https_traffic_only_enabled",
        False,
    ),
    (
        "azurerm_storage_account",
        "allow_blob_public_access",
        "false",
        "allow_nested_items_to_be_public",
        False,
    ),
    ("azurerm_redis_cache", "enable_non_ssl_port", "true", "non_ssl_port_enabled", True),
    (
        "azurerm_redis_cache",
        "redis_configuration.enable_authentication",
        "false",
        "redis_configuration.authentication_enabled",
        False,
    ),
    (
        "azurerm_kubernetes_cluster",
        "api_server_authorized_ip_ranges",
        '["10.0.0.0/8"]',
        "api_server_access_profile.authorized_ip_ranges",
        ["10.0.0.0/8"],
    ),
    (
        "azurerm_kubernetes_cluster",
        "addon_profile.azure_policy.enabled",
        "true",
        "azure_policy_enabled",
        True,
    ),
    (
        "azurerm_kubernetes_cluster",
        "default_node_pool.enable_host_encryption",
        "true",
        "default_node_pool.host_encryption_enabled",
        True,
    ),
    (
        "azurerm_kubernetes_cluster",
        "default_node_pool.enable_node_public_ip",
        "true",
        "default_node_pool.node_public_ip_enabled",
        True,
    ),
    (
        "azurerm_api_management",
        "security.enable_frontend_tls10",
        "true",
        "security.frontend_tls10_enabled",
        True,
    ),
    (
        "azurerm_mysql_flexible_server",
        "public_network_access_enabled",
        "false",
        "public_network_access",
        "Disabled",
    ),
    (
        "aws_s3_bucket",
        "object_lock_configuration.object_lock_enabled",
        '"Enabled"',
        "object_lock_enabled",
        True,
    ),
    (
        "aws_s3_bucket",
        "object_lock_configuration.rule.default_retention.mode",
        '"COMPLIANCE"',
        "object_lock_configuration.mode",
        "COMPLIANCE",
    ),
    (
        "azurerm_route_table",
        "disable_bgp_route_propagation",
        "true",
        "bgp_route_propagation_enabled",
        False,
    ),
    ("azurerm_subnet", "address_prefix", '"10.0.1.0/24"', "address_prefixes", ["10.0.1.0/24"]),
    (
        "azurerm_cosmosdb_sql_container",
        "partition_key_path",
        '"/tenant"',
        "partition_key_paths",
        ["/tenant"],
    ),
    (
        "google_container_cluster",
        "enable_binary_authorization",
        "true",
        "binary_authorization.evaluation_mode",
        "PROJECT_SINGLETON_POLICY_ENFORCE",
    ),
    (
        "google_container_node_pool",
        "node_config.workload_metadata_config.node_metadata",
        '"GKE_METADATA_SERVER"',
        "node_config.workload_metadata_config.mode",
        "GKE_METADATA",
    ),
    (
        "google_sql_database_instance",
        "settings.ip_configuration.require_ssl",
        "true",
        "settings.ip_configuration.ssl_mode",
        "TRUSTED_CLIENT_CERTIFICATE_REQUIRED",
    ),
    ("google_storage_bucket", "bucket_policy_only", "true", "uniform_bucket_level_access", True),
]


@pytest.mark.parametrize(
    ("type", "older", "written", "property", "value"),
    RENAMED,
    ids=[f"{case[0]}.{case[1]}" for case in RENAMED],
)
def test_an_older_name_is_the_property_that_it_became(
    type: str, older: str, written: str, property: str, value: Value
) -> None:
    found = read(main=_resource(type, older, written))
    (resource,) = found.blueprint.resources
    assert _at(resource, property) == value
    assert resource.native == {}
    assert [note for note in found.notes if note.kind == "not_understood"] == []


def test_an_older_name_is_written_as_the_present_one() -> None:
    blueprint = read(
        main=_resource("google_storage_bucket", "bucket_policy_only", "true")
    ).blueprint
    written = "".join(generate(blueprint, "terraform", load_catalog()).files.values())
    assert "uniform_bucket_level_access = true" in written
    assert "bucket_policy_only" not in written


@pytest.mark.parametrize(("said", "found"), [("true", {"bucket_name": "logs"}), ("false", None)])
def test_an_older_switch_beside_a_value_counts(said: str, found: Value) -> None:
    text = """
    resource "aws_redshift_cluster" "x" {
      logging {
        enable      = %s
        bucket_name = "logs"
      }
    }
    """
    (cluster,) = read(main=text % said).blueprint.resources
    assert cluster.properties.get("logging") == found


def test_rules_that_once_stood_in_the_bucket_are_those_of_today() -> None:
    """Then a rule needed no id."""
    text = """
    resource "aws_s3_bucket" "x" {
      lifecycle_rule {
        enabled = true
        prefix  = "logs/"
        transition {
          days          = 30
          storage_class = "STANDARD_IA"
        }
        expiration { days = 90 }
      }
      lifecycle_rule {
        id      = "versions"
        enabled = false
        noncurrent_version_expiration { days = 7 }
      }
    }
    """
    result = read(main=text)
    assert result.notes == ()
    assert result.blueprint.resources[0].properties["lifecycle_rules"] == [
        {
            "id": "rule-1",
            "enabled": True,
            "prefix": "logs/",
            "expiration_days": 90,
            "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}],
        },
        {"id": "versions", "enabled": False, "noncurrent_version_expiration_days": 7},
    ]
    written = "".join(generate(result.blueprint, "terraform", load_catalog()).files.values())
    assert 'resource "aws_s3_bucket_lifecycle_configuration" "x"' in written


def test_an_older_literal_that_means_nothing_now_is_kept_and_told() -> None:
    older = "node_config.workload_metadata_config.node_metadata"
    found = read(main=_resource("google_container_node_pool", older, '"SECURE"'))
    (note,) = found.notes
    assert (note.kind, note.path) == ("passed_through", "node_config")
    assert "SECURE" in str(found.blueprint.resources[0].native["terraform"])


def _resource(type: str, path: str, written: str) -> str:
    *blocks, name = path.split(".")
    opened = "".join(f"{block} {{\n" for block in blocks)
    closed = "}\n" * len(blocks)
    return f'resource "{type}" "x" {{\n{opened}{name} = {written}\n{closed}}}\n'


def _at(resource: Resource, path: str) -> Value:
    value: Value = resource.properties
    for name in path.split("."):
        assert isinstance(value, dict)
        value = value.get(name)
    return value
