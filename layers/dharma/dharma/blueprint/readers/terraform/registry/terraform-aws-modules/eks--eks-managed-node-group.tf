# https://github.com/terraform-aws-modules/terraform-aws-eks/tree/master/modules/eks-managed-node-group
# The node group and its role; its launch template and the rules of its group are left out.

variable "create" { default = true }
variable "name" { default = "" }
variable "use_name_prefix" { default = true }
variable "cluster_name" { default = "" }
variable "kubernetes_version" { default = null }
variable "cluster_version" { default = null }
variable "subnet_ids" { default = null }
variable "min_size" { default = 1 }
variable "max_size" { default = 3 }
variable "desired_size" { default = 1 }
variable "instance_types" { default = null }
variable "capacity_type" { default = "ON_DEMAND" }
variable "ami_type" { default = "AL2023_x86_64_STANDARD" }
variable "ami_id" { default = "" }
variable "disk_size" { default = null }
variable "labels" { default = null }
variable "taints" { default = null }
variable "remote_access" { default = null }
variable "use_custom_launch_template" { default = true }
variable "create_iam_role" { default = true }
variable "iam_role_arn" { default = null }
variable "iam_role_additional_policies" { default = {} }
variable "tags" { default = {} }
variable "unknown" {}

locals { described = "21.19" }

resource "aws_eks_node_group" "this" {
  count                  = var.create ? 1 : 0
  cluster_name           = var.cluster_name
  node_group_name        = var.use_name_prefix ? null : var.name
  node_group_name_prefix = var.use_name_prefix ? "${var.name}-" : null
  node_role_arn          = var.create_iam_role ? aws_iam_role.this[0].arn : var.iam_role_arn
  subnet_ids             = var.subnet_ids
  version                = var.ami_id != "" ? null : try(coalesce(var.kubernetes_version, var.cluster_version), null)
  ami_type               = var.ami_id != "" ? null : var.ami_type
  capacity_type          = var.capacity_type
  disk_size              = var.use_custom_launch_template ? null : var.disk_size
  instance_types         = var.instance_types
  labels                 = var.labels
  tags                   = merge(var.tags, { Name = var.name })

  scaling_config {
    min_size     = var.min_size
    max_size     = var.max_size
    desired_size = var.desired_size
  }
  dynamic "remote_access" {
    for_each = var.remote_access == null ? [] : [var.remote_access]
    content {
      ec2_ssh_key               = try(remote_access.value.ec2_ssh_key, null)
      source_security_group_ids = try(remote_access.value.source_security_group_ids, null)
    }
  }
  dynamic "taint" {
    for_each = var.taints == null ? {} : var.taints
    content {
      key    = taint.value.key
      value  = try(taint.value.value, null)
      effect = taint.value.effect
    }
  }
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

output "iam_role_arn" { value = try(aws_iam_role.this[0].arn, var.iam_role_arn) }
output "iam_role_name" { value = try(aws_iam_role.this[0].name, null) }
output "node_group_arn" { value = try(aws_eks_node_group.this[0].arn, null) }
output "node_group_id" { value = try(aws_eks_node_group.this[0].id, null) }
