# METADATA
# scope: package
# title: IAM roles cannot be assumed by everybody
# description: No statement of the trust policy lets any principal assume the role without a
#   condition that names an account, an organisation or an external id.
# related_resources:
#   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
# custom:
#   id: aws_iam_role_trust
#   severity: critical
#   category: security
#   kinds: [aws_iam_role]
#   remediation: Name the accounts, roles or services in Principal.
package dharma.aws_iam_role_trust

import rego.v1

import data.dharma.iam
import data.dharma.lib

fail contains found if {
	some role in lib.resources("aws_iam_role")
	some statement in iam.allowing(role.properties.assume_role_policy)
	iam.is_public(statement)
	found := lib.finding(role, "assume_role_policy", "any AWS account may assume the role")
}

unknown contains found if {
	some role in lib.uncertain("aws_iam_role")
	document := object.get(role.properties, "assume_role_policy", {})
	some place in iam.public_doubts(role, document, "assume_role_policy")
	found := lib.undecided(role, place)
}

unknown contains found if {
	some role in lib.resources("aws_iam_role")
	is_string(role.properties.assume_role_policy)
	found := lib.finding(role, "assume_role_policy", "the trust policy is not a JSON document")
}
