package dharma.required_tags_test

import rego.v1

import data.dharma.required_tags as policy
import data.dharma.example

test_a_tagged_queue_passes if {
	case := {"kinds": {"aws_sqs_queue": {"taggable": true}}, "resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {"tags": {"team": "web"}}, "unknown": {}}]}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_no_tag_fails if {
	case := {"kinds": {"aws_sqs_queue": {"taggable": true}}, "resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {}, "unknown": {}}]}}
	count(policy.fail) > 0 with input as case
}

test_a_missing_tag_fails if {
	case := {"kinds": {"aws_sqs_queue": {"taggable": true}}, "resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {"tags": {"team": "web"}}, "unknown": {}}]}, "parameters": {"required_tags": {"tags": ["team", "owner"]}}}
	count(policy.fail) > 0 with input as case
}

test_all_agreed_tags_pass if {
	case := {"kinds": {"aws_sqs_queue": {"taggable": true}}, "resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {"tags": {"team": "web", "owner": "me"}}, "unknown": {}}]}, "parameters": {"required_tags": {"tags": ["team", "owner"]}}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_tags_that_come_later_are_unknown if {
	case := {"kinds": {"aws_sqs_queue": {"taggable": true}}, "resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {}, "unknown": {"tags": "known after apply"}}]}, "parameters": {"required_tags": {"tags": ["team"]}}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) > 0 with input as case
}

test_a_tag_whose_value_comes_later_passes if {
	case := {"kinds": {"aws_sqs_queue": {"taggable": true}}, "resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {"tags": {}}, "unknown": {"tags.team": "known after apply"}}]}, "parameters": {"required_tags": {"tags": ["team"]}}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_no_tag_where_some_are_agreed_fails_once if {
	case := {"kinds": {"aws_sqs_queue": {"taggable": true}}, "resources": {"aws_sqs_queue": [{"address": "aws_sqs_queue.jobs", "properties": {}, "unknown": {}}]}, "parameters": {"required_tags": {"tags": ["team"]}}}
	count(policy.fail) == 1 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_kind_that_carries_no_tags_passes if {
	case := {
		"kinds": {"aws_kms_alias": {"taggable": false}},
		"resources": {"aws_kms_alias": [{"address": "aws_kms_alias.a", "properties": {}, "unknown": {}}]},
	}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_type_without_a_kind_passes if {
	case := {"resources": {"aws_new": [{"address": "aws_new.a", "properties": {}, "unknown": {}}]}}
	count(policy.fail) == 0 with input as case
	count(policy.unknown) == 0 with input as case
}

test_a_missing_tag_beside_one_whose_value_comes_later_fails if {
	case := {
		"kinds": {"aws_sqs_queue": {"taggable": true}},
		"parameters": {"required_tags": {"tags": ["team", "owner"]}},
		"resources": {"aws_sqs_queue": [{
			"address": "aws_sqs_queue.jobs",
			"properties": {"tags": {}},
			"unknown": {"tags.team": "known after apply"},
		}]},
	}
	[finding.message | some finding in policy.fail] == ["is not tagged with owner"] with input as case
}

test_a_name_that_comes_later_is_no_tag_and_fails if {
	case := {
		"kinds": {"aws_sqs_queue": {"taggable": true}},
		"parameters": {"required_tags": {"tags": ["name"]}},
		"resources": {"aws_sqs_queue": [{
			"address": "aws_sqs_queue.jobs",
			"properties": {"tags": {"team": "web"}},
			"unknown": {"name": "known after apply"},
		}]},
	}
	count(policy.fail) == 1 with input as case
}

test_googles_labels_are_tags_and_its_tags_are_not if {
	kinds := {"google_compute_instance": {"taggable": true, "tags": "labels"}}
	labelled := {"address": "google_compute_instance.a", "properties": {"tags": ["web"], "labels": {"team": "web"}}, "unknown": {}}
	bare := {"address": "google_compute_instance.b", "properties": {"tags": ["web"]}, "unknown": {}}
	count(policy.fail) == 0 with input as {"kinds": kinds, "resources": {"google_compute_instance": [labelled]}}
	count(policy.fail) == 1 with input as {"kinds": kinds, "resources": {"google_compute_instance": [bare]}}
}
