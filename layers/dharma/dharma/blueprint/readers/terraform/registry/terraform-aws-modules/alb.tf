# https://github.com/terraform-aws-modules/terraform-aws-alb
# The load balancer with its group, listeners and target groups; rules, targets and records are left
# out.

variable "create" { default = true }
variable "name" { default = null }
variable "name_prefix" { default = null }
variable "load_balancer_type" { default = "application" }
variable "internal" { default = null }
variable "vpc_id" { default = null }
variable "subnets" { default = null }
variable "security_groups" { default = [] }
variable "access_logs" { default = null }
variable "connection_logs" { default = null }
variable "idle_timeout" { default = null }
variable "ip_address_type" { default = null }
variable "drop_invalid_header_fields" { default = true }
variable "desync_mitigation_mode" { default = null }
variable "enable_deletion_protection" { default = true }
variable "enable_cross_zone_load_balancing" { default = true }
variable "enable_http2" { default = null }
variable "enable_waf_fail_open" { default = null }
variable "preserve_host_header" { default = null }
variable "create_security_group" { default = true }
variable "security_group_name" { default = null }
variable "security_group_description" { default = null }
variable "security_group_ingress_rules" { default = null }
variable "security_group_egress_rules" { default = null }
variable "security_group_tags" { default = {} }
variable "default_port" { default = 80 }
variable "default_protocol" { default = "HTTP" }
variable "listeners" { default = {} }
variable "target_groups" { default = null }
variable "tags" { default = {} }
variable "unknown" {}

locals {
  described = "10.5"
  group     = var.create && var.create_security_group
  targets   = var.create && var.target_groups != null ? var.target_groups : {}
}

resource "aws_lb" "this" {
  count                            = var.create ? 1 : 0
  name                             = var.name
  name_prefix                      = var.name_prefix
  load_balancer_type               = var.load_balancer_type
  internal                         = var.internal
  subnets                          = var.subnets
  security_groups                  = local.group ? concat([aws_security_group.this[0].id], var.security_groups) : var.security_groups
  idle_timeout                     = var.idle_timeout
  ip_address_type                  = var.ip_address_type
  drop_invalid_header_fields       = var.drop_invalid_header_fields
  desync_mitigation_mode           = var.desync_mitigation_mode
  enable_deletion_protection       = var.enable_deletion_protection
  enable_cross_zone_load_balancing = var.enable_cross_zone_load_balancing
  enable_http2                     = var.enable_http2
  enable_waf_fail_open             = var.enable_waf_fail_open
  preserve_host_header             = var.preserve_host_header
  tags                             = var.tags
  dynamic "access_logs" {
    for_each = var.access_logs == null ? [] : [var.access_logs]
    content {
      bucket  = access_logs.value.bucket
      prefix  = try(access_logs.value.prefix, null)
      enabled = try(access_logs.value.enabled, true)
    }
  }
  dynamic "connection_logs" {
    for_each = var.connection_logs == null ? [] : [var.connection_logs]
    content {
      bucket  = connection_logs.value.bucket
      prefix  = try(connection_logs.value.prefix, null)
      enabled = try(connection_logs.value.enabled, true)
    }
  }
}

resource "aws_lb_listener" "this" {
  for_each          = var.create ? var.listeners : {}
  load_balancer_arn = aws_lb.this[0].arn
  port              = try(each.value.port, var.default_port)
  protocol          = try(each.value.protocol, var.default_protocol)
  certificate_arn   = try(each.value.certificate_arn, null)
  ssl_policy        = contains(["HTTPS", "TLS"], try(each.value.protocol, var.default_protocol)) ? try(each.value.ssl_policy, "ELBSecurityPolicy-TLS13-1-3-2021-06") : try(each.value.ssl_policy, null)
  tags              = var.tags
  dynamic "default_action" {
    for_each = can(each.value.forward) ? [each.value.forward] : []
    content {
      type             = "forward"
      target_group_arn = try(aws_lb_target_group.this[default_action.value.target_group_key].arn, default_action.value.target_group_arn, var.unknown)
    }
  }
  dynamic "default_action" {
    for_each = can(each.value.redirect) ? [each.value.redirect] : []
    content {
      type = "redirect"
      redirect {
        host        = try(default_action.value.host, null)
        path        = try(default_action.value.path, null)
        port        = try(default_action.value.port, null)
        protocol    = try(default_action.value.protocol, null)
        status_code = default_action.value.status_code
      }
    }
  }
  dynamic "default_action" {
    for_each = can(each.value.fixed_response) ? [each.value.fixed_response] : []
    content {
      type = "fixed-response"
      fixed_response {
        content_type = default_action.value.content_type
        message_body = try(default_action.value.message_body, null)
        status_code  = try(default_action.value.status_code, null)
      }
    }
  }
}

resource "aws_lb_target_group" "this" {
  for_each    = local.targets
  name        = try(each.value.name, null)
  name_prefix = try(each.value.name_prefix, null)
  port        = try(each.value.target_type, null) == "lambda" ? null : try(each.value.port, var.default_port)
  protocol    = try(each.value.target_type, null) == "lambda" ? null : try(each.value.protocol, var.default_protocol)
  target_type = try(each.value.target_type, null)
  vpc_id      = try(each.value.target_type, null) == "lambda" ? null : try(each.value.vpc_id, var.vpc_id)
  tags        = var.tags
  dynamic "health_check" {
    for_each = can(each.value.health_check) ? [each.value.health_check] : []
    content {
      enabled             = try(health_check.value.enabled, null)
      path                = try(health_check.value.path, null)
      port                = try(health_check.value.port, null)
      protocol            = try(health_check.value.protocol, null)
      matcher             = try(health_check.value.matcher, null)
      interval            = try(health_check.value.interval, null)
      timeout             = try(health_check.value.timeout, null)
      healthy_threshold   = try(health_check.value.healthy_threshold, null)
      unhealthy_threshold = try(health_check.value.unhealthy_threshold, null)
    }
  }
}

resource "aws_security_group" "this" {
  count       = local.group ? 1 : 0
  name_prefix = "${try(coalesce(var.security_group_name, var.name, var.name_prefix), "")}-"
  description = try(coalesce(var.security_group_description), var.unknown)
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, var.security_group_tags)
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each                     = local.group && var.security_group_ingress_rules != null ? var.security_group_ingress_rules : {}
  security_group_id            = aws_security_group.this[0].id
  description                  = try(each.value.description, null)
  ip_protocol                  = try(each.value.ip_protocol, "tcp")
  from_port                    = try(each.value.from_port, null)
  to_port                      = try(each.value.to_port, each.value.from_port, null)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each                     = local.group && var.security_group_egress_rules != null ? var.security_group_egress_rules : {}
  security_group_id            = aws_security_group.this[0].id
  description                  = try(each.value.description, null)
  ip_protocol                  = try(each.value.ip_protocol, "tcp")
  from_port                    = try(each.value.from_port, null)
  to_port                      = try(each.value.to_port, each.value.from_port, null)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
}

output "id" { value = try(aws_lb.this[0].id, null) }
output "arn" { value = try(aws_lb.this[0].arn, null) }
output "arn_suffix" { value = try(aws_lb.this[0].arn_suffix, null) }
output "dns_name" { value = try(aws_lb.this[0].dns_name, null) }
output "zone_id" { value = try(aws_lb.this[0].zone_id, null) }
output "listeners" { value = aws_lb_listener.this }
output "target_groups" { value = aws_lb_target_group.this }
output "security_group_id" { value = try(aws_security_group.this[0].id, null) }
output "security_group_arn" { value = try(aws_security_group.this[0].arn, null) }
