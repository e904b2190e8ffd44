# METADATA
# scope: package
# title: IAM policies do not make administrators
# description: No managed policy of your own allows every action on every resource.
# related_resources:
#   - https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-1
# custom:
#   id: aws_iam_policy_administrator
#   severity: high
#   category: security
#   kinds: [aws_iam_policy]
#   remediation: Name the actions and the resources that are needed.
package dharma.aws_iam_policy_administrator

import rego.v1

import data.dharma.iam
import data.dharma.lib

fail contains found if {
	some policy in lib.resources("aws_iam_policy")
	some statement in iam.allowing(object.get(policy.properties, "policy", {}))
	iam.is_administrator(statement)
	found := lib.finding(policy, "policy", "every action on every resource is allowed")
}

unknown contains found if {
	some policy in lib.uncertain("aws_iam_policy")
	document := object.get(policy.properties, "policy", {})
	some place in iam.administrator_doubts(policy, document, "policy")
	found := lib.undecided(policy, place)
}

unknown contains found if {
	some policy in lib.resources("aws_iam_policy")
	is_string(policy.properties.policy)
	found := lib.finding(policy, "policy", "the policy is not a JSON document")
}
