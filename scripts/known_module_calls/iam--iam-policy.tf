module "m" {
  source = "terraform-aws-modules/iam/aws//modules/iam-policy"

  name   = "read"
  path   = "/"
  policy = "{}"
  tags   = { Team = "web" }
}
