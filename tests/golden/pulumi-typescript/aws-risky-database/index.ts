import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";

const config = new pulumi.Config();
const vpc = config.require("vpc");
const password = config.requireSecret("password");

const databaseSecurityGroup = new aws.ec2.SecurityGroup("database", {
    description: "PostgreSQL from everywhere",
    vpcId: vpc,
    tags: { team: "web" },
    ingress: [{
        protocol: "tcp",
        fromPort: 5432,
        toPort: 5432,
        cidrBlocks: ["0.0.0.0/0"],
    }],
});

const ordersInstance = new aws.rds.Instance("orders", {
    engine: "postgres",
    instanceClass: "db.t3.micro",
    allocatedStorage: 20,
    storageType: "gp3",
    storageEncrypted: false,
    username: "orders",
    password: password,
    publiclyAccessible: true,
    vpcSecurityGroupIds: [databaseSecurityGroup.id],
    backupRetentionPeriod: 7,
    tags: { team: "web" },
});
