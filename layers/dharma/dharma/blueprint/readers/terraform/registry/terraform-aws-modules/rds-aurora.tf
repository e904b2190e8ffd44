# https://github.com/terraform-aws-modules/terraform-aws-rds-aurora
# The cluster, its instances, subnet group and security group; parameter groups are left out.

variable "create" { default = true }
variable "name" { default = "" }
variable "engine" { default = null }
variable "engine_mode" { default = "provisioned" }
variable "engine_version" { default = null }
variable "database_name" { default = null }
variable "master_username" { default = null }
variable "master_password" { default = null }
variable "master_password_wo" { default = null }
variable "master_password_wo_version" { default = null }
variable "manage_master_user_password" { default = true }
variable "master_user_secret_kms_key_id" { default = null }
variable "is_primary_cluster" { default = true }
variable "port" { default = null }
variable "storage_encrypted" { default = true }
variable "storage_type" { default = null }
variable "kms_key_id" { default = null }
variable "backup_retention_period" { default = null }
variable "preferred_backup_window" { default = null }
variable "preferred_maintenance_window" { default = null }
variable "deletion_protection" { default = null }
variable "skip_final_snapshot" { default = false }
variable "final_snapshot_identifier" { default = null }
variable "copy_tags_to_snapshot" { default = true }
variable "apply_immediately" { default = null }
variable "iam_database_authentication_enabled" { default = null }
variable "enabled_cloudwatch_logs_exports" { default = [] }
variable "enable_http_endpoint" { default = null }
variable "serverlessv2_scaling_configuration" { default = null }
variable "vpc_id" { default = "" }
variable "vpc_security_group_ids" { default = [] }
variable "create_security_group" { default = true }
variable "security_group_name" { default = "" }
variable "security_group_description" { default = null }
variable "create_db_subnet_group" { default = false }
variable "db_subnet_group_name" { default = "" }
variable "subnets" { default = [] }
variable "instances" { default = {} }
variable "cluster_instance_class" { default = null }
variable "instance_class" { default = null }
variable "tags" { default = {} }
variable "cluster_tags" { default = {} }
variable "unknown" {}

locals {
  described  = "10.2"
  serverless = var.engine_mode == "serverless"
  managed    = var.is_primary_cluster && var.manage_master_user_password
  group      = var.create && var.create_security_group
  subnets    = var.create && var.create_db_subnet_group
}

resource "aws_db_subnet_group" "this" {
  count      = local.subnets ? 1 : 0
  name       = try(coalesce(var.db_subnet_group_name, var.name), var.unknown)
  subnet_ids = var.subnets
  tags       = var.tags
}

resource "aws_rds_cluster" "this" {
  count                               = var.create ? 1 : 0
  cluster_identifier                  = var.name
  engine                              = var.engine
  engine_mode                         = var.engine_mode
  engine_version                      = var.engine_version
  database_name                       = var.is_primary_cluster ? var.database_name : null
  master_username                     = var.is_primary_cluster ? var.master_username : null
  master_password                     = local.managed ? null : var.master_password
  master_password_wo                  = local.managed ? null : var.master_password_wo
  master_password_wo_version          = local.managed ? null : var.master_password_wo_version
  manage_master_user_password         = local.managed ? true : null
  master_user_secret_kms_key_id       = local.managed ? var.master_user_secret_kms_key_id : null
  port                                = var.port == null ? var.unknown : var.port
  storage_encrypted                   = var.storage_encrypted
  storage_type                        = var.storage_type
  kms_key_id                          = var.kms_key_id
  backup_retention_period             = var.backup_retention_period
  preferred_backup_window             = local.serverless ? null : var.preferred_backup_window
  preferred_maintenance_window        = var.preferred_maintenance_window
  deletion_protection                 = var.deletion_protection
  skip_final_snapshot                 = var.skip_final_snapshot
  final_snapshot_identifier           = var.final_snapshot_identifier
  copy_tags_to_snapshot               = var.copy_tags_to_snapshot
  apply_immediately                   = var.apply_immediately
  iam_database_authentication_enabled = var.iam_database_authentication_enabled
  enabled_cloudwatch_logs_exports     = var.enabled_cloudwatch_logs_exports
  enable_http_endpoint                = var.enable_http_endpoint
  db_subnet_group_name                = local.subnets ? aws_db_subnet_group.this[0].name : var.db_subnet_group_name
  vpc_security_group_ids              = local.group ? concat([aws_security_group.this[0].id], var.vpc_security_group_ids) : var.vpc_security_group_ids
  tags                                = merge(var.tags, var.cluster_tags)
  dynamic "serverlessv2_scaling_configuration" {
    for_each = var.serverlessv2_scaling_configuration != null && var.engine_mode == "provisioned" ? [var.serverlessv2_scaling_configuration] : []
    content {
      min_capacity = try(serverlessv2_scaling_configuration.value.min_capacity, null)
      max_capacity = try(serverlessv2_scaling_configuration.value.max_capacity, null)
    }
  }
}

resource "aws_rds_cluster_instance" "this" {
  for_each                   = var.create && !local.serverless ? var.instances : {}
  cluster_identifier         = aws_rds_cluster.this[0].id
  identifier                 = try(each.value.identifier, "${var.name}-${each.key}")
  engine                     = var.engine
  engine_version             = var.engine_version
  instance_class             = try(coalesce(try(each.value.instance_class, null), var.cluster_instance_class, var.instance_class), null)
  db_subnet_group_name       = local.subnets ? aws_db_subnet_group.this[0].name : var.db_subnet_group_name
  publicly_accessible        = try(each.value.publicly_accessible, null)
  promotion_tier             = try(each.value.promotion_tier, null)
  availability_zone          = try(each.value.availability_zone, null)
  auto_minor_version_upgrade = try(each.value.auto_minor_version_upgrade, null)
  tags                       = merge(var.tags, try(each.value.tags, {}))
}

resource "aws_security_group" "this" {
  count       = local.group ? 1 : 0
  name_prefix = "${try(coalesce(var.security_group_name, var.name), "")}-"
  description = try(coalesce(var.security_group_description), var.unknown)
  vpc_id      = var.vpc_id
  tags        = merge({ Name = try(coalesce(var.security_group_name, var.name), var.unknown) }, var.tags)
}

output "cluster_arn" { value = try(aws_rds_cluster.this[0].arn, null) }
output "cluster_id" { value = try(aws_rds_cluster.this[0].id, null) }
output "cluster_endpoint" { value = try(aws_rds_cluster.this[0].endpoint, null) }
output "cluster_reader_endpoint" { value = try(aws_rds_cluster.this[0].reader_endpoint, null) }
output "cluster_port" { value = try(aws_rds_cluster.this[0].port, null) }
output "cluster_database_name" { value = var.database_name }
output "security_group_id" { value = try(aws_security_group.this[0].id, null) }
output "db_subnet_group_name" { value = try(aws_db_subnet_group.this[0].name, var.db_subnet_group_name) }
