# METADATA
# scope: package
# title: Lambda functions cannot be called by everybody
# description: A permission for the principal * lets any account call the function, unless it names an
#   organisation, an account or a source. S3, SNS and EventBridge call for every customer of
#   theirs, so for them a source or an account is needed too.
# related_resources:
#   - https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html#lambda-1
# custom:
#   id: aws_lambda_permission_public
#   severity: critical
#   category: security
#   kinds: [aws_lambda_permission]
#   remediation: Name the principal, or add source_account, source_arn or principal_org_id.
package dharma.aws_lambda_permission_public

import rego.v1

import data.dharma.lib


fail contains found if {
	some permission in lib.resources("aws_lambda_permission")
	lib.value(permission, "principal", "") == "*"
	lib.value(permission, "function_url_auth_type", "") != "NONE"
	lib.value(permission, "invoked_via_function_url", false) == false
	not narrowed(permission)
	found := lib.finding(permission, "principal", "everybody may call the function")
}

fail contains found if {
	some permission in lib.resources("aws_lambda_permission")
	lib.value(permission, "principal", "") in {"s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com"}
	not narrowed(permission)
	found := lib.finding(permission, "source_arn", "any customer of the service may call the function")
}

unknown contains found if {
	some permission in lib.resources("aws_lambda_permission")
	not narrowed(permission)
	found := lib.undecided(permission, "principal")
}

# A source, an account or an organisation is named, be it known later.
narrowed(permission) if {
	some member in ["source_account", "source_arn", "principal_org_id"]
	object.get(permission.properties, member, "") != ""
}

narrowed(permission) if {
	some member in ["source_account", "source_arn", "principal_org_id"]
	lib.is_unknown(permission, member)
}
