# https://github.com/terraform-aws-modules/terraform-aws-iam/tree/master/modules/iam-policy

variable "create" { default = true }
variable "create_policy" { default = true }
variable "name" { default = null }
variable "name_prefix" { default = null }
variable "path" { default = null }
variable "description" { default = null }
variable "policy" { default = "" }
variable "tags" { default = {} }

locals { described = "6.5" }

resource "aws_iam_policy" "policy" {
  count       = var.create && var.create_policy ? 1 : 0
  name        = var.name
  name_prefix = var.name_prefix
  path        = var.path
  description = var.description
  policy      = var.policy
  tags        = var.tags
}

output "arn" { value = try(aws_iam_policy.policy[0].arn, null) }
output "id" { value = try(aws_iam_policy.policy[0].id, null) }
output "name" { value = try(aws_iam_policy.policy[0].name, null) }
output "policy" { value = var.policy }
