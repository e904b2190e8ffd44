variable "region" {
  type        = string
  description = "The region to deploy into."
  default     = "eu-west-1"
}

variable "environment" {
  type    = string
  default = "dev"

  validation {
    condition     = contains(["dev", "production"], var.environment)
    error_message = "environment must be one of: dev, production."
  }
}
