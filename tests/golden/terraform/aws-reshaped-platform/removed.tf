removed {
  from = aws_dynamodb_table.sessions

  lifecycle {
    destroy = false
  }
}

removed {
  from = module.service.aws_sqs_queue.dead

  lifecycle {
    destroy = true
  }
}
