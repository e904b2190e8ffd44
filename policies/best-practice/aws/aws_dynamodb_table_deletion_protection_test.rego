package dharma.aws_dynamodb_table_deletion_protection_test

import rego.v1

import data.dharma.aws_dynamodb_table_deletion_protection as policy
import data.dharma.example

test_turned_on_passes if {
	case := example.of("aws_dynamodb_table", {"deletion_protection_enabled": true})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_turned_off_fails if {
	case := example.of("aws_dynamodb_table", {"deletion_protection_enabled": false})
	count(policy.fail) > 0 with input as case
}

test_nothing_said_fails if {
	case := example.of("aws_dynamodb_table", {})
	count(policy.fail) > 0 with input as case
}

test_decided_later_is_unknown if {
	case := example.hidden("aws_dynamodb_table", {}, {"deletion_protection_enabled": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
