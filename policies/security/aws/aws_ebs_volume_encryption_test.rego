package dharma.aws_ebs_volume_encryption_test

import rego.v1

import data.dharma.aws_ebs_volume_encryption as policy
import data.dharma.example

test_an_encrypted_volume_passes if {
	case := example.of("aws_ebs_volume", {"size": 20, "encrypted": true})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_an_encrypted_volume_of_a_snapshot_passes if {
	case := example.of("aws_ebs_volume", {"snapshot_id": "snap-1", "encrypted": true})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_plain_volume_fails if {
	case := example.of("aws_ebs_volume", {"size": 20, "encrypted": false})
	count(policy.fail) > 0 with input as case
}

test_a_volume_that_does_not_say_fails if {
	case := example.of("aws_ebs_volume", {"size": 20})
	count(policy.fail) > 0 with input as case
}

test_a_volume_of_a_snapshot_is_unknown if {
	case := example.of("aws_ebs_volume", {"snapshot_id": "snap-1"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_volume_of_a_later_snapshot_is_unknown if {
	case := example.hidden("aws_ebs_volume", {}, {"snapshot_id": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_decided_later_is_unknown if {
	case := example.hidden("aws_ebs_volume", {}, {"encrypted": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
