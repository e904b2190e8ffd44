package dharma.aws_iam_role_trust_test

import rego.v1

import data.dharma.aws_iam_role_trust as policy
import data.dharma.example

test_a_service_passes if {
	case := example.of("aws_iam_role", {"assume_role_policy": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everybody_fails if {
	case := example.of("aws_iam_role", {"assume_role_policy": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]}})
	count(policy.fail) > 0 with input as case
}

test_every_account_fails if {
	case := example.of("aws_iam_role", {"assume_role_policy": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}})
	count(policy.fail) > 0 with input as case
}

test_everybody_with_an_external_id_passes if {
	case := example.of("aws_iam_role", {"assume_role_policy": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"sts:ExternalId": "e-1"}}}]}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everybody_with_any_external_id_fails if {
	case := example.of("aws_iam_role", {"assume_role_policy": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}, "Condition": {"StringLike": {"sts:ExternalId": "*"}}}]}})
	count(policy.fail) > 0 with input as case
}

test_a_principal_that_comes_later_is_unknown if {
	case := example.hidden("aws_iam_role", {"assume_role_policy": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}}, {"assume_role_policy.Statement.0.Principal": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_text_that_is_no_document_is_unknown if {
	case := example.of("aws_iam_role", {"assume_role_policy": "anybody"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_trust_policy_that_comes_later_is_unknown if {
	case := example.hidden("aws_iam_role", {}, {"assume_role_policy": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_condition_that_comes_later_for_a_service_passes if {
	case := example.hidden("aws_iam_role", {"assume_role_policy": {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Condition": {"StringEquals": {}}}]}}, {"assume_role_policy.Statement.0.Condition.StringEquals.aws:SourceAccount": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}
