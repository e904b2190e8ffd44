import pulumi
import pulumi_aws as aws

config = pulumi.Config()
vpc = config.require("vpc")
password = config.require_secret("password")

database_security_group = aws.ec2.SecurityGroup(
    "database",
    description="PostgreSQL from everywhere",
    vpc_id=vpc,
    tags={"team": "web"},
    ingress=[{
        "protocol": "tcp",
        "from_port": 5432,
        "to_port": 5432,
        "cidr_blocks": ["0.0.0.0/0"],
    }],
)

orders_instance = aws.rds.Instance(
    "orders",
    engine="postgres",
    instance_class="db.t3.micro",
    allocated_storage=20,
    storage_type="gp3",
    storage_encrypted=False,
    username="orders",
    password=password,
    publicly_accessible=True,
    vpc_security_group_ids=[database_security_group.id],
    backup_retention_period=7,
    tags={"team": "web"},
)
