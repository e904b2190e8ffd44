package dharma.aws_instance_public_address_test

import rego.v1

import data.dharma.aws_instance_public_address as policy
import data.dharma.example

test_no_public_address_passes if {
	case := example.of("aws_instance", {"associate_public_ip_address": false})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_what_the_subnet_says_passes if {
	case := example.of("aws_instance", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_public_address_fails if {
	case := example.of("aws_instance", {"associate_public_ip_address": true})
	count(policy.fail) > 0 with input as case
}

test_an_address_decided_later_is_unknown if {
	case := example.hidden("aws_instance", {}, {"associate_public_ip_address": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
