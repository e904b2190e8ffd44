moved {
  from = aws_sqs_queue.old
  to   = aws_sqs_queue.new
}
resource "aws_sqs_queue" "new" {
  name = "renamed"
}
