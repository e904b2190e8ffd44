package dharma.aws_s3_bucket_public_acl_test

import rego.v1

import data.dharma.aws_s3_bucket_public_acl as policy
import data.dharma.example

test_no_acl_passes if {
	case := example.of("aws_s3_bucket", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_private_acl_passes if {
	case := example.of("aws_s3_bucket", {"acl": "private"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_public_read_fails if {
	case := example.of("aws_s3_bucket", {"acl": "public-read"})
	count(policy.fail) > 0 with input as case
}

test_public_read_that_is_ignored_passes if {
	case := example.of("aws_s3_bucket", {"acl": "public-read", "public_access_block": {"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_an_acl_that_comes_later_is_unknown if {
	case := example.hidden("aws_s3_bucket", {}, {"acl": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_block_that_comes_later_is_unknown if {
	case := example.hidden("aws_s3_bucket", {"acl": "public-read"}, {"public_access_block": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_an_acl_that_comes_later_and_is_ignored_passes if {
	case := example.hidden("aws_s3_bucket", {"public_access_block": {"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}}, {"acl": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_block_that_comes_later_over_a_private_acl_passes if {
	case := example.hidden("aws_s3_bucket", {"acl": "private"}, {"public_access_block": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}
