module "m" {
  source = "terraform-aws-modules/iam/aws//modules/iam-role-for-service-accounts"

  name     = "app"
  policies = { s3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" }
  tags     = { Team = "web" }
}
