variable "size" { default = 1 }
variable "name" {}
variable "list" { type = list(string) }
resource "aws_sqs_queue" "q" {
  name          = var.name
  delay_seconds = var.size
}
output "list" { value = var.list }
