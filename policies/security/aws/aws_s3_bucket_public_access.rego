# METADATA
# scope: package
# title: S3 buckets keep public access blocked
# description: All four settings of the public access block are on. AWS turns them on for every
#   bucket created since April 2023, by whatever tool, so a bucket without the block
#   passes; but a block that is written down replaces all four, and a setting it
#   leaves out is off.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
#   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
# custom:
#   id: aws_s3_bucket_public_access
#   severity: high
#   category: security
#   kinds: [aws_s3_bucket]
#   remediation: Set all four members of public_access_block to true, or leave the block out
#     for a new bucket.
package dharma.aws_s3_bucket_public_access

import rego.v1

import data.dharma.lib

settings := ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]

fail contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	bucket.properties.public_access_block
	some setting in settings
	path := concat(".", ["public_access_block", setting])
	lib.value(bucket, path, false) == false
	found := lib.finding(bucket, path, sprintf("%s is off, so the bucket can be made public", [setting]))
}

unknown contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	found := lib.undecided(bucket, "public_access_block")
}
