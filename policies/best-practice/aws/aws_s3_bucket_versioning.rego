# METADATA
# scope: package
# title: S3 buckets keep versions
# description: Without versions an overwritten or deleted object is gone.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
# custom:
#   id: aws_s3_bucket_versioning
#   severity: medium
#   category: best-practice
#   kinds: [aws_s3_bucket]
#   remediation: Set versioning.enabled to true.
package dharma.aws_s3_bucket_versioning

import rego.v1

import data.dharma.lib

fail contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	lib.value(bucket, "versioning.enabled", false) == false
	found := lib.finding(bucket, "versioning.enabled", "overwritten and deleted objects cannot be brought back")
}

unknown contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	found := lib.undecided(bucket, "versioning.enabled")
}
