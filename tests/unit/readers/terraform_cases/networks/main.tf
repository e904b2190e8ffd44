variable "cidr" { default = "10.20.0.0/16" }

locals {
  subnets = cidrsubnets(var.cidr, 4, 4, 8, 8)
  zones   = ["a", "b"]
  public  = { for i, z in local.zones : z => cidrsubnet(var.cidr, 8, i) }
}

resource "aws_subnet" "public" {
  for_each          = local.public
  vpc_id            = "vpc-12345678"
  cidr_block        = each.value
  availability_zone = "eu-west-1${each.key}"
  tags              = { Name = format("public-%s-%02d", each.key, index(local.zones, each.key)) }
}

output "subnets" { value = local.subnets }
output "host" { value = cidrhost(local.subnets[2], -2) }
output "mask" { value = cidrnetmask(var.cidr) }
output "six" { value = cidrsubnet("fd00:fd12:3456:7890::/56", 16, 162) }
output "hosts" { value = [for n in range(4, 7) : cidrhost("192.168.0.0/24", n)] }
