# https://github.com/terraform-aws-modules/terraform-aws-ecr
# A private repository; settings of the registry are left out.

variable "create" { default = true }
variable "create_repository" { default = true }
variable "repository_type" { default = "private" }
variable "repository_name" { default = "" }
variable "repository_image_tag_mutability" { default = "IMMUTABLE" }
variable "repository_encryption_type" { default = null }
variable "repository_kms_key" { default = null }
variable "repository_image_scan_on_push" { default = true }
variable "repository_force_delete" { default = null }
variable "attach_repository_policy" { default = true }
variable "create_repository_policy" { default = true }
variable "repository_policy" { default = null }
variable "create_lifecycle_policy" { default = true }
variable "repository_lifecycle_policy" { default = "" }
variable "tags" { default = {} }
variable "unknown" {}

locals { private = var.create && var.create_repository && var.repository_type == "private" }

locals { described = "3.2" }

resource "aws_ecr_repository" "this" {
  count                = local.private ? 1 : 0
  name                 = var.repository_name
  image_tag_mutability = var.repository_image_tag_mutability
  force_delete         = var.repository_force_delete
  tags                 = var.tags
  image_scanning_configuration { scan_on_push = var.repository_image_scan_on_push }
  encryption_configuration {
    encryption_type = var.repository_encryption_type
    kms_key         = var.repository_kms_key
  }
}

resource "aws_ecr_repository_policy" "this" {
  count      = local.private && var.attach_repository_policy ? 1 : 0
  repository = aws_ecr_repository.this[0].name
  policy     = var.create_repository_policy ? var.unknown : var.repository_policy
}

resource "aws_ecr_lifecycle_policy" "this" {
  count      = local.private && var.create_lifecycle_policy ? 1 : 0
  repository = aws_ecr_repository.this[0].name
  policy     = var.repository_lifecycle_policy
}

output "repository_arn" { value = try(aws_ecr_repository.this[0].arn, null) }
output "repository_name" { value = try(aws_ecr_repository.this[0].name, null) }
output "repository_url" { value = try(aws_ecr_repository.this[0].repository_url, null) }
