package dharma.monthly_budget_test

import rego.v1

import data.dharma.monthly_budget as policy
import data.dharma.example

test_within_the_budget_passes if {
	case := {"parameters": {"monthly_budget": {"amount": 100}}, "cost": {"totalMonthlyCost": 99.5, "currency": "USD", "unpriced": []}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_over_the_budget_fails if {
	case := {"parameters": {"monthly_budget": {"amount": 100}}, "cost": {"totalMonthlyCost": 100.01, "currency": "USD", "unpriced": []}}
	count(policy.fail) > 0 with input as case
}

test_a_sum_as_text_is_read if {
	case := {"parameters": {"monthly_budget": {"amount": 100}}, "cost": {"totalMonthlyCost": "250.00", "currency": "USD", "unpriced": []}}
	count(policy.fail) > 0 with input as case
}

test_within_the_budget_with_gaps_is_unknown if {
	case := {"parameters": {"monthly_budget": {"amount": 100}}, "cost": {"totalMonthlyCost": 10, "currency": "USD", "unpriced": [{"address": "aws_x.y", "reason": "no price"}]}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_over_the_budget_with_gaps_fails_without_a_doubt if {
	case := {"parameters": {"monthly_budget": {"amount": 5}}, "cost": {"totalMonthlyCost": 6, "unpriced": [{"address": "aws_x.y"}]}}
	count(policy.fail) == 1 with input as case
	count(policy.unknown) == 0 with input as case
}

test_within_the_budget_with_an_untold_use_is_unknown if {
	case := {
		"parameters": {"monthly_budget": {"amount": 100}},
		"cost": {"totalMonthlyCost": 10, "unpriced": [], "usageBased": [{"address": "aws_sqs_queue.jobs"}]},
	}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}
