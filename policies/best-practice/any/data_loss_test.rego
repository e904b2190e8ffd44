package dharma.data_loss_test

import rego.v1

import data.dharma.data_loss as policy
import data.dharma.example

test_a_new_database_passes if {
	case := {"parameters": {"data_loss": {"allow": []}}, "plan": {"changes": [{"address": "aws_db_instance.main", "action": "create", "losesData": false}]}}
	count(policy.fail) == 0 with input as case
}

test_a_deleted_database_fails if {
	case := {"parameters": {"data_loss": {"allow": []}}, "plan": {"changes": [{"address": "aws_db_instance.main", "action": "delete", "losesData": true}]}}
	count(policy.fail) > 0 with input as case
}

test_a_replaced_database_fails if {
	case := {"parameters": {"data_loss": {"allow": []}}, "plan": {"changes": [{"address": "aws_db_instance.main", "action": "replace", "losesData": true}]}}
	count(policy.fail) > 0 with input as case
}

test_a_deleted_subnet_passes if {
	case := {"parameters": {"data_loss": {"allow": []}}, "plan": {"changes": [{"address": "aws_db_instance.main", "action": "delete", "losesData": false}]}}
	count(policy.fail) == 0 with input as case
}

test_a_deletion_with_consent_passes if {
	case := {"parameters": {"data_loss": {"allow": ["aws_db_instance.main"]}}, "plan": {"changes": [{"address": "aws_db_instance.main", "action": "delete", "losesData": true}]}}
	count(policy.fail) == 0 with input as case
}

test_a_deletion_names_the_database if {
	case := {"plan": {"changes": [{"address": "aws_db_instance.main", "action": "delete", "losesData": true}]}}
	{"address": "aws_db_instance.main", "msg": "the plan will delete it, and with it what it keeps"} in policy.fail with input as case
}
