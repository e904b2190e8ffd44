# https://github.com/terraform-aws-modules/terraform-aws-ec2-instance
# The instance in the module's usual form, its group, profile and address. Without an AMI the module
# looks one up.

variable "create" { default = true }
variable "name" { default = "" }
variable "ami" { default = null }
variable "ignore_ami_changes" { default = false }
variable "create_spot_instance" { default = false }
variable "instance_type" { default = "t3.micro" }
variable "availability_zone" { default = null }
variable "subnet_id" { default = null }
variable "associate_public_ip_address" { default = null }
variable "vpc_security_group_ids" { default = [] }
variable "key_name" { default = null }
variable "monitoring" { default = null }
variable "ebs_optimized" { default = null }
variable "tenancy" { default = null }
variable "private_ip" { default = null }
variable "source_dest_check" { default = null }
variable "disable_api_termination" { default = null }
variable "user_data" { default = null }
variable "user_data_base64" { default = null }
variable "user_data_replace_on_change" { default = null }
variable "root_block_device" { default = null }
variable "metadata_options" {
  type = object({
    http_endpoint               = optional(string, "enabled")
    http_protocol_ipv6          = optional(string)
    http_put_response_hop_limit = optional(number, 1)
    http_tokens                 = optional(string, "required")
    instance_metadata_tags      = optional(string)
  })
  default = { http_endpoint = "enabled", http_put_response_hop_limit = 1, http_tokens = "required" }
}
variable "iam_instance_profile" { default = null }
variable "create_iam_instance_profile" { default = false }
variable "iam_role_policies" { default = {} }
variable "create_security_group" { default = true }
variable "security_group_vpc_id" { default = null }
variable "security_group_ingress_rules" { default = null }
variable "security_group_egress_rules" {
  default = {
    ipv4_default = { cidr_ipv4 = "0.0.0.0/0", ip_protocol = "-1" }
    ipv6_default = { cidr_ipv6 = "::/0", ip_protocol = "-1" }
  }
}
variable "create_eip" { default = false }
variable "tags" { default = {} }
variable "instance_tags" { default = {} }
variable "unknown" {}

locals {
  described = "6.4"
  group     = var.create && var.create_security_group
}

resource "aws_instance" "this" {
  count                       = var.create && !var.ignore_ami_changes && !var.create_spot_instance ? 1 : 0
  ami                         = try(coalesce(var.ami), var.unknown)
  instance_type               = var.instance_type
  availability_zone           = var.availability_zone
  subnet_id                   = var.subnet_id
  associate_public_ip_address = var.associate_public_ip_address
  vpc_security_group_ids      = local.group ? concat(var.vpc_security_group_ids, [aws_security_group.this[0].id]) : var.vpc_security_group_ids
  key_name                    = var.key_name
  monitoring                  = var.monitoring
  ebs_optimized               = var.ebs_optimized
  tenancy                     = var.tenancy
  private_ip                  = var.private_ip
  source_dest_check           = var.source_dest_check
  disable_api_termination     = var.disable_api_termination
  user_data                   = var.user_data
  user_data_base64            = var.user_data_base64
  user_data_replace_on_change = var.user_data_replace_on_change
  iam_instance_profile        = var.create_iam_instance_profile ? aws_iam_instance_profile.this[0].name : var.iam_instance_profile
  tags                        = merge({ Name = var.name }, var.instance_tags, var.tags)

  dynamic "metadata_options" {
    for_each = var.metadata_options == null ? [] : [var.metadata_options]
    content {
      http_endpoint               = metadata_options.value.http_endpoint
      http_protocol_ipv6          = metadata_options.value.http_protocol_ipv6
      http_put_response_hop_limit = metadata_options.value.http_put_response_hop_limit
      http_tokens                 = metadata_options.value.http_tokens
      instance_metadata_tags      = metadata_options.value.instance_metadata_tags
    }
  }
  dynamic "root_block_device" {
    for_each = var.root_block_device == null ? [] : flatten([var.root_block_device])
    content {
      encrypted   = try(root_block_device.value.encrypted, null)
      kms_key_id  = try(root_block_device.value.kms_key_id, null)
      volume_type = try(root_block_device.value.volume_type, root_block_device.value.type, null)
      volume_size = try(root_block_device.value.volume_size, root_block_device.value.size, null)
      iops        = try(root_block_device.value.iops, null)
      throughput  = try(root_block_device.value.throughput, null)
    }
  }
}

resource "aws_security_group" "this" {
  count       = local.group ? 1 : 0
  name_prefix = "${var.name}-"
  vpc_id      = try(coalesce(var.security_group_vpc_id), var.unknown)
  tags        = merge({ Name = var.name }, var.tags)
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each                     = local.group && var.security_group_ingress_rules != null ? var.security_group_ingress_rules : {}
  security_group_id            = aws_security_group.this[0].id
  description                  = try(each.value.description, null)
  ip_protocol                  = try(each.value.ip_protocol, "tcp")
  from_port                    = try(each.value.from_port, each.value.to_port, null)
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
  from_port                    = try(each.value.from_port, each.value.to_port, null)
  to_port                      = try(each.value.to_port, each.value.from_port, null)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
}

resource "aws_iam_role" "this" {
  count = var.create && var.create_iam_instance_profile ? 1 : 0
  name  = var.unknown
  tags  = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each   = var.create && var.create_iam_instance_profile ? var.iam_role_policies : {}
  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

resource "aws_iam_instance_profile" "this" {
  count = var.create && var.create_iam_instance_profile ? 1 : 0
  role  = aws_iam_role.this[0].name
  tags  = var.tags
}

resource "aws_eip" "this" {
  count    = var.create && var.create_eip && !var.create_spot_instance ? 1 : 0
  instance = try(aws_instance.this[0].id, var.unknown)
  domain   = "vpc"
  tags     = var.tags
}

output "id" { value = try(aws_instance.this[0].id, var.unknown) }
output "arn" { value = try(aws_instance.this[0].arn, var.unknown) }
output "private_ip" { value = try(aws_instance.this[0].private_ip, var.unknown) }
output "private_dns" { value = try(aws_instance.this[0].private_dns, var.unknown) }
output "public_dns" { value = try(aws_instance.this[0].public_dns, var.unknown) }
output "public_ip" { value = try(aws_eip.this[0].public_ip, aws_instance.this[0].public_ip, var.unknown) }
output "iam_role_name" { value = try(aws_iam_role.this[0].name, null) }
output "iam_role_arn" { value = try(aws_iam_role.this[0].arn, null) }
