package dharma.aws_cloudwatch_log_group_retention_test

import rego.v1

import data.dharma.aws_cloudwatch_log_group_retention as policy
import data.dharma.example

test_a_month_passes if {
	case := example.of("aws_cloudwatch_log_group", {"retention_in_days": 30})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_nothing_said_fails if {
	case := example.of("aws_cloudwatch_log_group", {})
	count(policy.fail) > 0 with input as case
}

test_for_ever_fails if {
	case := example.of("aws_cloudwatch_log_group", {"retention_in_days": 0})
	count(policy.fail) > 0 with input as case
}

test_decided_later_is_unknown if {
	case := example.hidden("aws_cloudwatch_log_group", {}, {"retention_in_days": "known after apply"})
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
