# METADATA
# scope: package
# title: S3 bucket ACLs do not grant access to everybody
# description: The canned ACL is not one of the public ones and no grant names the group of all
#   users or that of all authenticated ones, unless the public access block makes S3 ignore public
#   ACLs.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
#   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#specifying-grantee-predefined-groups
# custom:
#   id: aws_s3_bucket_public_acl
#   severity: high
#   category: security
#   kinds: [aws_s3_bucket]
#   remediation: Remove acl and the grants, and grant access by a bucket policy.
package dharma.aws_s3_bucket_public_acl

import rego.v1

import data.dharma.lib

public := {"public-read", "public-read-write", "authenticated-read"}

groups := {
	"http://acs.amazonaws.com/groups/global/AllUsers": "everybody",
	"http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "everybody with an account of AWS",
}

grants := "access_control_policy.grants"

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
	found := ignored_perhaps(bucket, "acl")
}

fail contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	some place, grant in lib.elements(bucket, grants)
	who := groups[grant.uri]
	lib.value(bucket, "public_access_block.ignore_public_acls", false) == false
	path := lib.member(grants, place, "uri")
	found := lib.finding(bucket, path, sprintf("%s is granted to %s", [grant.permission, who]))
}

unknown contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	object.get(bucket.properties, ["public_access_block", "ignore_public_acls"], false) == false
	some place in ["access_control_policy", grants]
	bucket.unknown[place]
	found := lib.undecided(bucket, place)
}

unknown contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	object.get(bucket.properties, ["public_access_block", "ignore_public_acls"], false) == false
	some place, _ in lib.elements(bucket, grants)
	found := lib.undecided(bucket, lib.member(grants, place, "uri"))
}

unknown contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	some place, grant in lib.elements(bucket, grants)
	groups[grant.uri]
	found := ignored_perhaps(bucket, lib.member(grants, place, "uri"))
}

# What is open unless the block, which is not known, makes S3 ignore it.
ignored_perhaps(bucket, path) := object.union(
	lib.undecided(bucket, "public_access_block.ignore_public_acls"),
	{"path": path},
)
