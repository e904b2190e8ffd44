package dharma.aws_kms_key_rotation_test

import rego.v1

import data.dharma.aws_kms_key_rotation as policy
import data.dharma.example

test_a_rotated_key_passes if {
	case := example.of("aws_kms_key", {"enable_key_rotation": true})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_nothing_said_fails if {
	case := example.of("aws_kms_key", {})
	count(policy.fail) > 0 with input as case
}

test_a_key_that_is_not_rotated_fails if {
	case := example.of("aws_kms_key", {"enable_key_rotation": false})
	count(policy.fail) > 0 with input as case
}

test_an_asymmetric_key_passes if {
	case := example.of("aws_kms_key", {"customer_master_key_spec": "RSA_2048", "key_usage": "SIGN_VERIFY"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_decided_later_is_unknown if {
	case := example.hidden("aws_kms_key", {}, {"enable_key_rotation": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_an_asymmetric_key_for_encryption_passes if {
	case := example.of("aws_kms_key", {"customer_master_key_spec": "RSA_2048"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_key_of_another_use_passes if {
	case := example.of("aws_kms_key", {"key_usage": "GENERATE_VERIFY_MAC"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}
