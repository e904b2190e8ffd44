package dharma.aws_iam_policy_administrator_test

import rego.v1

import data.dharma.aws_iam_policy_administrator as policy
import data.dharma.example

allowing(statement) := {"policy": {"Statement": [object.union({"Effect": "Allow"}, statement)]}}

test_everything_everywhere_fails if {
	case := example.of("aws_iam_policy", allowing({"Action": "*", "Resource": "*"}))
	count(policy.fail) == 1 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everything_everywhere_in_lists_fails if {
	case := example.of("aws_iam_policy", allowing({"Action": ["s3:GetObject", "*"], "Resource": ["*"]}))
	count(policy.fail) == 1 with input as case
}

test_all_but_some_actions_everywhere_fail if {
	case := example.of("aws_iam_policy", allowing({"NotAction": "iam:*", "Resource": "*"}))
	count(policy.fail) == 1 with input as case
}

test_what_is_narrower_passes if {
	every statement in [
		{"Action": "s3:*", "Resource": "*"},
		{"Action": "*", "Resource": "arn:aws:s3:::assets/*"},
		{"Effect": "Deny", "Action": "*", "Resource": "*"},
	] {
		case := example.of("aws_iam_policy", allowing(statement))
		count(policy.fail) == 0 with input as case
		count(policy.unknown) == 0 with input as case
	}
}

test_a_document_that_comes_later_is_unknown if {
	case := example.hidden("aws_iam_policy", {}, {"policy": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 1 with input as case
}

test_actions_that_come_later_on_every_resource_are_unknown if {
	case := example.hidden("aws_iam_policy", allowing({"Resource": "*"}), {"policy.Statement.0.Action": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 1 with input as case
}

test_actions_that_come_later_on_one_resource_pass if {
	case := example.hidden("aws_iam_policy", allowing({"Resource": "arn:aws:s3:::assets/*"}), {"policy.Statement.0.Action": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_text_that_is_no_document_is_unknown if {
	case := example.of("aws_iam_policy", {"policy": "see the wiki"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 1 with input as case
}
