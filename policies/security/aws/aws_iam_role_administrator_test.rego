package dharma.aws_iam_role_administrator_test

import rego.v1

import data.dharma.aws_iam_role_administrator as policy
import data.dharma.example

test_no_policy_passes if {
	case := example.of("aws_iam_role", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everything_everywhere_fails if {
	case := example.of("aws_iam_role", {"inline_policy": [{"name": "work", "policy": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}}]})
	count(policy.fail) > 0 with input as case
}

test_everything_everywhere_in_lists_fails if {
	case := example.of("aws_iam_role", {"inline_policy": [{"name": "work", "policy": {"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "*"], "Resource": ["*"]}]}}]})
	count(policy.fail) > 0 with input as case
}

test_all_but_some_actions_everywhere_fail if {
	case := example.of("aws_iam_role", {"inline_policy": [{"name": "work", "policy": {"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}}]})
	count(policy.fail) > 0 with input as case
}

test_one_service_everywhere_passes if {
	case := example.of("aws_iam_role", {"inline_policy": [{"name": "work", "policy": {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}}]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everything_on_one_thing_passes if {
	case := example.of("aws_iam_role", {"inline_policy": [{"name": "work", "policy": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "aws_s3_bucket.assets"}]}}]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_denial_of_everything_passes if {
	case := example.of("aws_iam_role", {"inline_policy": [{"name": "no", "policy": {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}}]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_administrator_access_fails if {
	case := example.of("aws_iam_role", {"managed_policy_arns": ["arn:aws:iam::aws:policy/AdministratorAccess"]})
	count(policy.fail) > 0 with input as case
}

test_a_user_or_a_group_that_is_an_administrator_fails if {
	every kind in ["aws_iam_user", "aws_iam_group"] {
		attached := example.of(kind, {"managed_policy_arns": ["arn:aws:iam::aws:policy/AdministratorAccess"]})
		count(policy.fail) == 1 with input as attached
		inline := example.of(kind, {"inline_policy": [{"name": "work", "policy": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}}]})
		count(policy.fail) == 1 with input as inline
		later := example.hidden(kind, {}, {"managed_policy_arns": "known after apply"})
		count(policy.fail) == 0 with input as later
		count(policy.unknown) == 1 with input as later
	}
}

test_administrator_access_in_china_fails if {
	case := example.of("aws_iam_role", {"managed_policy_arns": ["arn:aws-cn:iam::aws:policy/AdministratorAccess"]})
	count(policy.fail) > 0 with input as case
}

test_another_managed_policy_passes if {
	case := example.of("aws_iam_role", {"managed_policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_resource_that_comes_later_is_unknown if {
	case := example.hidden("aws_iam_role", {"inline_policy": [{"name": "work", "policy": {"Statement": [{"Effect": "Allow", "Action": "*"}]}}]}, {"inline_policy.0.policy.Statement.0.Resource": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_managed_policies_that_come_later_are_unknown if {
	case := example.hidden("aws_iam_role", {}, {"managed_policy_arns": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_text_that_is_no_document_is_unknown if {
	case := example.of("aws_iam_role", {"inline_policy": [{"name": "work", "policy": "all"}]})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_managed_policy_that_comes_later_is_unknown if {
	case := example.hidden("aws_iam_role", {"managed_policy_arns": [null]}, {"managed_policy_arns.0": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_some_actions_on_something_that_comes_later_pass if {
	case := example.hidden("aws_iam_role", {"inline_policy": [{"name": "work", "policy": {"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage"}]}}]}, {"inline_policy.0.policy.Statement.0.Resource": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_actions_that_come_later_on_one_thing_pass if {
	case := example.hidden("aws_iam_role", {"inline_policy": [{"name": "work", "policy": {"Statement": [{"Effect": "Allow", "Resource": "aws_s3_bucket.assets"}]}}]}, {"inline_policy.0.policy.Statement.0.Action": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_actions_that_come_later_everywhere_are_unknown if {
	case := example.hidden("aws_iam_role", {"inline_policy": [{"name": "work", "policy": {"Statement": [{"Effect": "Allow", "Resource": "*"}]}}]}, {"inline_policy.0.policy.Statement.0.Action": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_inline_policies_that_come_later_are_unknown if {
	case := example.hidden("aws_iam_role", {}, {"inline_policy": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_one_inline_policy_that_comes_later_is_unknown if {
	case := example.hidden("aws_iam_role", {"inline_policy": [null]}, {"inline_policy.0": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_one_inline_document_that_comes_later_is_unknown if {
	case := example.hidden("aws_iam_role", {"inline_policy": [{"name": "work"}]}, {"inline_policy.0.policy": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_another_member_that_comes_later_passes if {
	case := example.hidden("aws_iam_role", {}, {"permissions_boundary": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}
