output "sqs_queue_jobs_url" {
  description = "aws_sqs_queue.jobs.url."
  value       = aws_sqs_queue.jobs.url
}
