import pulumi
import pulumi_aws as aws

config = pulumi.Config()
environment = config.get("environment", "dev")
if environment not in ["dev", "production"]:
    raise pulumi.RunError("environment must be one of: dev, production.")

assets_bucket = aws.s3.Bucket(
    "assets",
    bucket=f"{environment}-web-assets",
)

assets_bucket_versioning = aws.s3.BucketVersioning(
    "assets",
    bucket=assets_bucket.id,
    versioning_configuration={"status": "Enabled"},
)

assets_key = aws.kms.Key(
    "assets",
    enable_key_rotation=True,
)

assets_bucket_server_side_encryption_configuration = aws.s3.BucketServerSideEncryptionConfiguration(
    "assets",
    bucket=assets_bucket.id,
    rules=[{
        "apply_server_side_encryption_by_default": {
            "sse_algorithm": "aws:kms",
            "kms_master_key_id": assets_key.arn,
        },
    }],
)

pulumi.export("bucket", assets_bucket.arn)
