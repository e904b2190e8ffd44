package dharma.aws_dynamodb_table_recovery_test

import rego.v1

import data.dharma.aws_dynamodb_table_recovery as policy
import data.dharma.example

test_turned_on_passes if {
	case := example.of("aws_dynamodb_table", {"point_in_time_recovery": {"enabled": true}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_turned_off_fails if {
	case := example.of("aws_dynamodb_table", {"point_in_time_recovery": {"enabled": false}})
	count(policy.fail) > 0 with input as case
}

test_nothing_said_fails if {
	case := example.of("aws_dynamodb_table", {})
	count(policy.fail) > 0 with input as case
}

test_decided_later_is_unknown if {
	case := example.hidden("aws_dynamodb_table", {}, {"point_in_time_recovery.enabled": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
