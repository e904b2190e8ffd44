# https://github.com/terraform-aws-modules/terraform-aws-eks
# The cluster with its key, log group, role and groups, and managed node groups. Names of inputs are
# those since version 21, beside those before (`cluster_name`). Addons, Fargate, access entries and
# the rules between the groups are left out.

variable "create" { default = true }
variable "name" { default = null }
variable "cluster_name" { default = null }
variable "kubernetes_version" { default = null }
variable "cluster_version" { default = null }
variable "vpc_id" { default = null }
variable "subnet_ids" { default = [] }
variable "control_plane_subnet_ids" { default = [] }
variable "additional_security_group_ids" { default = [] }
variable "enabled_log_types" { default = null }
variable "cluster_enabled_log_types" { default = null }
variable "endpoint_private_access" { default = null }
variable "cluster_endpoint_private_access" { default = null }
variable "endpoint_public_access" { default = null }
variable "cluster_endpoint_public_access" { default = null }
variable "endpoint_public_access_cidrs" { default = null }
variable "cluster_endpoint_public_access_cidrs" { default = null }
variable "authentication_mode" { default = "API_AND_CONFIG_MAP" }
variable "deletion_protection" { default = null }
variable "ip_family" { default = "ipv4" }
variable "service_ipv4_cidr" { default = null }
variable "encryption_config" { default = {} }
variable "create_kms_key" { default = true }
variable "enable_kms_key_rotation" { default = true }
variable "kms_key_deletion_window_in_days" { default = null }
variable "create_cloudwatch_log_group" { default = true }
variable "cloudwatch_log_group_retention_in_days" { default = 90 }
variable "cloudwatch_log_group_kms_key_id" { default = null }
variable "create_security_group" { default = true }
variable "security_group_id" { default = "" }
variable "create_node_security_group" { default = true }
variable "create_iam_role" { default = true }
variable "iam_role_arn" { default = null }
variable "iam_role_additional_policies" { default = {} }
variable "eks_managed_node_groups" { default = null }
variable "eks_managed_node_group_defaults" { default = {} }
variable "tags" { default = {} }
variable "cluster_tags" { default = {} }
variable "unknown" {}

locals {
  described = "21.19"
  title     = try(coalesce(var.name, var.cluster_name), "")
  groups    = var.create && var.eks_managed_node_groups != null ? var.eks_managed_node_groups : {}
  nodes     = { for name, group in local.groups : name => merge(var.eks_managed_node_group_defaults, group) }
  encrypted = var.encryption_config != null
  key       = var.create && var.create_kms_key && local.encrypted
}

resource "aws_eks_cluster" "this" {
  count                     = var.create ? 1 : 0
  name                      = local.title == "" ? var.unknown : local.title
  version                   = try(coalesce(var.kubernetes_version, var.cluster_version), null)
  role_arn                  = var.create_iam_role ? aws_iam_role.this[0].arn : var.iam_role_arn
  enabled_cluster_log_types = try(coalesce(var.enabled_log_types, var.cluster_enabled_log_types), ["audit", "api", "authenticator"])
  deletion_protection       = var.deletion_protection
  tags                      = merge(var.tags, var.cluster_tags)

  access_config { authentication_mode = var.authentication_mode }
  vpc_config {
    subnet_ids              = length(var.control_plane_subnet_ids) > 0 ? var.control_plane_subnet_ids : var.subnet_ids
    security_group_ids      = concat(var.additional_security_group_ids, var.create_security_group ? [aws_security_group.cluster[0].id] : compact([var.security_group_id]))
    endpoint_private_access = try(coalesce(var.endpoint_private_access, var.cluster_endpoint_private_access), true)
    endpoint_public_access  = try(coalesce(var.endpoint_public_access, var.cluster_endpoint_public_access), false)
    public_access_cidrs     = try(coalesce(var.endpoint_public_access_cidrs, var.cluster_endpoint_public_access_cidrs), ["0.0.0.0/0"])
  }
  kubernetes_network_config {
    ip_family         = var.ip_family
    service_ipv4_cidr = var.service_ipv4_cidr
  }
  dynamic "encryption_config" {
    for_each = local.encrypted ? [var.encryption_config] : []
    content {
      provider { key_arn = local.key ? aws_kms_key.this[0].arn : try(encryption_config.value.provider_key_arn, var.unknown) }
      resources = try(encryption_config.value.resources, ["secrets"])
    }
  }
}

resource "aws_kms_key" "this" {
  count                   = local.key ? 1 : 0
  enable_key_rotation     = var.enable_kms_key_rotation
  deletion_window_in_days = var.kms_key_deletion_window_in_days
  policy                  = var.unknown
  tags                    = var.tags
}

resource "aws_cloudwatch_log_group" "this" {
  count             = var.create && var.create_cloudwatch_log_group ? 1 : 0
  name              = "/aws/eks/${local.title}/cluster"
  retention_in_days = var.cloudwatch_log_group_retention_in_days
  kms_key_id        = var.cloudwatch_log_group_kms_key_id
  tags              = merge({ Name = "/aws/eks/${local.title}/cluster" }, var.tags)
}

resource "aws_security_group" "cluster" {
  count       = var.create && var.create_security_group ? 1 : 0
  name_prefix = "${local.title}-cluster-"
  description = "EKS cluster security group"
  vpc_id      = var.vpc_id
  tags        = merge({ Name = "${local.title}-cluster" }, var.tags)
}

resource "aws_security_group" "node" {
  count       = var.create && var.create_node_security_group ? 1 : 0
  name_prefix = "${local.title}-node-"
  description = "EKS node shared security group"
  vpc_id      = var.vpc_id
  tags        = merge({ Name = "${local.title}-node", "kubernetes.io/cluster/${local.title}" = "owned" }, var.tags)
}

resource "aws_iam_role" "this" {
  count              = var.create && var.create_iam_role ? 1 : 0
  name               = var.unknown
  assume_role_policy = var.unknown
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "additional" {
  for_each   = var.create && var.create_iam_role ? var.iam_role_additional_policies : {}
  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

module "eks_managed_node_group" {
  source   = "terraform-aws-modules/eks/aws//modules/eks-managed-node-group"
  for_each = local.nodes

  create             = try(each.value.create, true)
  name               = try(each.value.name, each.key)
  use_name_prefix    = try(each.value.use_name_prefix, true)
  cluster_name       = try(aws_eks_cluster.this[0].name, null)
  kubernetes_version = try(each.value.kubernetes_version, each.value.cluster_version, aws_eks_cluster.this[0].version, null)
  subnet_ids         = try(each.value.subnet_ids, var.subnet_ids)
  min_size           = try(each.value.min_size, 1)
  max_size           = try(each.value.max_size, 3)
  desired_size       = try(each.value.desired_size, 1)
  instance_types     = try(each.value.instance_types, null)
  capacity_type      = try(each.value.capacity_type, "ON_DEMAND")
  ami_type           = try(each.value.ami_type, "AL2023_x86_64_STANDARD")
  disk_size          = try(each.value.disk_size, null)
  labels             = try(each.value.labels, null)
  taints             = try(each.value.taints, null)
  remote_access      = try(each.value.remote_access, null)
  create_iam_role    = try(each.value.create_iam_role, true)
  iam_role_arn       = try(each.value.iam_role_arn, null)
  tags               = merge(var.tags, try(each.value.tags, {}))
}

output "cluster_arn" { value = try(aws_eks_cluster.this[0].arn, null) }
output "cluster_id" { value = var.unknown }
output "cluster_name" { value = try(aws_eks_cluster.this[0].name, null) }
output "cluster_endpoint" { value = try(aws_eks_cluster.this[0].endpoint, null) }
output "cluster_version" { value = try(aws_eks_cluster.this[0].version, null) }
output "cluster_security_group_id" { value = try(aws_security_group.cluster[0].id, var.security_group_id) }
output "node_security_group_id" { value = try(aws_security_group.node[0].id, var.unknown) }
output "cluster_iam_role_arn" { value = try(aws_iam_role.this[0].arn, var.iam_role_arn) }
output "cloudwatch_log_group_name" { value = try(aws_cloudwatch_log_group.this[0].name, null) }
output "kms_key_arn" { value = try(aws_kms_key.this[0].arn, null) }
