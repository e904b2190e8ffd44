import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";

const config = new pulumi.Config();
// Named in tags, and decides how sturdy the database is
const environment = config.get("environment") ?? "dev";
if (!["dev", "staging", "production"].includes(environment)) {
    throw new pulumi.RunError("environment must be one of: dev, staging, production.");
}
const instanceType = config.get("instanceType") ?? "t3.micro";
// The image of the web servers, in the region of the deployment
const imageId = config.get("imageId") ?? "ami-12c6146b";
if (!new RegExp("^ami-[0-9a-f]{8,17}$").test(imageId)) {
    throw new pulumi.RunError("image_id must match ^ami-[0-9a-f]{8,17}$.");
}
// Of the site's certificate; without one there is no HTTPS listener
const certificateArn = config.get("certificateArn") ?? "";
if (!new RegExp("^(arn:aws[a-z-]*:acm:.+)?$").test(certificateArn)) {
    throw new pulumi.RunError("certificate_arn must match ^(arn:aws[a-z-]*:acm:.+)?$.");
}
// Of the database's administrator
const databasePassword = config.requireSecret("databasePassword").apply((given) => {
    if (!new RegExp("^[!-.0-?A-~]{8,41}$").test(given)) {
        throw new pulumi.RunError("database_password must match ^[!-.0-?A-~]{8,41}$.");
    }
    return given;
});

const availableZones = aws.getAvailabilityZonesOutput({
    state: "available",
    filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
});
const currentPartition = aws.getPartitionOutput();
const currentIdentity = aws.getCallerIdentityOutput();

const mainVpc = new aws.ec2.Vpc("main", {
    cidrBlock: "10.20.0.0/16",
    enableDnsSupport: true,
    enableDnsHostnames: true,
    tags: { Name: `three-tier-${environment}`, environment: environment },
});

const mainInternetGateway = new aws.ec2.InternetGateway("main", {
    vpcId: mainVpc.id,
    tags: { environment: environment },
});

const publicASubnet = new aws.ec2.Subnet("public_a", {
    vpcId: mainVpc.id,
    cidrBlock: "10.20.0.0/24",
    availabilityZone: availableZones.names[0],
    tags: { Name: "public-a", environment: environment },
});

const publicBSubnet = new aws.ec2.Subnet("public_b", {
    vpcId: mainVpc.id,
    cidrBlock: "10.20.1.0/24",
    availabilityZone: availableZones.names[1],
    tags: { Name: "public-b", environment: environment },
});

const privateASubnet = new aws.ec2.Subnet("private_a", {
    vpcId: mainVpc.id,
    cidrBlock: "10.20.10.0/24",
    availabilityZone: availableZones.names[0],
    tags: { Name: "private-a", environment: environment },
});

const privateBSubnet = new aws.ec2.Subnet("private_b", {
    vpcId: mainVpc.id,
    cidrBlock: "10.20.11.0/24",
    availabilityZone: availableZones.names[1],
    tags: { Name: "private-b", environment: environment },
});

const natEip = new aws.ec2.Eip("nat", {
    domain: "vpc",
    tags: { environment: environment },
}, { dependsOn: [mainInternetGateway] });

const mainNatGateway = new aws.ec2.NatGateway("main", {
    subnetId: publicASubnet.id,
    allocationId: natEip.allocationId,
    tags: { environment: environment },
}, { dependsOn: [mainInternetGateway] });

const publicRouteTable = new aws.ec2.RouteTable("public", {
    vpcId: mainVpc.id,
    tags: { environment: environment },
    routes: [{ cidrBlock: "0.0.0.0/0", gatewayId: mainInternetGateway.id }],
});

const publicPublicARouteTableAssociation = new aws.ec2.RouteTableAssociation("public_public_a", {
    routeTableId: publicRouteTable.id,
    subnetId: publicASubnet.id,
});

const publicPublicBRouteTableAssociation = new aws.ec2.RouteTableAssociation("public_public_b", {
    routeTableId: publicRouteTable.id,
    subnetId: publicBSubnet.id,
});

const privateRouteTable = new aws.ec2.RouteTable("private", {
    vpcId: mainVpc.id,
    tags: { environment: environment },
    routes: [{ cidrBlock: "0.0.0.0/0", natGatewayId: mainNatGateway.id }],
});

const privatePrivateARouteTableAssociation = new aws.ec2.RouteTableAssociation("private_private_a", {
    routeTableId: privateRouteTable.id,
    subnetId: privateASubnet.id,
});

const privatePrivateBRouteTableAssociation = new aws.ec2.RouteTableAssociation("private_private_b", {
    routeTableId: privateRouteTable.id,
    subnetId: privateBSubnet.id,
});

const balancerSecurityGroup = new aws.ec2.SecurityGroup("balancer", {
    description: "HTTPS from everywhere, and HTTP to be redirected",
    vpcId: mainVpc.id,
    tags: { environment: environment },
    ingress: [
        {
            protocol: "tcp",
            fromPort: 80,
            toPort: 80,
            description: "HTTP",
            cidrBlocks: ["0.0.0.0/0"],
        },
        {
            protocol: "tcp",
            fromPort: 443,
            toPort: 443,
            description: "HTTPS",
            cidrBlocks: ["0.0.0.0/0"],
        },
    ],
});

const webSecurityGroup = new aws.ec2.SecurityGroup("web", {
    description: "The web servers",
    vpcId: mainVpc.id,
    tags: { environment: environment },
    egress: [{
        protocol: "-1",
        fromPort: 0,
        toPort: 0,
        cidrBlocks: ["0.0.0.0/0"],
    }],
});

const balancerTcp8080WebSecurityGroupEgressRule = new aws.vpc.SecurityGroupEgressRule("balancer_tcp_8080_web", {
    securityGroupId: balancerSecurityGroup.id,
    ipProtocol: "tcp",
    fromPort: 8080,
    toPort: 8080,
    referencedSecurityGroupId: webSecurityGroup.id,
});

const webTcp8080BalancerSecurityGroupIngressRule = new aws.vpc.SecurityGroupIngressRule("web_tcp_8080_balancer", {
    securityGroupId: webSecurityGroup.id,
    ipProtocol: "tcp",
    fromPort: 8080,
    toPort: 8080,
    referencedSecurityGroupId: balancerSecurityGroup.id,
});

const databaseSecurityGroup = new aws.ec2.SecurityGroup("database", {
    description: "PostgreSQL from the web servers only",
    vpcId: mainVpc.id,
    tags: { environment: environment },
    ingress: [{
        protocol: "tcp",
        fromPort: 5432,
        toPort: 5432,
        securityGroups: [webSecurityGroup.id],
    }],
});

const webLoadBalancer = new aws.lb.LoadBalancer("web", {
    internal: false,
    loadBalancerType: "application",
    subnets: [publicASubnet.id, publicBSubnet.id],
    securityGroups: [balancerSecurityGroup.id],
    dropInvalidHeaderFields: true,
    tags: { environment: environment },
}, { dependsOn: [mainInternetGateway] });

const webTargetGroup = new aws.lb.TargetGroup("web", {
    port: 8080,
    protocol: "HTTP",
    vpcId: mainVpc.id,
    targetType: "instance",
    healthCheck: {
        enabled: true,
        path: "/health",
        protocol: "HTTP",
        matcher: "200",
    },
    tags: { environment: environment },
});

const httpListener = new aws.lb.Listener("http", {
    loadBalancerArn: webLoadBalancer.arn,
    port: 80,
    protocol: "HTTP",
    defaultActions: [{
        type: "redirect",
        redirect: {
            statusCode: "HTTP_301",
            protocol: "HTTPS",
            port: "443",
        },
    }],
    tags: { environment: environment },
});

if (certificateArn !== "") {
    new aws.lb.Listener("https", {
        loadBalancerArn: webLoadBalancer.arn,
        port: 443,
        protocol: "HTTPS",
        sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
        certificateArn: certificateArn,
        defaultActions: [{ type: "forward", targetGroupArn: webTargetGroup.arn }],
        tags: { environment: environment },
    });
}

const webRole = new aws.iam.Role("web", {
    description: "What the web servers may do",
    assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{
            Effect: "Allow",
            Principal: { Service: "ec2.amazonaws.com" },
            Action: "sts:AssumeRole",
        }],
    }),
    tags: { environment: environment },
});

const assetsBucket = new aws.s3.Bucket("assets", {
    tags: { environment: environment },
});

const dataKey = new aws.kms.Key("data", {
    description: "Encrypts the database, the queue and the assets",
    enableKeyRotation: true,
    deletionWindowInDays: 30,
    policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [{
            Sid: "AccountAdministers",
            Effect: "Allow",
            Principal: {
                AWS: pulumi.interpolate`arn:${currentPartition.partition}:iam::${currentIdentity.accountId}:root`,
            },
            Action: "kms:*",
            Resource: "*",
        }],
    }),
    tags: { environment: environment },
});

const jobsQueue = new aws.sqs.Queue("jobs", {
    messageRetentionSeconds: 345600,
    visibilityTimeoutSeconds: 60,
    kmsMasterKeyId: dataKey.arn,
    tags: { environment: environment },
});

const webJobsAndAssetsRolePolicy = new aws.iam.RolePolicy("web_jobs_and_assets", {
    role: webRole.id,
    name: "jobs-and-assets",
    policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
            {
                Effect: "Allow",
                Action: ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"],
                Resource: jobsQueue.arn,
            },
            {
                Effect: "Allow",
                Action: ["s3:GetObject", "s3:PutObject"],
                Resource: pulumi.interpolate`${assetsBucket.arn}/*`,
            },
        ],
    }),
});

const webInstanceProfile = new aws.iam.InstanceProfile("web", {
    role: webRole.name,
    tags: { environment: environment },
});

const webLaunchTemplate = new aws.ec2.LaunchTemplate("web", {
    imageId: imageId,
    instanceType: instanceType,
    vpcSecurityGroupIds: [webSecurityGroup.id],
    monitoring: { enabled: true },
    iamInstanceProfile: { arn: webInstanceProfile.arn },
    metadataOptions: { httpEndpoint: "enabled", httpTokens: "required" },
    blockDeviceMappings: [{
        deviceName: "/dev/xvda",
        ebs: {
            volumeSize: 20,
            volumeType: "gp3",
            encrypted: "true",
            deleteOnTermination: "true",
        },
    }],
    tags: { environment: environment },
});

const webGroup = new aws.autoscaling.Group("web", {
    minSize: 2,
    maxSize: 4,
    desiredCapacity: 2,
    vpcZoneIdentifiers: [privateASubnet.id, privateBSubnet.id],
    launchTemplate: {
        id: webLaunchTemplate.id,
        version: webLaunchTemplate.latestVersion.apply((given) => String(given)),
    },
    targetGroupArns: [webTargetGroup.arn],
    healthCheckType: "ELB",
    healthCheckGracePeriod: 120,
    tags: [{
        key: "environment",
        value: environment,
        propagateAtLaunch: true,
    }],
}, { dependsOn: [mainInternetGateway] });

const assetsBucketVersioning = new aws.s3.BucketVersioning("assets", {
    bucket: assetsBucket.id,
    versioningConfiguration: { status: "Enabled" },
});

const assetsBucketServerSideEncryptionConfiguration = new aws.s3.BucketServerSideEncryptionConfiguration("assets", {
    bucket: assetsBucket.id,
    rules: [{
        applyServerSideEncryptionByDefault: {
            sseAlgorithm: "aws:kms",
            kmsMasterKeyId: dataKey.arn,
        },
    }],
});

const assetsBucketPublicAccessBlock = new aws.s3.BucketPublicAccessBlock("assets", {
    bucket: assetsBucket.id,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
});

const webLogGroup = new aws.cloudwatch.LogGroup("web", {
    retentionInDays: 30,
    tags: { environment: environment },
});

const mainSubnetGroup = new aws.rds.SubnetGroup("main", {
    description: "The private subnets",
    subnetIds: [privateASubnet.id, privateBSubnet.id],
    tags: { environment: environment },
});

const mainInstance = new aws.rds.Instance("main", {
    engine: "postgres",
    engineVersion: "16.4",
    instanceClass: "db.t3.micro",
    allocatedStorage: 20,
    storageType: "gp3",
    storageEncrypted: true,
    kmsKeyId: dataKey.arn,
    dbName: "web",
    username: "web",
    password: databasePassword,
    multiAz: environment === "production",
    publiclyAccessible: false,
    vpcSecurityGroupIds: [databaseSecurityGroup.id],
    dbSubnetGroupName: mainSubnetGroup.name,
    backupRetentionPeriod: 7,
    copyTagsToSnapshot: true,
    deletionProtection: environment === "production",
    tags: { environment: environment },
});

export const url = pulumi.interpolate`http://${webLoadBalancer.dnsName}`;
export const assets = assetsBucket.id;
export const database = mainInstance.address;
