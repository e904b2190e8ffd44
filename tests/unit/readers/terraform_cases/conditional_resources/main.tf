variable "create" { default = true }
variable "names" {
  type    = list(string)
  default = []
}
resource "aws_vpc" "main" {
  count      = var.create ? 1 : 0
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "s" {
  count      = var.create && length(var.names) == 0 ? 2 : length(var.names)
  vpc_id     = "vpc-12345678"
  cidr_block = cidrsubnet(aws_vpc.main[0].cidr_block, 8, count.index)
}
resource "aws_sqs_queue" "never" {
  for_each = var.create ? {} : { a = 1 }
  name     = each.key
}
output "cidr" { value = try(aws_vpc.main[0].cidr_block, null) }
output "cidrs" { value = aws_subnet.s[*].cidr_block }
output "never" { value = keys(aws_sqs_queue.never) }
output "condition" { value = var.create ? aws_vpc.main[0].cidr_block : "" }
