package dharma.aws_sqs_queue_encryption_test

import rego.v1

import data.dharma.aws_sqs_queue_encryption as policy
import data.dharma.example

test_nothing_said_passes if {
	case := example.of("aws_sqs_queue", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_kms_key_passes if {
	case := example.of("aws_sqs_queue", {"kms_master_key_id": "aws_kms_key.data"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_turned_off_fails if {
	case := example.of("aws_sqs_queue", {"sqs_managed_sse_enabled": false})
	count(policy.fail) > 0 with input as case
}

test_turned_off_for_a_kms_key_passes if {
	case := example.of("aws_sqs_queue", {"sqs_managed_sse_enabled": false, "kms_master_key_id": "alias/aws/sqs"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_turned_off_for_a_key_that_comes_later_is_unknown if {
	case := example.hidden("aws_sqs_queue", {"sqs_managed_sse_enabled": false}, {"kms_master_key_id": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_decided_later_is_unknown if {
	case := example.hidden("aws_sqs_queue", {}, {"sqs_managed_sse_enabled": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_decided_later_beside_a_kms_key_passes if {
	case := example.hidden("aws_sqs_queue", {"kms_master_key_id": "aws_kms_key.data"}, {"sqs_managed_sse_enabled": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_key_that_comes_later_passes if {
	case := example.hidden("aws_sqs_queue", {}, {"kms_master_key_id": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}
