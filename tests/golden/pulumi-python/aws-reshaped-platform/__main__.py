import re

import helpers
import pulumi
import pulumi_aws as aws

config = pulumi.Config()
environment = config.get("environment", "dev")
if environment not in ["dev", "production"]:
    raise pulumi.RunError("environment must be one of: dev, production.")
replica_region = config.get("replicaRegion", "eu-central-1")
if not re.search("^[a-z]{2}-[a-z]+-[0-9]$", replica_region):
    raise pulumi.RunError("replica_region must match ^[a-z]{2}-[a-z]+-[0-9]$.")
buckets = config.get_object("buckets", {"logs": "acme-logs", "media": "acme-media"})
zones = config.get_int("zones", 2)
if zones < 1:
    raise pulumi.RunError("zones must be at least 1.")
if zones > 3:
    raise pulumi.RunError("zones must be at most 3.")

available_zones = aws.get_availability_zones_output(
    state="available",
    filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
)

in_replica_region = aws.Provider(
    "replica_region",
    region=replica_region,
)

in_us_east_1 = aws.Provider(
    "us-east-1",
    region="us-east-1",
)

main_vpc = aws.ec2.Vpc(
    "main",
    cidr_block="10.0.0.0/16",
    tags={"Environment": environment},
    opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="vpc"), pulumi.Alias(name="network")]),
)

app_subnet = []
for i in range(zones):
    app_subnet.append(aws.ec2.Subnet(
        f"app-{i}",
        vpc_id=main_vpc.id,
        cidr_block=main_vpc.cidr_block.apply(lambda cidr_block, i=i: helpers.cidr_subnet(cidr_block, 8, i)),
        availability_zone=available_zones.names.apply(lambda availability_zones, i=i: availability_zones[i]),
    ))

app_security_group = aws.ec2.SecurityGroup(
    "app",
    description="The application's own",
    vpc_id=main_vpc.id,
)

alerts_topic = aws.sns.Topic(
    "alerts",
    opts=pulumi.ResourceOptions(import_="arn:aws:sns:eu-west-1:123456789012:alerts"),
)

jobs_queue = aws.sqs.Queue(
    "jobs",
    tags={
        "Subnets": pulumi.Output.all(*[item.id for item in app_subnet]).apply(lambda ids: " ".join(ids)),
    },
    opts=pulumi.ResourceOptions(depends_on=[alerts_topic], aliases=[pulumi.Alias(name="tasks")]),
)

data_bucket = {}
for key, value in buckets.items():
    data_bucket[key] = aws.s3.Bucket(
        f"data-{key}",
        bucket=value,
        opts=pulumi.ResourceOptions(protect=True, import_=value),
    )
    aws.s3.BucketVersioning(
        f"data-{key}",
        bucket=data_bucket[key].id,
        versioning_configuration={"status": "Enabled"},
    )

copies_bucket = aws.s3.Bucket(
    "copies",
    opts=pulumi.ResourceOptions(provider=in_replica_region, aliases=[pulumi.Alias(name="replica")]),
)

copies_bucket_versioning = aws.s3.BucketVersioning(
    "copies",
    bucket=copies_bucket.id,
    versioning_configuration={"status": "Enabled"},
    opts=pulumi.ResourceOptions(provider=in_replica_region, aliases=[pulumi.Alias(name="replica")]),
)

audit_queue = aws.sqs.Queue(
    "audit",
    message_retention_seconds=1209600,
    opts=pulumi.ResourceOptions(provider=in_us_east_1),
)

pulumi.export("queue", jobs_queue.url)
pulumi.export("subnets", pulumi.Output.all(*[item.id for item in app_subnet]))
