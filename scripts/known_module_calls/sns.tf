module "m" {
  source = "terraform-aws-modules/sns/aws"

  name              = "alarms"
  kms_master_key_id = "alias/x"
  subscriptions     = { ops = { protocol = "email", endpoint = "ops@example.org" } }
  tags              = { Team = "web" }
}
