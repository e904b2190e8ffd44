variable "zone" { type = string }
variable "number" { type = number }

locals {
  cidr = cidrsubnet("10.0.0.0/16", 8, var.number)
}

resource "aws_subnet" "this" {
  vpc_id            = "vpc-12345678"
  cidr_block        = local.cidr
  availability_zone = "eu-west-1${var.zone}"
}

output "cidr" { value = aws_subnet.this.cidr_block }
