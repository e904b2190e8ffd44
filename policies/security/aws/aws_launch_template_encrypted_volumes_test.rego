package dharma.aws_launch_template_encrypted_volumes_test

import rego.v1

import data.dharma.aws_launch_template_encrypted_volumes as policy
import data.dharma.example

test_encrypted_volumes_pass if {
	case := example.of("aws_launch_template", {"block_device_mappings": [{"device_name": "/dev/xvda", "encrypted": true}]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_one_plain_volume_fails if {
	case := example.of("aws_launch_template", {"block_device_mappings": [{"encrypted": true}, {"device_name": "/dev/xvdb", "encrypted": false}]})
	count(policy.fail) > 0 with input as case
}

test_a_volume_that_does_not_ask_fails if {
	case := example.of("aws_launch_template", {"block_device_mappings": [{"device_name": "/dev/xvda", "volume_size": 20}]})
	count(policy.fail) > 0 with input as case
}

test_the_volumes_of_the_image_are_unknown if {
	case := example.of("aws_launch_template", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_decided_later_is_unknown if {
	case := example.hidden("aws_launch_template", {"block_device_mappings": [{"device_name": "/dev/xvda"}]}, {"block_device_mappings.0.encrypted": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_volumes_that_come_later_are_unknown if {
	case := example.hidden("aws_launch_template", {}, {"block_device_mappings": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_one_volume_that_comes_later_is_unknown if {
	case := example.hidden("aws_launch_template", {"block_device_mappings": [null]}, {"block_device_mappings.0": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_another_detail_that_comes_later_passes if {
	case := example.hidden("aws_launch_template", {"block_device_mappings": [{"encrypted": true}]}, {"block_device_mappings.0.volume_size": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}
