# METADATA
# scope: package
# title: S3 bucket ACLs do not grant access to everybody
# description: The canned ACL is not one of the public ones, unless the public access block
#   makes S3 ignore public ACLs.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
# custom:
#   id: aws_s3_bucket_public_acl
#   severity: high
#   category: security
#   kinds: [aws_s3_bucket]
#   remediation: Remove acl and grant access by a bucket policy.
package dharma.aws_s3_bucket_public_acl

import rego.v1

import data.dharma.lib

public := {"public-read", "public-read-write", "authenticated-read"}

fail contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	acl := lib.value(bucket, "acl", "private")
	acl in public
	lib.value(bucket, "public_access_block.ignore_public_acls", false) == false
	found := lib.finding(bucket, "acl", sprintf("the ACL %s opens the bucket to everybody", [acl]))
}

unknown contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	object.get(bucket.properties, ["public_access_block", "ignore_public_acls"], false) == false
	found := lib.undecided(bucket, "acl")
}

unknown contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	lib.value(bucket, "acl", "private") in public
	found := lib.undecided(bucket, "public_access_block.ignore_public_acls")
}
