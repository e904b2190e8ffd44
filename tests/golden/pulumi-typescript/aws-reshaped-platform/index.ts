import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";
import * as helpers from "./helpers";

const config = new pulumi.Config();
const environment = config.get("environment") ?? "dev";
if (!["dev", "production"].includes(environment)) {
    throw new pulumi.RunError("environment must be one of: dev, production.");
}
const replicaRegion = config.get("replicaRegion") ?? "eu-central-1";
if (!new RegExp("^[a-z]{2}-[a-z]+-[0-9]$").test(replicaRegion)) {
    throw new pulumi.RunError("replica_region must match ^[a-z]{2}-[a-z]+-[0-9]$.");
}
const buckets = config.getObject<Record<string, string>>("buckets") ?? {
    logs: "acme-logs",
    media: "acme-media",
};
const zones = config.getNumber("zones") ?? 2;
if (zones < 1) {
    throw new pulumi.RunError("zones must be at least 1.");
}
if (zones > 3) {
    throw new pulumi.RunError("zones must be at most 3.");
}

const availableZones = aws.getAvailabilityZonesOutput({
    state: "available",
    filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
});

const inReplicaRegion = new aws.Provider("replica_region", { region: replicaRegion });

const inUsEast1 = new aws.Provider("us-east-1", { region: "us-east-1" });

const mainVpc = new aws.ec2.Vpc("main", {
    cidrBlock: "10.0.0.0/16",
    tags: { Environment: environment },
}, {
    aliases: [{ name: "vpc" }, { name: "network" }],
});

const appSubnet: aws.ec2.Subnet[] = [];
for (let i = 0; i < zones; i++) {
    appSubnet.push(new aws.ec2.Subnet(`app-${i}`, {
        vpcId: mainVpc.id,
        cidrBlock: mainVpc.cidrBlock.apply((cidrBlock) => helpers.cidrSubnet(cidrBlock, 8, i)),
        availabilityZone: availableZones.names.apply((availabilityZones) => availabilityZones[i]),
    }));
}

const appSecurityGroup = new aws.ec2.SecurityGroup("app", {
    description: "The application's own",
    vpcId: mainVpc.id,
});

const alertsTopic = new aws.sns.Topic("alerts", {}, {
    import: "arn:aws:sns:eu-west-1:123456789012:alerts",
});

const jobsQueue = new aws.sqs.Queue("jobs", {
    tags: { Subnets: pulumi.all(appSubnet.map((item) => item.id)).apply((ids) => ids.join(" ")) },
}, {
    dependsOn: [alertsTopic],
    aliases: [{ name: "tasks" }],
});

const dataBucket: Record<string, aws.s3.Bucket> = {};
for (const [key, value] of Object.entries(buckets)) {
    dataBucket[key] = new aws.s3.Bucket(`data-${key}`, {
        bucket: value,
    }, { protect: true, import: value });
    new aws.s3.BucketVersioning(`data-${key}`, {
        bucket: dataBucket[key].id,
        versioningConfiguration: { status: "Enabled" },
    });
}

const copiesBucket = new aws.s3.Bucket("copies", {}, {
    provider: inReplicaRegion,
    aliases: [{ name: "replica" }],
});

const copiesBucketVersioning = new aws.s3.BucketVersioning("copies", {
    bucket: copiesBucket.id,
    versioningConfiguration: { status: "Enabled" },
}, {
    provider: inReplicaRegion,
    aliases: [{ name: "replica" }],
});

const auditQueue = new aws.sqs.Queue("audit", {
    messageRetentionSeconds: 1209600,
}, { provider: inUsEast1 });

export const queue = jobsQueue.url;
export const subnets = pulumi.all(appSubnet.map((item) => item.id));
