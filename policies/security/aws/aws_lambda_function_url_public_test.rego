package dharma.aws_lambda_function_url_public_test

import rego.v1

import data.dharma.aws_lambda_function_url_public as policy
import data.dharma.example

test_signed_calls_pass if {
	case := example.of("aws_lambda_function_url", {"authorization_type": "AWS_IAM"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_no_authentication_fails if {
	case := example.of("aws_lambda_function_url", {"authorization_type": "NONE"})
	count(policy.fail) == 1 with input as case
}

test_a_type_that_is_not_known_is_unknown if {
	case := example.hidden("aws_lambda_function_url", {}, {"authorization_type": "var.type has no value"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 1 with input as case
}
