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

variable "replica_region" {
  type    = string
  default = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}-[a-z]+-[0-9]$", var.replica_region))
    error_message = "replica_region must match ^[a-z]{2}-[a-z]+-[0-9]$."
  }
}

variable "buckets" {
  type = map(string)
  default = {
    logs  = "acme-logs"
    media = "acme-media"
  }
}

variable "zones" {
  type    = number
  default = 2

  validation {
    condition     = var.zones >= 1
    error_message = "zones must be at least 1."
  }

  validation {
    condition     = var.zones <= 3
    error_message = "zones must be at most 3."
  }
}
