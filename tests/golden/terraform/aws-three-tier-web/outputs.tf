output "url" {
  description = "Where the application answers"
  value       = "http://${aws_lb.web.dns_name}"
}

output "assets" {
  value = aws_s3_bucket.assets.id
}

output "database" {
  value = aws_db_instance.main.address
}
