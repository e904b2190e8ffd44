variable "sns_topic_alerts" {
  type        = any
  description = "aws_sns_topic.alerts of the root module."
}

variable "subnet_app_id_list" {
  type        = any
  description = "aws_subnet.app.id of module network."
}

variable "vpc_main_id" {
  type        = any
  description = "aws_vpc.main.id of module network."
}
