import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";

const config = new pulumi.Config();
const environment = config.get("environment") ?? "dev";
if (!["dev", "production"].includes(environment)) {
    throw new pulumi.RunError("environment must be one of: dev, production.");
}

const assetsBucket = new aws.s3.Bucket("assets", { bucket: `${environment}-web-assets` });

const assetsBucketVersioning = new aws.s3.BucketVersioning("assets", {
    bucket: assetsBucket.id,
    versioningConfiguration: { status: "Enabled" },
});

const assetsKey = new aws.kms.Key("assets", { enableKeyRotation: true });

const assetsBucketServerSideEncryptionConfiguration = new aws.s3.BucketServerSideEncryptionConfiguration("assets", {
    bucket: assetsBucket.id,
    rules: [{
        applyServerSideEncryptionByDefault: {
            sseAlgorithm: "aws:kms",
            kmsMasterKeyId: assetsKey.arn,
        },
    }],
});

export const bucket = assetsBucket.arn;
