package dharma.aws_instance_imdsv2_test

import rego.v1

import data.dharma.aws_instance_imdsv2 as policy
import data.dharma.example

test_tokens_required_pass if {
	case := example.of("aws_instance", {"metadata_options": {"http_tokens": "required"}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_no_metadata_service_passes if {
	case := example.of("aws_instance", {"metadata_options": {"http_endpoint": "disabled"}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_what_a_launch_template_says_passes if {
	case := example.of("aws_instance", {"launch_template": {"id": "aws_launch_template.web"}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_tokens_optional_fail if {
	case := example.of("aws_instance", {"metadata_options": {"http_tokens": "optional"}})
	count(policy.fail) > 0 with input as case
}

test_tokens_optional_in_spite_of_a_launch_template_fail if {
	case := example.of("aws_instance", {"launch_template": {"id": "aws_launch_template.web"}, "metadata_options": {"http_tokens": "optional"}})
	count(policy.fail) > 0 with input as case
}

test_nothing_said_fails if {
	case := example.of("aws_instance", {})
	count(policy.fail) > 0 with input as case
}

test_tokens_decided_later_are_unknown if {
	case := example.hidden("aws_instance", {"metadata_options": {}}, {"metadata_options.http_tokens": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_an_endpoint_decided_later_is_unknown if {
	case := example.hidden("aws_instance", {"metadata_options": {"http_tokens": "optional"}}, {"metadata_options.http_endpoint": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
