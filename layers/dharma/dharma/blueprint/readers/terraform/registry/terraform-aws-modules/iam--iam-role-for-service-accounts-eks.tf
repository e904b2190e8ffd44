# https://github.com/terraform-aws-modules/terraform-aws-iam/tree/v5.60.0/modules/iam-role-for-service-accounts-eks
# Until version 6. The policies of its own (`attach_..._policy`) are left out.

variable "create_role" { default = true }
variable "role_name" { default = null }
variable "role_name_prefix" { default = null }
variable "role_path" { default = "/" }
variable "role_description" { default = null }
variable "role_permissions_boundary_arn" { default = null }
variable "max_session_duration" { default = null }
variable "force_detach_policies" { default = true }
variable "assume_role_condition_test" { default = "StringEquals" }
variable "oidc_providers" { default = {} }
variable "role_policy_arns" { default = {} }
variable "tags" { default = {} }
variable "unknown" {}

locals { described = "5.60" }

resource "aws_iam_role" "this" {
  count                 = var.create_role ? 1 : 0
  name                  = var.role_name
  name_prefix           = var.role_name_prefix
  path                  = var.role_path
  description           = var.role_description
  max_session_duration  = var.max_session_duration
  permissions_boundary  = var.role_permissions_boundary_arn
  force_detach_policies = var.force_detach_policies
  assume_role_policy    = var.unknown
  tags                  = var.tags
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each   = var.create_role ? var.role_policy_arns : {}
  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

output "iam_role_arn" { value = try(aws_iam_role.this[0].arn, null) }
output "iam_role_name" { value = try(aws_iam_role.this[0].name, null) }
output "iam_role_path" { value = var.role_path }
output "iam_role_unique_id" { value = try(aws_iam_role.this[0].unique_id, null) }
