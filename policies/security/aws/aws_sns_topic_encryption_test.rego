package dharma.aws_sns_topic_encryption_test

import rego.v1

import data.dharma.aws_sns_topic_encryption as policy
import data.dharma.example

test_a_key_passes if {
	case := example.of("aws_sns_topic", {"kms_master_key_id": "aws_kms_key.data"})
	count(policy.fail) == 0 with input as case
}

test_a_key_that_comes_later_passes if {
	case := example.hidden("aws_sns_topic", {}, {"kms_master_key_id": "known after apply"})
	count(policy.fail) == 0 with input as case
}

test_no_key_fails if {
	case := example.of("aws_sns_topic", {})
	count(policy.fail) > 0 with input as case
}
