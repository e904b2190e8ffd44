moved {
  from = aws_vpc.vpc
  to   = module.network.aws_vpc.network
}

moved {
  from = module.network.aws_vpc.network
  to   = module.network.aws_vpc.main
}

moved {
  from = module.service.aws_sqs_queue.tasks
  to   = module.service.aws_sqs_queue.jobs
}

moved {
  from = aws_s3_bucket.replica
  to   = aws_s3_bucket.copies
}

moved {
  from = aws_s3_bucket_versioning.replica
  to   = aws_s3_bucket_versioning.copies
}
