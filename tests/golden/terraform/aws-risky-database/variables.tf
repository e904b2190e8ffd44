variable "region" {
  type        = string
  description = "The region to deploy into."
  default     = "eu-west-1"
}

variable "vpc" {
  type = string
}

variable "password" {
  type      = string
  sensitive = true
}
