resource "aws_security_group" "app" {
  description = "The application's own"
  vpc_id      = var.vpc_main_id
}

resource "aws_sqs_queue" "jobs" {
  tags = {
    Subnets = join(" ", var.subnet_app_id_list)
  }

  depends_on = [var.sns_topic_alerts]
}

resource "aws_sqs_queue" "audit" {
  provider = aws.us_east_1

  message_retention_seconds = 1209600
}
