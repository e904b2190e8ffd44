variable "environment" {
  type        = string
  description = "Part of every name"
  default     = "dev"

  validation {
    condition     = contains(["dev", "production"], var.environment)
    error_message = "environment must be one of: dev, production."
  }
}

variable "location" {
  type        = string
  description = "Where everything stands"
  default     = "westeurope"
}
