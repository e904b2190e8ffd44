package dharma.aws_lambda_permission_public_test

import rego.v1

import data.dharma.aws_lambda_permission_public as policy
import data.dharma.example

test_an_account_passes if {
	case := example.of("aws_lambda_permission", {"principal": "123456789012"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everybody_of_an_organisation_passes if {
	case := example.of("aws_lambda_permission", {"principal": "*", "principal_org_id": "o-a1b2c3d4e5"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_service_with_its_source_passes if {
	case := example.of("aws_lambda_permission", {"principal": "s3.amazonaws.com", "source_arn": "aws_s3_bucket.in"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_source_that_comes_later_passes if {
	case := example.hidden("aws_lambda_permission", {"principal": "sns.amazonaws.com"}, {"source_arn": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everybody_fails if {
	case := example.of("aws_lambda_permission", {"principal": "*"})
	count(policy.fail) > 0 with input as case
}

test_a_service_without_a_source_fails if {
	case := example.of("aws_lambda_permission", {"principal": "s3.amazonaws.com"})
	count(policy.fail) > 0 with input as case
}

test_a_principal_decided_later_is_unknown if {
	case := example.hidden("aws_lambda_permission", {}, {"principal": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_everybody_through_the_functions_url_passes if {
	case := example.of("aws_lambda_permission", {"principal": "*", "invoked_via_function_url": true})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}
