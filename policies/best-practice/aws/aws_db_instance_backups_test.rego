package dharma.aws_db_instance_backups_test

import rego.v1

import data.dharma.aws_db_instance_backups as policy
import data.dharma.example

test_a_week_passes if {
	case := example.of("aws_db_instance", {"backup_retention_period": 7})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_no_backup_fails if {
	case := example.of("aws_db_instance", {"backup_retention_period": 0})
	count(policy.fail) > 0 with input as case
}

test_nothing_said_fails if {
	case := example.of("aws_db_instance", {})
	count(policy.fail) > 0 with input as case
}

test_a_day_fails if {
	case := example.of("aws_db_instance", {"backup_retention_period": 1})
	count(policy.fail) > 0 with input as case
}

test_a_replica_passes if {
	case := example.of("aws_db_instance", {"replicate_source_db": "aws_db_instance.main"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_day_passes_where_a_day_is_asked_for if {
	case := {"parameters": {"aws_db_instance_backups": {"days": 1}}, "resources": {"aws_db_instance": [{"address": "aws_db_instance.main", "properties": {"backup_retention_period": 1}, "unknown": {}}]}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_decided_later_is_unknown if {
	case := example.hidden("aws_db_instance", {}, {"backup_retention_period": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
