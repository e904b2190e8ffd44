package dharma.aws_db_instance_encryption_test

import rego.v1

import data.dharma.aws_db_instance_encryption as policy
import data.dharma.example

test_encrypted_storage_passes if {
	case := example.of("aws_db_instance", {"storage_encrypted": true})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_nothing_said_fails if {
	case := example.of("aws_db_instance", {})
	count(policy.fail) > 0 with input as case
}

test_plain_storage_fails if {
	case := example.of("aws_db_instance", {"storage_encrypted": false})
	count(policy.fail) > 0 with input as case
}

test_a_replica_is_unknown if {
	case := example.of("aws_db_instance", {"replicate_source_db": "aws_db_instance.main"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_an_instance_from_a_snapshot_is_unknown if {
	case := example.of("aws_db_instance", {"snapshot_identifier": "before-the-move"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_decided_later_is_unknown if {
	case := example.hidden("aws_db_instance", {}, {"storage_encrypted": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_an_encrypted_replica_passes if {
	case := example.of("aws_db_instance", {"replicate_source_db": "aws_db_instance.main", "storage_encrypted": true})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_plain_storage_fails_without_a_doubt if {
	case := example.of("aws_db_instance", {"storage_encrypted": false})
	count(policy.fail) == 1 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_source_that_comes_later_is_unknown if {
	case := example.hidden("aws_db_instance", {}, {"snapshot_identifier": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
