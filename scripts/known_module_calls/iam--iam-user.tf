module "m" {
  source = "terraform-aws-modules/iam/aws//modules/iam-user"

  name                 = "ci"
  create_login_profile = false
  tags                 = { Team = "web" }
}
