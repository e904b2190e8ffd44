variable "region" {
  type        = string
  description = "The region to deploy into."
  default     = "eu-west-1"
}

variable "environment" {
  type        = string
  description = "Named in tags, and decides how sturdy the database is"
  default     = "dev"

  validation {
    condition     = contains(["dev", "staging", "production"], var.environment)
    error_message = "environment must be one of: dev, staging, production."
  }
}

variable "instance_type" {
  type    = string
  default = "t3.micro"
}

variable "image_id" {
  type        = string
  description = "The image of the web servers, in the region of the deployment"
  default     = "ami-12c6146b"

  validation {
    condition     = can(regex("^ami-[0-9a-f]{8,17}$", var.image_id))
    error_message = "image_id must match ^ami-[0-9a-f]{8,17}$."
  }
}

variable "certificate_arn" {
  type        = string
  description = "Of the site's certificate; without one there is no HTTPS listener"
  default     = ""

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:acm:.+)?$", var.certificate_arn))
    error_message = "certificate_arn must match ^(arn:aws[a-z-]*:acm:.+)?$."
  }
}

variable "database_password" {
  type        = string
  description = "Of the database's administrator"
  sensitive   = true

  validation {
    condition     = can(regex("^[!-.0-?A-~]{8,41}$", var.database_password))
    error_message = "database_password must match ^[!-.0-?A-~]{8,41}$."
  }
}
