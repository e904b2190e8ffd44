package dharma.aws_s3_bucket_versioning_test

import rego.v1

import data.dharma.aws_s3_bucket_versioning as policy
import data.dharma.example

test_versions_pass if {
	case := example.of("aws_s3_bucket", {"versioning": {"enabled": true}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_no_versions_fail if {
	case := example.of("aws_s3_bucket", {})
	count(policy.fail) > 0 with input as case
}

test_suspended_versions_fail if {
	case := example.of("aws_s3_bucket", {"versioning": {"enabled": false}})
	count(policy.fail) > 0 with input as case
}

test_versions_decided_later_are_unknown if {
	case := example.hidden("aws_s3_bucket", {"versioning": {}}, {"versioning.enabled": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
