package dharma.aws_s3_bucket_public_access_test

import rego.v1

import data.dharma.aws_s3_bucket_public_access as policy
import data.dharma.example

test_a_new_bucket_without_the_block_passes if {
	case := example.of("aws_s3_bucket", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_block_with_all_four_passes if {
	case := example.of("aws_s3_bucket", {"public_access_block": {"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_setting_turned_off_fails if {
	case := example.of("aws_s3_bucket", {"public_access_block": {"block_public_acls": true, "block_public_policy": false, "ignore_public_acls": true, "restrict_public_buckets": true}})
	count(policy.fail) > 0 with input as case
}

test_a_setting_left_out_of_a_written_block_fails if {
	case := example.of("aws_s3_bucket", {"public_access_block": {"block_public_acls": true}})
	count(policy.fail) > 0 with input as case
}

test_a_setting_that_comes_later_is_unknown if {
	case := example.hidden("aws_s3_bucket", {"public_access_block": {"block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}}, {"public_access_block.block_public_acls": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_block_that_comes_later_is_unknown if {
	case := example.hidden("aws_s3_bucket", {}, {"public_access_block": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
