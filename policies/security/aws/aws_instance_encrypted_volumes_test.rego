package dharma.aws_instance_encrypted_volumes_test

import rego.v1

import data.dharma.aws_instance_encrypted_volumes as policy
import data.dharma.example

test_encrypted_volumes_pass if {
	case := example.of("aws_instance", {"root_block_device": {"encrypted": true}, "ebs_block_device": [{"device_name": "/dev/sdf", "encrypted": true}]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_volumes_of_the_image_pass if {
	case := example.of("aws_instance", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_plain_root_volume_fails if {
	case := example.of("aws_instance", {"root_block_device": {"encrypted": false}})
	count(policy.fail) > 0 with input as case
}

test_a_root_volume_that_does_not_say_fails if {
	case := example.of("aws_instance", {"root_block_device": {"volume_size": 20}})
	count(policy.fail) > 0 with input as case
}

test_a_plain_data_volume_fails if {
	case := example.of("aws_instance", {"ebs_block_device": [{"device_name": "/dev/sdf"}]})
	count(policy.fail) > 0 with input as case
}

test_a_root_volume_decided_later_is_unknown if {
	case := example.hidden("aws_instance", {"root_block_device": {}}, {"root_block_device.encrypted": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_data_volume_decided_later_is_unknown if {
	case := example.hidden("aws_instance", {"ebs_block_device": [{"device_name": "/dev/sdf"}]}, {"ebs_block_device.0.encrypted": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_volumes_decided_later_are_unknown if {
	case := example.hidden("aws_instance", {}, {"ebs_block_device": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
