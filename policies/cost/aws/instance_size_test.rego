package dharma.instance_size_test

import rego.v1

import data.dharma.instance_size as policy
import data.dharma.example

test_a_micro_passes if {
	case := example.of("aws_launch_template", {"instance_type": "t3.micro"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_the_largest_allowed_passes if {
	case := example.of("aws_launch_template", {"instance_type": "m5.4xlarge"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_one_step_more_fails if {
	case := example.of("aws_launch_template", {"instance_type": "m5.8xlarge"})
	count(policy.fail) > 0 with input as case
}

test_a_metal_host_fails if {
	case := example.of("aws_launch_template", {"instance_type": "m5.metal"})
	count(policy.fail) > 0 with input as case
}

test_a_metal_host_of_a_size_fails if {
	case := example.of("aws_launch_template", {"instance_type": "m7i.metal-24xl"})
	count(policy.fail) > 0 with input as case
}

test_a_large_database_fails if {
	case := example.of("aws_db_instance", {"instance_class": "db.r6g.12xlarge"})
	count(policy.fail) > 0 with input as case
}

test_a_small_database_passes if {
	case := example.of("aws_db_instance", {"instance_class": "db.t3.micro"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_what_is_agreed_passes if {
	case := {"parameters": {"instance_size": {"largest": "16xlarge"}}, "resources": {"aws_db_instance": [{"address": "aws_db_instance.main", "properties": {"instance_class": "db.r6g.12xlarge"}, "unknown": {}}]}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_what_is_not_agreed_fails if {
	case := {"parameters": {"instance_size": {"largest": "small"}}, "resources": {"aws_db_instance": [{"address": "aws_db_instance.main", "properties": {"instance_class": "db.t3.medium"}, "unknown": {}}]}}
	count(policy.fail) > 0 with input as case
}

test_decided_later_is_unknown if {
	case := example.hidden("aws_db_instance", {}, {"instance_class": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_type_without_a_size_is_unknown if {
	case := example.of("aws_launch_template", {"instance_type": "huge"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_nothing_said_passes if {
	case := example.of("aws_launch_template", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_large_server_fails if {
	case := example.of("aws_instance", {"instance_type": "m5.24xlarge"})
	count(policy.fail) > 0 with input as case
}
