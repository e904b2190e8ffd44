"""The ports on AWS: DynamoDB, S3, Step Functions, KMS."""
