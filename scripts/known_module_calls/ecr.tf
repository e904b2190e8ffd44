module "m" {
  source = "terraform-aws-modules/ecr/aws"

  repository_name             = "shop"
  repository_lifecycle_policy = "{}"
  repository_encryption_type  = "KMS"
  tags                        = { Team = "web" }
}
