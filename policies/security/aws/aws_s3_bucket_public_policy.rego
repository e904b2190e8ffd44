# METADATA
# scope: package
# title: S3 bucket policies do not grant access to everybody
# description: No statement of the bucket's policy allows everybody something without a
#   condition that names an account, an organisation, a network or an address.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
# custom:
#   id: aws_s3_bucket_public_policy
#   severity: critical
#   category: security
#   kinds: [aws_s3_bucket]
#   remediation: Name the principals, or add a condition such as aws:PrincipalOrgID or
#     aws:SourceVpce.
package dharma.aws_s3_bucket_public_policy

import rego.v1

import data.dharma.iam
import data.dharma.lib

fail contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	some statement in iam.allowing(bucket.properties.policy)
	iam.is_public(statement)
	found := lib.finding(bucket, "policy", sprintf("everybody may %s", [actions(statement)]))
}

unknown contains found if {
	some bucket in lib.uncertain("aws_s3_bucket")
	document := object.get(bucket.properties, "policy", {})
	some place in iam.public_doubts(bucket, document, "policy")
	found := lib.undecided(bucket, place)
}

unknown contains found if {
	some bucket in lib.resources("aws_s3_bucket")
	is_string(bucket.properties.policy)
	found := lib.finding(bucket, "policy", "the policy is not a JSON document")
}

actions(statement) := concat(", ", iam.listed(statement.Action)) if statement.Action

actions(statement) := "do all but some actions" if statement.NotAction
