module "m" {
  source = "terraform-aws-modules/iam/aws//modules/iam-role"

  name                    = "deploy"
  policies                = { admin = "arn:aws:iam::aws:policy/AdministratorAccess" }
  create_instance_profile = true
  tags                    = { Team = "web" }
}
