package dharma.aws_db_instance_public_test

import rego.v1

import data.dharma.aws_db_instance_public as policy
import data.dharma.example

test_a_private_instance_passes if {
	case := example.of("aws_db_instance", {"publicly_accessible": false})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_nothing_said_passes if {
	case := example.of("aws_db_instance", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_public_instance_fails if {
	case := example.of("aws_db_instance", {"publicly_accessible": true})
	count(policy.fail) > 0 with input as case
}

test_decided_later_is_unknown if {
	case := example.hidden("aws_db_instance", {}, {"publicly_accessible": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
