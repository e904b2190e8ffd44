import json
import re

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
# Named in tags, and decides how sturdy the database is
environment = config.get("environment", "dev")
if environment not in ["dev", "staging", "production"]:
    raise pulumi.RunError("environment must be one of: dev, staging, production.")
instance_type = config.get("instanceType", "t3.micro")
# The image of the web servers, in the region of the deployment
image_id = config.get("imageId", "ami-12c6146b")
if not re.search("^ami-[0-9a-f]{8,17}$", image_id):
    raise pulumi.RunError("image_id must match ^ami-[0-9a-f]{8,17}$.")
# Of the site's certificate; without one there is no HTTPS listener
certificate_arn = config.get("certificateArn", "")
if not re.search("^(arn:aws[a-z-]*:acm:.+)?$", certificate_arn):
    raise pulumi.RunError("certificate_arn must match ^(arn:aws[a-z-]*:acm:.+)?$.")
# Of the database's administrator
database_password = config.require_secret("databasePassword")


def check_database_password(given):
    if not re.search("^[!-.0-?A-~]{8,41}$", given):
        raise pulumi.RunError("database_password must match ^[!-.0-?A-~]{8,41}$.")
    return given


database_password = database_password.apply(check_database_password)

available_zones = aws.get_availability_zones_output(
    state="available",
    filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
)
current_partition = aws.get_partition_output()
current_identity = aws.get_caller_identity_output()

main_vpc = aws.ec2.Vpc(
    "main",
    cidr_block="10.20.0.0/16",
    enable_dns_support=True,
    enable_dns_hostnames=True,
    tags={"Name": f"three-tier-{environment}", "environment": environment},
)

main_internet_gateway = aws.ec2.InternetGateway(
    "main",
    vpc_id=main_vpc.id,
    tags={"environment": environment},
)

public_a_subnet = aws.ec2.Subnet(
    "public_a",
    vpc_id=main_vpc.id,
    cidr_block="10.20.0.0/24",
    availability_zone=available_zones.names[0],
    tags={"Name": "public-a", "environment": environment},
)

public_b_subnet = aws.ec2.Subnet(
    "public_b",
    vpc_id=main_vpc.id,
    cidr_block="10.20.1.0/24",
    availability_zone=available_zones.names[1],
    tags={"Name": "public-b", "environment": environment},
)

private_a_subnet = aws.ec2.Subnet(
    "private_a",
    vpc_id=main_vpc.id,
    cidr_block="10.20.10.0/24",
    availability_zone=available_zones.names[0],
    tags={"Name": "private-a", "environment": environment},
)

private_b_subnet = aws.ec2.Subnet(
    "private_b",
    vpc_id=main_vpc.id,
    cidr_block="10.20.11.0/24",
    availability_zone=available_zones.names[1],
    tags={"Name": "private-b", "environment": environment},
)

nat_eip = aws.ec2.Eip(
    "nat",
    domain="vpc",
    tags={"environment": environment},
    opts=pulumi.ResourceOptions(depends_on=[main_internet_gateway]),
)

main_nat_gateway = aws.ec2.NatGateway(
    "main",
    subnet_id=public_a_subnet.id,
    allocation_id=nat_eip.allocation_id,
    tags={"environment": environment},
    opts=pulumi.ResourceOptions(depends_on=[main_internet_gateway]),
)

public_route_table = aws.ec2.RouteTable(
    "public",
    vpc_id=main_vpc.id,
    tags={"environment": environment},
    routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": main_internet_gateway.id}],
)

public_public_a_route_table_association = aws.ec2.RouteTableAssociation(
    "public_public_a",
    route_table_id=public_route_table.id,
    subnet_id=public_a_subnet.id,
)

public_public_b_route_table_association = aws.ec2.RouteTableAssociation(
    "public_public_b",
    route_table_id=public_route_table.id,
    subnet_id=public_b_subnet.id,
)

private_route_table = aws.ec2.RouteTable(
    "private",
    vpc_id=main_vpc.id,
    tags={"environment": environment},
    routes=[{"cidr_block": "0.0.0.0/0", "nat_gateway_id": main_nat_gateway.id}],
)

private_private_a_route_table_association = aws.ec2.RouteTableAssociation(
    "private_private_a",
    route_table_id=private_route_table.id,
    subnet_id=private_a_subnet.id,
)

private_private_b_route_table_association = aws.ec2.RouteTableAssociation(
    "private_private_b",
    route_table_id=private_route_table.id,
    subnet_id=private_b_subnet.id,
)

balancer_security_group = aws.ec2.SecurityGroup(
    "balancer",
    description="HTTPS from everywhere, and HTTP to be redirected",
    vpc_id=main_vpc.id,
    tags={"environment": environment},
    ingress=[
        {
            "protocol": "tcp",
            "from_port": 80,
            "to_port": 80,
            "description": "HTTP",
            "cidr_blocks": ["0.0.0.0/0"],
        },
        {
            "protocol": "tcp",
            "from_port": 443,
            "to_port": 443,
            "description": "HTTPS",
            "cidr_blocks": ["0.0.0.0/0"],
        },
    ],
)

web_security_group = aws.ec2.SecurityGroup(
    "web",
    description="The web servers",
    vpc_id=main_vpc.id,
    tags={"environment": environment},
    egress=[{
        "protocol": "-1",
        "from_port": 0,
        "to_port": 0,
        "cidr_blocks": ["0.0.0.0/0"],
    }],
)

balancer_tcp_8080_web_security_group_egress_rule = aws.vpc.SecurityGroupEgressRule(
    "balancer_tcp_8080_web",
    security_group_id=balancer_security_group.id,
    ip_protocol="tcp",
    from_port=8080,
    to_port=8080,
    referenced_security_group_id=web_security_group.id,
)

web_tcp_8080_balancer_security_group_ingress_rule = aws.vpc.SecurityGroupIngressRule(
    "web_tcp_8080_balancer",
    security_group_id=web_security_group.id,
    ip_protocol="tcp",
    from_port=8080,
    to_port=8080,
    referenced_security_group_id=balancer_security_group.id,
)

database_security_group = aws.ec2.SecurityGroup(
    "database",
    description="PostgreSQL from the web servers only",
    vpc_id=main_vpc.id,
    tags={"environment": environment},
    ingress=[{
        "protocol": "tcp",
        "from_port": 5432,
        "to_port": 5432,
        "security_groups": [web_security_group.id],
    }],
)

web_load_balancer = aws.lb.LoadBalancer(
    "web",
    internal=False,
    load_balancer_type="application",
    subnets=[public_a_subnet.id, public_b_subnet.id],
    security_groups=[balancer_security_group.id],
    drop_invalid_header_fields=True,
    tags={"environment": environment},
    opts=pulumi.ResourceOptions(depends_on=[main_internet_gateway]),
)

web_target_group = aws.lb.TargetGroup(
    "web",
    port=8080,
    protocol="HTTP",
    vpc_id=main_vpc.id,
    target_type="instance",
    health_check={
        "enabled": True,
        "path": "/health",
        "protocol": "HTTP",
        "matcher": "200",
    },
    tags={"environment": environment},
)

http_listener = aws.lb.Listener(
    "http",
    load_balancer_arn=web_load_balancer.arn,
    port=80,
    protocol="HTTP",
    default_actions=[{
        "type": "redirect",
        "redirect": {
            "status_code": "HTTP_301",
            "protocol": "HTTPS",
            "port": "443",
        },
    }],
    tags={"environment": environment},
)

if certificate_arn != "":
    aws.lb.Listener(
        "https",
        load_balancer_arn=web_load_balancer.arn,
        port=443,
        protocol="HTTPS",
        ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        certificate_arn=certificate_arn,
        default_actions=[{"type": "forward", "target_group_arn": web_target_group.arn}],
        tags={"environment": environment},
    )

web_role = aws.iam.Role(
    "web",
    description="What the web servers may do",
    assume_role_policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }],
    }),
    tags={"environment": environment},
)

assets_bucket = aws.s3.Bucket(
    "assets",
    tags={"environment": environment},
)

data_key = aws.kms.Key(
    "data",
    description="Encrypts the database, the queue and the assets",
    enable_key_rotation=True,
    deletion_window_in_days=30,
    policy=pulumi.Output.json_dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "AccountAdministers",
            "Effect": "Allow",
            "Principal": {
                "AWS": pulumi.Output.concat("arn:", current_partition.partition, ":iam::", current_identity.account_id, ":root"),
            },
            "Action": "kms:*",
            "Resource": "*",
        }],
    }),
    tags={"environment": environment},
)

jobs_queue = aws.sqs.Queue(
    "jobs",
    message_retention_seconds=345600,
    visibility_timeout_seconds=60,
    kms_master_key_id=data_key.arn,
    tags={"environment": environment},
)

web_jobs_and_assets_role_policy = aws.iam.RolePolicy(
    "web_jobs_and_assets",
    role=web_role.id,
    name="jobs-and-assets",
    policy=pulumi.Output.json_dumps({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"],
                "Resource": jobs_queue.arn,
            },
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": pulumi.Output.concat(assets_bucket.arn, "/*"),
            },
        ],
    }),
)

web_instance_profile = aws.iam.InstanceProfile(
    "web",
    role=web_role.name,
    tags={"environment": environment},
)

web_launch_template = aws.ec2.LaunchTemplate(
    "web",
    image_id=image_id,
    instance_type=instance_type,
    vpc_security_group_ids=[web_security_group.id],
    monitoring={"enabled": True},
    iam_instance_profile={"arn": web_instance_profile.arn},
    metadata_options={"http_endpoint": "enabled", "http_tokens": "required"},
    block_device_mappings=[{
        "device_name": "/dev/xvda",
        "ebs": {
            "volume_size": 20,
            "volume_type": "gp3",
            "encrypted": "true",
            "delete_on_termination": "true",
        },
    }],
    tags={"environment": environment},
)

web_group = aws.autoscaling.Group(
    "web",
    min_size=2,
    max_size=4,
    desired_capacity=2,
    vpc_zone_identifiers=[private_a_subnet.id, private_b_subnet.id],
    launch_template={
        "id": web_launch_template.id,
        "version": web_launch_template.latest_version.apply(lambda given: str(given)),
    },
    target_group_arns=[web_target_group.arn],
    health_check_type="ELB",
    health_check_grace_period=120,
    tags=[{
        "key": "environment",
        "value": environment,
        "propagate_at_launch": True,
    }],
    opts=pulumi.ResourceOptions(depends_on=[main_internet_gateway]),
)

assets_bucket_versioning = aws.s3.BucketVersioning(
    "assets",
    bucket=assets_bucket.id,
    versioning_configuration={"status": "Enabled"},
)

assets_bucket_server_side_encryption_configuration = aws.s3.BucketServerSideEncryptionConfiguration(
    "assets",
    bucket=assets_bucket.id,
    rules=[{
        "apply_server_side_encryption_by_default": {
            "sse_algorithm": "aws:kms",
            "kms_master_key_id": data_key.arn,
        },
    }],
)

assets_bucket_public_access_block = aws.s3.BucketPublicAccessBlock(
    "assets",
    bucket=assets_bucket.id,
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
)

web_log_group = aws.cloudwatch.LogGroup(
    "web",
    retention_in_days=30,
    tags={"environment": environment},
)

main_subnet_group = aws.rds.SubnetGroup(
    "main",
    description="The private subnets",
    subnet_ids=[private_a_subnet.id, private_b_subnet.id],
    tags={"environment": environment},
)

main_instance = aws.rds.Instance(
    "main",
    engine="postgres",
    engine_version="16.4",
    instance_class="db.t3.micro",
    allocated_storage=20,
    storage_type="gp3",
    storage_encrypted=True,
    kms_key_id=data_key.arn,
    db_name="web",
    username="web",
    password=database_password,
    multi_az=environment == "production",
    publicly_accessible=False,
    vpc_security_group_ids=[database_security_group.id],
    db_subnet_group_name=main_subnet_group.name,
    backup_retention_period=7,
    copy_tags_to_snapshot=True,
    deletion_protection=environment == "production",
    tags={"environment": environment},
)

pulumi.export("url", pulumi.Output.concat("http://", web_load_balancer.dns_name))
pulumi.export("assets", assets_bucket.id)
pulumi.export("database", main_instance.address)
