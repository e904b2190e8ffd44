import pulumi
import pulumi_gcp as gcp

config = pulumi.Config()
# Where it all lives.
project = config.get("project", "acme")
region = config.get("region", "europe-west1")
zone = config.get("zone", "europe-west1-b")
environment = config.get("environment", "dev")
if environment not in ["dev", "production"]:
    raise pulumi.RunError("environment must be one of: dev, production.")
# The certificate that visitors see.
certificate = config.get("certificate", "projects/acme/global/sslCertificates/www")

main_network = gcp.compute.Network(
    "main",
    name="web",
    auto_create_subnetworks=False,
    routing_mode="REGIONAL",
)

servers_subnetwork = gcp.compute.Subnetwork(
    "servers",
    name="servers",
    network=main_network.id,
    ip_cidr_range="10.0.0.0/20",
    region=region,
    private_ip_google_access=True,
    log_config={
        "aggregation_interval": "INTERVAL_10_MIN",
        "flow_sampling": 0.5,
        "metadata": "INCLUDE_ALL_METADATA",
    },
)

balancer_firewall = gcp.compute.Firewall(
    "balancer",
    name="allow-balancer",
    description="Health checks and requests of the load balancer",
    network=main_network.id,
    allows=[{"protocol": "tcp", "ports": ["8080"]}],
    source_ranges=["35.191.0.0/16", "130.211.0.0/22"],
    target_tags=["web"],
    log_config={"metadata": "INCLUDE_ALL_METADATA"},
)

server_account = gcp.serviceaccount.Account(
    "server",
    account_id="web-server",
    display_name="Runs the web servers",
)

server_instance_template = gcp.compute.InstanceTemplate(
    "server",
    name="web-1",
    machine_type="e2-standard-2" if (environment == "production") else "e2-small",
    tags=["web"],
    labels={"environment": environment},
    metadata={"block-project-ssh-keys": "true", "enable-oslogin": "true"},
    disks=[{
        "boot": True,
        "source_image": "projects/debian-cloud/global/images/family/debian-12",
        "disk_size_gb": 20,
    }],
    network_interfaces=[{"subnetwork": servers_subnetwork.id}],
    service_account={
        "email": server_account.email,
        "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
    },
    shielded_instance_config={"enable_secure_boot": True},
)

web_health_check = gcp.compute.HealthCheck(
    "web",
    name="web",
    http_health_check={"port": 8080, "request_path": "/healthz"},
)

web_instance_group_manager = gcp.compute.InstanceGroupManager(
    "web",
    name="web",
    zone=zone,
    base_instance_name="web",
    target_size=2,
    versions=[{"instance_template": server_instance_template.id}],
    auto_healing_policies={"health_check": web_health_check.id, "initial_delay_sec": 120},
)

web_backend_service = gcp.compute.BackendService(
    "web",
    name="web",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    health_checks=web_health_check.id,
    backends=[{"group": web_instance_group_manager.instance_group}],
    log_config={"enable": True, "sample_rate": 1},
)

web_url_map = gcp.compute.URLMap(
    "web",
    name="web",
    default_service=web_backend_service.id,
)

web_target_https_proxy = gcp.compute.TargetHttpsProxy(
    "web",
    name="web",
    url_map=web_url_map.id,
    ssl_certificates=[certificate],
)

web_global_address = gcp.compute.GlobalAddress(
    "web",
    name="web",
    labels={"environment": environment},
)

web_global_forwarding_rule = gcp.compute.GlobalForwardingRule(
    "web",
    name="web",
    target=web_target_https_proxy.id,
    ip_address=web_global_address.id,
    port_range="443",
    load_balancing_scheme="EXTERNAL_MANAGED",
    labels={"environment": environment},
)

assets_bucket = gcp.storage.Bucket(
    "assets",
    name=f"{project}-web-assets-{environment}",
    location=region.upper(),
    uniform_bucket_level_access=True,
    public_access_prevention="enforced",
    versioning={"enabled": True},
    labels={"environment": environment},
)

reader_bucket_iam_member = gcp.storage.BucketIAMMember(
    "reader",
    bucket=assets_bucket.name,
    role="roles/storage.objectViewer",
    member=server_account.member,
)

pulumi.export("address", web_global_address.address)
pulumi.export("assets", assets_bucket.url)
