provider "aws" {
  region = "eu-west-1"
  default_tags {
    tags = { Owner = "platform", Env = var.env }
  }
}
variable "env" { default = "dev" }

resource "aws_sqs_queue" "q" {
  name = "q"
  tags = { Env = "special" }
}
resource "aws_sns_topic" "t" { name = "t" }
