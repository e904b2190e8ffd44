resource "aws_sqs_queue" "q" {
  delay_seconds = var.size + 1
}
