package dharma.aws_launch_template_imdsv2_test

import rego.v1

import data.dharma.aws_launch_template_imdsv2 as policy
import data.dharma.example

test_tokens_required_pass if {
	case := example.of("aws_launch_template", {"metadata_options": {"http_tokens": "required"}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_no_metadata_service_passes if {
	case := example.of("aws_launch_template", {"metadata_options": {"http_endpoint": "disabled"}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_tokens_optional_fail if {
	case := example.of("aws_launch_template", {"metadata_options": {"http_tokens": "optional"}})
	count(policy.fail) > 0 with input as case
}

test_nothing_said_fails if {
	case := example.of("aws_launch_template", {})
	count(policy.fail) > 0 with input as case
}

test_tokens_decided_later_are_unknown if {
	case := example.hidden("aws_launch_template", {"metadata_options": {}}, {"metadata_options.http_tokens": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_options_decided_later_are_unknown if {
	case := example.hidden("aws_launch_template", {}, {"metadata_options": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_an_endpoint_decided_later_is_unknown if {
	case := example.hidden("aws_launch_template", {"metadata_options": {"http_tokens": "optional"}}, {"metadata_options.http_endpoint": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_tokens_decided_later_without_an_endpoint_pass if {
	case := example.hidden("aws_launch_template", {"metadata_options": {"http_endpoint": "disabled"}}, {"metadata_options.http_tokens": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_an_endpoint_decided_later_with_tokens_required_passes if {
	case := example.hidden("aws_launch_template", {"metadata_options": {"http_tokens": "required"}}, {"metadata_options.http_endpoint": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}
