resource "aws_sqs_queue" "base" {
  for_each = toset(["one", "two"])
  name     = "base-${each.key}"
}
resource "aws_sqs_queue" "derived" {
  for_each = aws_sqs_queue.base
  name     = "${each.value.name}-${each.key}"
}
resource "aws_sqs_queue" "by_count" {
  count = length(aws_sqs_queue.base)
  name  = "n${count.index}"
}
output "names" { value = { for k, q in aws_sqs_queue.derived : k => q.name } }
output "values" { value = sort(values(aws_sqs_queue.base)[*].name) }
