package dharma.aws_sns_topic_public_policy_test

import rego.v1

import data.dharma.aws_sns_topic_public_policy as policy
import data.dharma.example

test_no_policy_passes if {
	case := example.of("aws_sns_topic", {})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_service_passes if {
	case := example.of("aws_sns_topic", {"policy": {"Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": "*"}]}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everybody_of_an_account_passes if {
	case := example.of("aws_sns_topic", {"policy": {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}]}})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_everybody_fails if {
	case := example.of("aws_sns_topic", {"policy": {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Subscribe", "Resource": "*"}]}})
	count(policy.fail) > 0 with input as case
}

test_a_principal_decided_later_is_unknown if {
	case := example.hidden("aws_sns_topic", {"policy": {"Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}]}}, {"policy.Statement.0.Principal": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_policy_decided_later_is_unknown if {
	case := example.hidden("aws_sns_topic", {}, {"policy": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_text_is_unknown if {
	case := example.of("aws_sns_topic", {"policy": "{"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
