module "m" {
  source = "terraform-aws-modules/sqs/aws"

  name                       = "jobs"
  fifo_queue                 = true
  create_dlq                 = true
  redrive_policy             = { maxReceiveCount = 10 }
  visibility_timeout_seconds = 60
  kms_master_key_id          = "alias/x"
  tags                       = { Team = "web" }
}
