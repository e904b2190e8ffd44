package dharma.aws_lambda_function_runtime_test

import rego.v1

import data.dharma.aws_lambda_function_runtime as policy
import data.dharma.example

test_a_supported_runtime_passes if {
	case := example.of("aws_lambda_function", {"runtime": "python3.13"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_an_image_passes if {
	case := example.of("aws_lambda_function", {"package_type": "Image"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_deprecated_runtime_fails if {
	case := example.of("aws_lambda_function", {"runtime": "nodejs16.x"})
	count(policy.fail) > 0 with input as case
}

test_decided_later_is_unknown if {
	case := example.hidden("aws_lambda_function", {}, {"runtime": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
