# https://github.com/terraform-aws-modules/terraform-aws-kms
# A key that AWS made, and its aliases; the policy that the module puts together is unknown.

variable "create" { default = true }
variable "create_external" { default = false }
variable "create_replica" { default = false }
variable "create_replica_external" { default = false }
variable "description" { default = null }
variable "customer_master_key_spec" { default = null }
variable "key_spec" { default = null }
variable "key_usage" { default = null }
variable "deletion_window_in_days" { default = null }
variable "enable_key_rotation" { default = true }
variable "rotation_period_in_days" { default = null }
variable "is_enabled" { default = null }
variable "multi_region" { default = false }
variable "policy" { default = null }
# All of which make the policy.
variable "enable_default_policy" { default = null }
variable "key_owners" { default = null }
variable "key_administrators" { default = null }
variable "key_users" { default = null }
variable "key_service_users" { default = null }
variable "key_service_roles_for_autoscaling" { default = null }
variable "key_symmetric_encryption_users" { default = null }
variable "key_hmac_users" { default = null }
variable "key_asymmetric_public_encryption_users" { default = null }
variable "key_asymmetric_sign_verify_users" { default = null }
variable "key_statements" { default = null }
variable "source_policy_documents" { default = null }
variable "override_policy_documents" { default = null }
variable "aliases" { default = [] }
variable "computed_aliases" { default = {} }
variable "aliases_use_name_prefix" { default = false }
variable "tags" { default = {} }
variable "unknown" {}

locals {
  described = "4.2"
  own       = var.create && !var.create_external && !var.create_replica && !var.create_replica_external
}

resource "aws_kms_key" "this" {
  count                    = local.own ? 1 : 0
  description              = var.description
  customer_master_key_spec = try(coalesce(var.customer_master_key_spec, var.key_spec), null)
  key_usage                = var.key_usage
  deletion_window_in_days  = var.deletion_window_in_days
  enable_key_rotation      = var.enable_key_rotation
  rotation_period_in_days  = var.rotation_period_in_days
  is_enabled               = var.is_enabled
  multi_region             = var.multi_region
  policy                   = try(coalesce(var.policy), var.unknown)
  tags                     = var.tags
}

resource "aws_kms_alias" "this" {
  for_each      = local.own && !var.aliases_use_name_prefix ? { for name in concat(var.aliases, [for a in values(var.computed_aliases) : a.name]) : name => name } : {}
  name          = "alias/${each.value}"
  target_key_id = aws_kms_key.this[0].key_id
}

output "key_arn" { value = try(aws_kms_key.this[0].arn, null) }
output "key_id" { value = try(aws_kms_key.this[0].key_id, null) }
output "aliases" { value = aws_kms_alias.this }
