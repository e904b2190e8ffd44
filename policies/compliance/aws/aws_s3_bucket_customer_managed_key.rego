# METADATA
# scope: package
# title: S3 buckets are encrypted with a key of the account
# description: Since January 2023 S3 encrypts every new object, with its own keys (SSE-S3)
#   where nothing else is said, so no bucket is unencrypted. Where rules ask for
#   keys that one can audit, limit and revoke, that is not enough; a KMS key of the
#   account has to be named.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
#   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# custom:
#   id: aws_s3_bucket_customer_managed_key
#   severity: low
#   category: compliance
#   kinds: [aws_s3_bucket]
#   remediation: Set server_side_encryption.algorithm to aws:kms and kms_key to a key.
package dharma.aws_s3_bucket_customer_managed_key

import rego.v1

import data.dharma.lib

kms := {"aws:kms", "aws:kms:dsse"}

fail contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	algorithm := lib.value(bucket, "server_side_encryption.algorithm", "AES256")
	not algorithm in kms
	found := lib.finding(bucket, "server_side_encryption.algorithm", "encrypted with the keys of S3, not with a key of the account")
}

fail contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	lib.value(bucket, "server_side_encryption.algorithm", "AES256") in kms
	lib.value(bucket, "server_side_encryption.kms_key", "") == ""
	found := lib.finding(bucket, "server_side_encryption.kms_key", "encrypted with the key that AWS manages for S3, not with a key of the account")
}

unknown contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	some member in ["algorithm", "kms_key"]
	found := lib.undecided(bucket, concat(".", ["server_side_encryption", member]))
}
