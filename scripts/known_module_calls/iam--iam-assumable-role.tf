module "m" {
  source = "terraform-aws-modules/iam/aws//modules/iam-assumable-role"

  create_role             = true
  role_name               = "deploy"
  trusted_role_arns       = ["arn:aws:iam::123456789012:root"]
  custom_role_policy_arns = ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]
  attach_admin_policy     = true
  create_instance_profile = true
  tags                    = { Team = "web" }
}
