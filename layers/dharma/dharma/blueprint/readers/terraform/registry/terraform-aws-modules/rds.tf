# https://github.com/terraform-aws-modules/terraform-aws-rds
# The instance with its subnet, parameter and option group, and its role for monitoring. In the
# module these are modules of their own, so their addresses have one step more there.

variable "create_db_instance" { default = true }
variable "identifier" {}
variable "instance_use_identifier_prefix" { default = false }
variable "engine" { default = null }
variable "engine_version" { default = null }
variable "instance_class" { default = null }
variable "license_model" { default = null }
variable "allocated_storage" { default = null }
variable "max_allocated_storage" { default = 0 }
variable "storage_type" { default = null }
variable "storage_throughput" { default = null }
variable "iops" { default = null }
variable "storage_encrypted" { default = true }
variable "kms_key_id" { default = null }
variable "db_name" { default = null }
variable "username" { default = null }
variable "password" { default = null }
variable "password_wo" { default = null }
variable "password_wo_version" { default = null }
variable "manage_master_user_password" { default = true }
variable "master_user_secret_kms_key_id" { default = null }
variable "port" { default = null }
variable "iam_database_authentication_enabled" { default = false }
variable "vpc_security_group_ids" { default = [] }
variable "availability_zone" { default = null }
variable "multi_az" { default = false }
variable "publicly_accessible" { default = false }
variable "ca_cert_identifier" { default = null }
variable "replicate_source_db" { default = null }
variable "snapshot_identifier" { default = null }
variable "skip_final_snapshot" { default = false }
variable "copy_tags_to_snapshot" { default = true }
variable "backup_retention_period" { default = null }
variable "backup_window" { default = null }
variable "maintenance_window" { default = null }
variable "delete_automated_backups" { default = true }
variable "deletion_protection" { default = false }
variable "auto_minor_version_upgrade" { default = true }
variable "allow_major_version_upgrade" { default = false }
variable "apply_immediately" { default = false }
variable "performance_insights_enabled" { default = false }
variable "performance_insights_retention_period" { default = 7 }
variable "performance_insights_kms_key_id" { default = null }
variable "enabled_cloudwatch_logs_exports" { default = [] }
variable "monitoring_interval" { default = 0 }
variable "monitoring_role_arn" { default = null }
variable "create_monitoring_role" { default = false }
variable "monitoring_role_name" { default = "rds-monitoring-role" }
variable "monitoring_role_use_name_prefix" { default = false }
variable "create_db_subnet_group" { default = false }
variable "db_subnet_group_name" { default = null }
variable "subnet_ids" { default = [] }
variable "create_db_parameter_group" { default = true }
variable "parameter_group_name" { default = null }
variable "family" { default = null }
variable "parameters" { default = null }
variable "create_db_option_group" { default = true }
variable "option_group_name" { default = null }
variable "major_engine_version" { default = null }
variable "options" { default = null }
variable "tags" { default = {} }
variable "db_instance_tags" { default = {} }
variable "unknown" {}

locals {
  described = "7.2"
  replica   = var.replicate_source_db != null
  managed   = !local.replica && var.manage_master_user_password
}

resource "aws_db_subnet_group" "this" {
  count      = var.create_db_subnet_group ? 1 : 0
  name       = var.unknown
  subnet_ids = var.subnet_ids
  tags       = merge({ Name = try(coalesce(var.db_subnet_group_name, var.identifier), var.unknown) }, var.tags)
}

resource "aws_db_parameter_group" "this" {
  count  = var.create_db_parameter_group ? 1 : 0
  name   = var.unknown
  family = var.family
  tags   = merge({ Name = try(coalesce(var.parameter_group_name, var.identifier), var.unknown) }, var.tags)
  dynamic "parameter" {
    for_each = var.parameters == null ? [] : var.parameters
    content {
      name         = parameter.value.name
      value        = parameter.value.value
      apply_method = lookup(parameter.value, "apply_method", null)
    }
  }
}

resource "aws_db_instance" "this" {
  count                                 = var.create_db_instance ? 1 : 0
  identifier                            = var.instance_use_identifier_prefix ? null : var.identifier
  identifier_prefix                     = var.instance_use_identifier_prefix ? "${var.identifier}-" : null
  engine                                = local.replica ? null : var.engine
  engine_version                        = var.engine_version
  instance_class                        = var.instance_class
  license_model                         = var.license_model
  allocated_storage                     = var.allocated_storage
  max_allocated_storage                 = var.max_allocated_storage
  storage_type                          = var.storage_type
  storage_throughput                    = var.storage_throughput
  iops                                  = var.iops
  storage_encrypted                     = var.storage_encrypted
  kms_key_id                            = var.kms_key_id
  db_name                               = var.db_name
  username                              = local.replica ? null : var.username
  password                              = local.managed ? null : var.password
  password_wo                           = local.managed ? null : var.password_wo
  password_wo_version                   = local.managed ? null : var.password_wo_version
  manage_master_user_password           = local.managed ? true : null
  master_user_secret_kms_key_id         = local.managed ? var.master_user_secret_kms_key_id : null
  port                                  = var.port
  iam_database_authentication_enabled   = var.iam_database_authentication_enabled
  vpc_security_group_ids                = var.vpc_security_group_ids
  db_subnet_group_name                  = var.create_db_subnet_group ? aws_db_subnet_group.this[0].id : var.db_subnet_group_name
  parameter_group_name                  = var.create_db_parameter_group ? aws_db_parameter_group.this[0].id : var.parameter_group_name
  option_group_name                     = var.create_db_option_group && var.engine != "postgres" ? var.unknown : var.option_group_name
  availability_zone                     = var.availability_zone
  multi_az                              = var.multi_az
  publicly_accessible                   = var.publicly_accessible
  ca_cert_identifier                    = var.ca_cert_identifier
  replicate_source_db                   = var.replicate_source_db
  snapshot_identifier                   = var.snapshot_identifier
  skip_final_snapshot                   = var.skip_final_snapshot
  final_snapshot_identifier             = var.skip_final_snapshot ? null : var.unknown
  copy_tags_to_snapshot                 = var.copy_tags_to_snapshot
  backup_retention_period               = var.backup_retention_period
  backup_window                         = var.backup_window
  maintenance_window                    = var.maintenance_window
  delete_automated_backups              = var.delete_automated_backups
  deletion_protection                   = var.deletion_protection
  auto_minor_version_upgrade            = var.auto_minor_version_upgrade
  allow_major_version_upgrade           = var.allow_major_version_upgrade
  apply_immediately                     = var.apply_immediately
  performance_insights_enabled          = var.performance_insights_enabled
  performance_insights_retention_period = var.performance_insights_enabled ? var.performance_insights_retention_period : null
  performance_insights_kms_key_id       = var.performance_insights_enabled ? var.performance_insights_kms_key_id : null
  enabled_cloudwatch_logs_exports       = var.enabled_cloudwatch_logs_exports
  monitoring_interval                   = var.monitoring_interval
  monitoring_role_arn                   = var.monitoring_interval == 0 ? null : var.create_monitoring_role ? aws_iam_role.enhanced_monitoring[0].arn : var.monitoring_role_arn
  tags                                  = merge(var.tags, var.db_instance_tags)
}

resource "aws_iam_role" "enhanced_monitoring" {
  count       = var.create_monitoring_role ? 1 : 0
  name        = var.monitoring_role_use_name_prefix ? null : var.monitoring_role_name
  name_prefix = var.monitoring_role_use_name_prefix ? "${var.monitoring_role_name}-" : null
  tags        = merge({ Name = var.monitoring_role_name }, var.tags)
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
    }]
  })
}

output "db_instance_identifier" { value = try(aws_db_instance.this[0].identifier, null) }
output "db_instance_arn" { value = try(aws_db_instance.this[0].arn, null) }
output "db_instance_address" { value = try(aws_db_instance.this[0].address, null) }
output "db_instance_endpoint" { value = try(aws_db_instance.this[0].endpoint, null) }
output "db_instance_port" { value = try(aws_db_instance.this[0].port, null) }
output "db_instance_name" { value = try(aws_db_instance.this[0].db_name, null) }
output "db_instance_username" { value = try(aws_db_instance.this[0].username, null) }
output "db_instance_resource_id" { value = try(aws_db_instance.this[0].resource_id, null) }
output "db_subnet_group_id" { value = try(aws_db_subnet_group.this[0].id, null) }
output "db_parameter_group_id" { value = try(aws_db_parameter_group.this[0].id, null) }
output "enhanced_monitoring_iam_role_arn" { value = try(aws_iam_role.enhanced_monitoring[0].arn, null) }
