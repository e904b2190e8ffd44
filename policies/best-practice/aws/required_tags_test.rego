package dharma.required_tags_test

import rego.v1

import data.dharma.required_tags as policy
import data.dharma.example

test_a_tagged_queue_passes if {
	case := {"resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {"tags": {"team": "web"}}, "unknown": {}}]}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_no_tag_fails if {
	case := {"resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {}, "unknown": {}}]}}
	count(policy.fail) > 0 with input as case
}

test_a_missing_tag_fails if {
	case := {"resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {"tags": {"team": "web"}}, "unknown": {}}]}, "parameters": {"required_tags": {"tags": ["team", "owner"]}}}
	count(policy.fail) > 0 with input as case
}

test_all_agreed_tags_pass if {
	case := {"resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {"tags": {"team": "web", "owner": "me"}}, "unknown": {}}]}, "parameters": {"required_tags": {"tags": ["team", "owner"]}}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_tags_that_come_later_are_unknown if {
	case := {"resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {}, "unknown": {"tags": "known after apply"}}]}, "parameters": {"required_tags": {"tags": ["team"]}}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_tag_whose_value_comes_later_passes if {
	case := {"resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {"tags": {}}, "unknown": {"tags.team": "known after apply"}}]}, "parameters": {"required_tags": {"tags": ["team"]}}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}
