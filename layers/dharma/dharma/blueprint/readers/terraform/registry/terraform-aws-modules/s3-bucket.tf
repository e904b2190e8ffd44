# https://github.com/terraform-aws-modules/terraform-aws-s3-bucket
# Website, CORS, replication, inventory and analytics are left out; a policy that the module puts
# together is unknown.

variable "create_bucket" { default = true }
variable "bucket" { default = null }
variable "bucket_prefix" { default = null }
variable "acl" { default = null }
variable "grant" { default = [] }
variable "force_destroy" { default = false }
variable "object_lock_enabled" { default = false }
variable "object_lock_configuration" { default = {} }
variable "versioning" { default = {} }
variable "logging" { default = {} }
variable "server_side_encryption_configuration" { default = {} }
variable "lifecycle_rule" { default = [] }
variable "control_object_ownership" { default = false }
variable "object_ownership" { default = "BucketOwnerEnforced" }
variable "attach_public_policy" { default = true }
variable "block_public_acls" { default = true }
variable "block_public_policy" { default = true }
variable "ignore_public_acls" { default = true }
variable "restrict_public_buckets" { default = true }
variable "attach_policy" { default = false }
variable "policy" { default = null }
variable "attach_deny_insecure_transport_policy" { default = false }
variable "attach_require_latest_tls_policy" { default = false }
variable "attach_elb_log_delivery_policy" { default = false }
variable "attach_lb_log_delivery_policy" { default = false }
variable "attach_access_log_delivery_policy" { default = false }
variable "attach_cloudtrail_log_delivery_policy" { default = false }
variable "attach_waf_log_delivery_policy" { default = false }
variable "attach_inventory_destination_policy" { default = false }
variable "attach_analytics_destination_policy" { default = false }
variable "attach_deny_incorrect_encryption_headers" { default = false }
variable "attach_deny_incorrect_kms_key_sse" { default = false }
variable "attach_deny_unencrypted_object_uploads" { default = false }
variable "attach_deny_ssec_encrypted_object_uploads" { default = false }
variable "is_directory_bucket" { default = false }
variable "tags" { default = {} }
variable "unknown" {}

locals {
  described = "5.15"
  there     = var.create_bucket && !var.is_directory_bucket
  # Policies of which the module makes one.
  made = anytrue([
    var.attach_deny_insecure_transport_policy, var.attach_require_latest_tls_policy,
    var.attach_elb_log_delivery_policy, var.attach_lb_log_delivery_policy,
    var.attach_access_log_delivery_policy, var.attach_cloudtrail_log_delivery_policy,
    var.attach_waf_log_delivery_policy, var.attach_inventory_destination_policy,
    var.attach_analytics_destination_policy, var.attach_deny_incorrect_encryption_headers,
    var.attach_deny_incorrect_kms_key_sse, var.attach_deny_unencrypted_object_uploads,
    var.attach_deny_ssec_encrypted_object_uploads,
  ])
}

resource "aws_s3_bucket" "this" {
  count               = local.there ? 1 : 0
  bucket              = var.bucket
  bucket_prefix       = var.bucket_prefix
  force_destroy       = var.force_destroy
  object_lock_enabled = var.object_lock_enabled
  tags                = var.tags
}

resource "aws_s3_bucket_public_access_block" "this" {
  count                   = local.there && var.attach_public_policy ? 1 : 0
  bucket                  = aws_s3_bucket.this[0].id
  block_public_acls       = var.block_public_acls
  block_public_policy     = var.block_public_policy
  ignore_public_acls      = var.ignore_public_acls
  restrict_public_buckets = var.restrict_public_buckets
}

resource "aws_s3_bucket_ownership_controls" "this" {
  count  = local.there && var.control_object_ownership ? 1 : 0
  bucket = aws_s3_bucket.this[0].id
  rule { object_ownership = var.object_ownership }
}

resource "aws_s3_bucket_acl" "this" {
  count  = local.there && (try(coalesce(var.acl, "null"), "null") != "null" || length(var.grant) > 0) ? 1 : 0
  bucket = aws_s3_bucket.this[0].id
  acl    = length(var.grant) > 0 ? var.unknown : var.acl
}

resource "aws_s3_bucket_versioning" "this" {
  count  = local.there && length(keys(var.versioning)) > 0 ? 1 : 0
  bucket = aws_s3_bucket.this[0].id
  versioning_configuration {
    status = try(tobool(try(var.versioning.enabled, var.versioning.status)) ? "Enabled" : "Suspended", title(lower(var.versioning.status)), var.unknown)
  }
}

resource "aws_s3_bucket_logging" "this" {
  count         = local.there && length(keys(var.logging)) > 0 ? 1 : 0
  bucket        = aws_s3_bucket.this[0].id
  target_bucket = var.logging.target_bucket
  target_prefix = try(var.logging.target_prefix, var.unknown)
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  count  = local.there && length(keys(var.server_side_encryption_configuration)) > 0 ? 1 : 0
  bucket = aws_s3_bucket.this[0].id
  dynamic "rule" {
    for_each = flatten([try(var.server_side_encryption_configuration.rule, [])])
    content {
      bucket_key_enabled = try(rule.value.bucket_key_enabled, null)
      apply_server_side_encryption_by_default {
        sse_algorithm     = rule.value.apply_server_side_encryption_by_default.sse_algorithm
        kms_master_key_id = try(rule.value.apply_server_side_encryption_by_default.kms_master_key_id, null)
      }
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count  = local.there && length(var.lifecycle_rule) > 0 ? 1 : 0
  bucket = aws_s3_bucket.this[0].id
  dynamic "rule" {
    for_each = var.lifecycle_rule
    content {
      id     = try(rule.value.id, null)
      status = try(tobool(try(rule.value.enabled, rule.value.status)) ? "Enabled" : "Disabled", title(lower(rule.value.status)))
      filter { prefix = try(rule.value.filter.prefix, rule.value.prefix, "") }
      dynamic "expiration" {
        for_each = flatten([try(rule.value.expiration, [])])
        content {
          date                         = try(expiration.value.date, null)
          days                         = try(expiration.value.days, null)
          expired_object_delete_marker = try(expiration.value.expired_object_delete_marker, null)
        }
      }
      dynamic "transition" {
        for_each = flatten([try(rule.value.transition, [])])
        content {
          date          = try(transition.value.date, null)
          days          = try(transition.value.days, null)
          storage_class = transition.value.storage_class
        }
      }
      dynamic "noncurrent_version_expiration" {
        for_each = flatten([try(rule.value.noncurrent_version_expiration, [])])
        content {
          noncurrent_days           = try(noncurrent_version_expiration.value.days, noncurrent_version_expiration.value.noncurrent_days, null)
          newer_noncurrent_versions = try(noncurrent_version_expiration.value.newer_noncurrent_versions, null)
        }
      }
      dynamic "noncurrent_version_transition" {
        for_each = flatten([try(rule.value.noncurrent_version_transition, [])])
        content {
          noncurrent_days = try(noncurrent_version_transition.value.days, noncurrent_version_transition.value.noncurrent_days, null)
          storage_class   = noncurrent_version_transition.value.storage_class
        }
      }
      dynamic "abort_incomplete_multipart_upload" {
        for_each = flatten([try(rule.value.abort_incomplete_multipart_upload_days, [])])
        content { days_after_initiation = abort_incomplete_multipart_upload.value }
      }
    }
  }
}

resource "aws_s3_bucket_object_lock_configuration" "this" {
  count  = local.there && var.object_lock_enabled && can(var.object_lock_configuration.rule.default_retention.mode) ? 1 : 0
  bucket = aws_s3_bucket.this[0].id
  rule {
    default_retention {
      mode  = var.object_lock_configuration.rule.default_retention.mode
      days  = try(var.object_lock_configuration.rule.default_retention.days, null)
      years = try(var.object_lock_configuration.rule.default_retention.years, null)
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  count  = local.there && (local.made || var.attach_policy) ? 1 : 0
  bucket = aws_s3_bucket.this[0].id
  policy = local.made ? var.unknown : var.policy
}

output "s3_bucket_id" { value = try(aws_s3_bucket.this[0].id, null) }
output "s3_bucket_arn" { value = try(aws_s3_bucket.this[0].arn, null) }
output "s3_bucket_bucket_domain_name" { value = try(aws_s3_bucket.this[0].bucket_domain_name, null) }
output "s3_bucket_bucket_regional_domain_name" { value = try(aws_s3_bucket.this[0].bucket_regional_domain_name, null) }
output "s3_bucket_hosted_zone_id" { value = try(aws_s3_bucket.this[0].hosted_zone_id, null) }
output "s3_bucket_region" { value = try(aws_s3_bucket.this[0].region, null) }
