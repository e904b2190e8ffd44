module "m" {
  source = "terraform-aws-modules/kms/aws"

  description             = "shop"
  aliases                 = ["shop/one"]
  deletion_window_in_days = 7
  multi_region            = true
  tags                    = { Team = "web" }
}
