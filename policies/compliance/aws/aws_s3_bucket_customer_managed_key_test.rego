package dharma.aws_s3_bucket_customer_managed_key_test

import rego.v1

import data.dharma.aws_s3_bucket_customer_managed_key as policy
import data.dharma.example

test_a_key_of_the_account_passes if {
	case := example.of("aws_s3_bucket", {"server_side_encryption": {"algorithm": "aws:kms", "kms_key": "aws_kms_key.data"}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_the_keys_of_s3_fail if {
	case := example.of("aws_s3_bucket", {"server_side_encryption": {"algorithm": "AES256"}})
	count(policy.fail) > 0 with input as case
}

test_nothing_said_fails if {
	case := example.of("aws_s3_bucket", {})
	count(policy.fail) > 0 with input as case
}

test_the_key_that_aws_manages_fails if {
	case := example.of("aws_s3_bucket", {"server_side_encryption": {"algorithm": "aws:kms"}})
	count(policy.fail) > 0 with input as case
}

test_a_key_that_comes_later_is_unknown if {
	case := example.hidden("aws_s3_bucket", {"server_side_encryption": {"algorithm": "aws:kms"}}, {"server_side_encryption.kms_key": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_encryption_that_comes_later_is_unknown if {
	case := example.hidden("aws_s3_bucket", {}, {"server_side_encryption": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_nothing_said_fails_once if {
	case := example.of("aws_s3_bucket", {})
	count(policy.fail) == 1 with input as case
	count(policy.unknown) == 0 with input as case
}
