variable "environment" {
  type = string
}

variable "zones" {
  type = number
}
