# METADATA
# scope: package
# title: SNS topic policies do not grant access to everybody
# description: No statement of the topic's policy allows everybody something without a condition that
#   names an account, an organisation, a source or an address.
# related_resources:
#   - https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/sns-controls.html#sns-4
# custom:
#   id: aws_sns_topic_public_policy
#   severity: high
#   category: security
#   kinds: [aws_sns_topic]
#   remediation: Name the principals, or add a condition such as aws:SourceAccount.
package dharma.aws_sns_topic_public_policy

import rego.v1

import data.dharma.iam
import data.dharma.lib


fail contains found if {
	some topic in lib.resources("aws_sns_topic")
	some statement in iam.allowing(topic.properties.policy)
	iam.is_public(statement)
	found := lib.finding(topic, "policy", "everybody may use the topic")
}

unknown contains found if {
	some topic in lib.uncertain("aws_sns_topic")
	document := object.get(topic.properties, "policy", {})
	some place in iam.public_doubts(topic, document, "policy")
	found := lib.undecided(topic, place)
}

unknown contains found if {
	some topic in lib.resources("aws_sns_topic")
	is_string(topic.properties.policy)
	found := lib.finding(topic, "policy", "the policy is not a JSON document")
}
