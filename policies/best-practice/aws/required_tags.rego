# METADATA
# scope: package
# title: Resources carry the agreed tags
# description: The parameter `tags` lists the names that every taggable resource must carry.
#   Without it, a resource must carry at least one tag.
# related_resources:
#   - https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html
# custom:
#   id: required_tags
#   severity: low
#   category: best-practice
#   kinds:
#     - aws_vpc
#     - aws_subnet
#     - aws_internet_gateway
#     - aws_nat_gateway
#     - aws_eip
#     - aws_route_table
#     - aws_security_group
#     - aws_autoscaling_group
#     - aws_lb
#     - aws_lb_target_group
#     - aws_s3_bucket
#     - aws_db_subnet_group
#     - aws_db_instance
#     - aws_iam_role
#     - aws_cloudwatch_log_group
#     - aws_sqs_queue
#     - aws_kms_key
#   remediation: Add the missing tags.
package dharma.required_tags

import rego.v1

import data.dharma.lib

required := lib.parameter("required_tags", "tags", [])

fail contains found if {
	some resource in taggable
	tags := object.keys(lib.value(resource, "tags", {}))
	missing := [tag | some tag in required; not tag in tags]
	count(missing) > 0
	found := lib.finding(resource, "tags", sprintf("is not tagged with %s", [concat(", ", missing)]))
}

fail contains found if {
	count(required) == 0
	some resource in taggable
	lib.value(resource, "tags", {}) == {}
	found := lib.finding(resource, "tags", "has no tag at all")
}

unknown contains found if {
	some resource in taggable
	resource.unknown.tags
	found := lib.undecided(resource, "tags")
}

taggable contains resource if {
	some kind in [
		"aws_vpc",
		"aws_subnet",
		"aws_internet_gateway",
		"aws_nat_gateway",
		"aws_eip",
		"aws_route_table",
		"aws_security_group",
		"aws_autoscaling_group",
		"aws_lb",
		"aws_lb_target_group",
		"aws_s3_bucket",
		"aws_db_subnet_group",
		"aws_db_instance",
		"aws_iam_role",
		"aws_cloudwatch_log_group",
		"aws_sqs_queue",
		"aws_kms_key",
	]
	some resource in lib.resources(kind)
}
