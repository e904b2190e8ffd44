variable "name" {}
variable "delay" { type = number }

resource "aws_sqs_queue" "this" {
  name          = var.name
  delay_seconds = var.delay
}

output "name" { value = aws_sqs_queue.this.name }
