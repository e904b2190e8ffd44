# https://github.com/terraform-aws-modules/terraform-aws-sns
# The topic and its subscriptions; the policy that the module puts together is unknown.

variable "create" { default = true }
variable "name" { default = null }
variable "use_name_prefix" { default = false }
variable "fifo_topic" { default = false }
variable "content_based_deduplication" { default = false }
variable "display_name" { default = null }
variable "delivery_policy" { default = null }
variable "kms_master_key_id" { default = null }
variable "signature_version" { default = null }
variable "tracing_config" { default = null }
variable "create_topic_policy" { default = true }
variable "topic_policy" { default = null }
variable "create_subscription" { default = true }
variable "subscriptions" { default = {} }
variable "tags" { default = {} }
variable "unknown" {}

locals {
  described = "7.1"
  stem      = trimsuffix(try(coalesce(var.name, ""), ""), ".fifo")
  name      = var.name == null ? var.unknown : var.fifo_topic ? "${local.stem}.fifo" : local.stem
}

resource "aws_sns_topic" "this" {
  count                       = var.create ? 1 : 0
  name                        = var.use_name_prefix ? null : local.name
  name_prefix                 = var.use_name_prefix ? "${local.stem}-" : null
  fifo_topic                  = var.fifo_topic ? true : null
  content_based_deduplication = var.content_based_deduplication ? true : null
  display_name                = var.display_name
  delivery_policy             = var.delivery_policy
  kms_master_key_id           = var.kms_master_key_id
  signature_version           = var.signature_version
  tracing_config              = var.tracing_config
  tags                        = var.tags
}

resource "aws_sns_topic_policy" "this" {
  count  = var.create && var.create_topic_policy ? 1 : 0
  arn    = aws_sns_topic.this[0].arn
  policy = try(coalesce(var.topic_policy), var.unknown)
}

resource "aws_sns_topic_subscription" "this" {
  for_each             = var.create && var.create_subscription ? var.subscriptions : {}
  topic_arn            = aws_sns_topic.this[0].arn
  protocol             = each.value.protocol
  endpoint             = each.value.endpoint
  filter_policy        = try(each.value.filter_policy, null)
  filter_policy_scope  = try(each.value.filter_policy_scope, null)
  raw_message_delivery = try(each.value.raw_message_delivery, null)
  redrive_policy       = try(each.value.redrive_policy, null)
}

output "topic_arn" { value = try(aws_sns_topic.this[0].arn, null) }
output "topic_id" { value = try(aws_sns_topic.this[0].id, null) }
output "topic_name" { value = try(aws_sns_topic.this[0].name, null) }
