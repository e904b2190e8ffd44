# METADATA
# scope: package
# title: IAM roles, users and groups are not administrators
# description: No inline policy allows every action on every resource, and AWS's
#   AdministratorAccess is not attached.
# related_resources:
#   - https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
# custom:
#   id: aws_iam_role_administrator
#   severity: high
#   category: security
#   kinds: [aws_iam_role, aws_iam_user, aws_iam_group]
#   remediation: Name the actions and the resources that are needed.
package dharma.aws_iam_role_administrator

import rego.v1

import data.dharma.iam
import data.dharma.lib

kinds := ["aws_iam_role", "aws_iam_user", "aws_iam_group"]

fail contains found if {
	some holder in lib.resources(kinds[_])
	some place, inline in lib.elements(holder, "inline_policy")
	some statement in iam.allowing(inline.policy)
	iam.is_administrator(statement)
	name := object.get(inline, "name", place)
	found := lib.finding(holder, lib.member("inline_policy", place, "policy"), sprintf("the policy %v allows every action on every resource", [name]))
}

fail contains found if {
	some holder in lib.resources(kinds[_])
	some arn in lib.elements(holder, "managed_policy_arns")
	is_string(arn)
	endswith(arn, ":policy/AdministratorAccess")
	found := lib.finding(holder, "managed_policy_arns", "AdministratorAccess is attached")
}

unknown contains found if {
	some holder in lib.uncertain(kinds[_])
	some part in ["inline_policy", "managed_policy_arns"]
	holder.unknown[part]
	found := lib.undecided(holder, part)
}

unknown contains found if {
	some holder in lib.uncertain(kinds[_])
	some place, _ in lib.elements(holder, "managed_policy_arns")
	found := lib.undecided(holder, sprintf("managed_policy_arns.%d", [place]))
}

unknown contains found if {
	some holder in lib.uncertain(kinds[_])
	some number, inline in lib.elements(holder, "inline_policy")
	document := document_of(inline)
	some place in iam.administrator_doubts(holder, document, lib.member("inline_policy", number, "policy"))
	found := lib.undecided(holder, place)
}

unknown contains found if {
	some holder in lib.resources(kinds[_])
	some place, inline in lib.elements(holder, "inline_policy")
	is_string(inline.policy)
	found := lib.finding(holder, lib.member("inline_policy", place, "policy"), "the policy is not a JSON document")
}

document_of(inline) := object.get(inline, "policy", {}) if is_object(inline)

document_of(null) := {}
