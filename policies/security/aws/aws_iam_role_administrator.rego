# METADATA
# scope: package
# title: IAM roles are not administrators
# description: No inline policy allows every action on every resource, and AWS's
#   AdministratorAccess is not attached.
# related_resources:
#   - https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
# custom:
#   id: aws_iam_role_administrator
#   severity: high
#   category: security
#   kinds: [aws_iam_role]
#   remediation: Name the actions and the resources that the role needs.
package dharma.aws_iam_role_administrator

import rego.v1

import data.dharma.iam
import data.dharma.lib

fail contains found if {
	some role in lib.resources("aws_iam_role")
	some place, inline in lib.elements(role, "inline_policy")
	some statement in iam.allowing(inline.policy)
	iam.is_administrator(statement)
	name := object.get(inline, "name", place)
	found := lib.finding(role, lib.member("inline_policy", place, "policy"), sprintf("the policy %v allows every action on every resource", [name]))
}

fail contains found if {
	some role in lib.resources("aws_iam_role")
	some arn in lib.elements(role, "managed_policy_arns")
	is_string(arn)
	endswith(arn, ":policy/AdministratorAccess")
	found := lib.finding(role, "managed_policy_arns", "AdministratorAccess is attached")
}

unknown contains found if {
	some role in lib.uncertain("aws_iam_role")
	some part in ["inline_policy", "managed_policy_arns"]
	role.unknown[part]
	found := lib.undecided(role, part)
}

unknown contains found if {
	some role in lib.uncertain("aws_iam_role")
	some place, _ in lib.elements(role, "managed_policy_arns")
	found := lib.undecided(role, sprintf("managed_policy_arns.%d", [place]))
}

unknown contains found if {
	some role in lib.uncertain("aws_iam_role")
	some number, inline in lib.elements(role, "inline_policy")
	document := document_of(inline)
	some place in iam.administrator_doubts(role, document, lib.member("inline_policy", number, "policy"))
	found := lib.undecided(role, place)
}

unknown contains found if {
	some role in lib.resources("aws_iam_role")
	some place, inline in lib.elements(role, "inline_policy")
	is_string(inline.policy)
	found := lib.finding(role, lib.member("inline_policy", place, "policy"), "the policy is not a JSON document")
}

document_of(inline) := object.get(inline, "policy", {}) if is_object(inline)

document_of(null) := {}
