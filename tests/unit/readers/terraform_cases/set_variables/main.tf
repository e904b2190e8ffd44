variable "ports" {
  type    = set(number)
  default = [443, 80, 443]
}
variable "zones" {
  type    = set(string)
  default = ["b", "a", "b"]
}
variable "users" {
  type    = set(object({ name = string, admin = optional(bool, false) }))
  default = [{ name = "x" }, { name = "a", admin = true }, { name = "x", admin = false }]
}

resource "aws_security_group" "g" {
  name   = "g"
  vpc_id = "vpc-12345678"
  dynamic "ingress" {
    for_each = var.ports
    content {
      description = "port ${ingress.key}"
      from_port   = ingress.key
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["10.0.0.0/8"]
    }
  }
}

resource "aws_iam_user" "u" {
  for_each = { for u in var.users : u.name => u }
  name     = each.key
  path     = each.value.admin ? "/admin/" : "/"
}

module "inner" {
  source = "./inner"
  zones  = ["d", "c", "d"]
}

output "count" { value = [length(var.ports), length(var.users)] }
output "pairs" { value = [for k, v in var.zones : "${k}${v}"] }
output "inner" { value = module.inner.pairs }
output "pass" { value = module.inner.zones }
output "first" { value = sort(var.zones)[0] }
