output "subnet_app_id_list" {
  description = "aws_subnet.app.id."
  value       = aws_subnet.app[*].id
}

output "vpc_main_id" {
  description = "aws_vpc.main.id."
  value       = aws_vpc.main.id
}
