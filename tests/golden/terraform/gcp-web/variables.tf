variable "project" {
  type        = string
  description = "Where it all lives."
  default     = "acme"
}

variable "region" {
  type    = string
  default = "europe-west1"
}

variable "zone" {
  type    = string
  default = "europe-west1-b"
}

variable "environment" {
  type    = string
  default = "dev"

  validation {
    condition     = contains(["dev", "production"], var.environment)
    error_message = "environment must be one of: dev, production."
  }
}

variable "certificate" {
  type        = string
  description = "The certificate that visitors see."
  default     = "projects/acme/global/sslCertificates/www"
}
