variable "zones" { default = ["a", "b", "c"] }

module "zone" {
  source = "./zone"
  count  = length(var.zones)
  zone   = var.zones[count.index]
  number = count.index
}

module "off" {
  source = "./zone"
  count  = contains(var.zones, "z") ? 1 : 0
  zone   = "z"
  number = 9
}

output "cidrs" { value = module.zone[*].cidr }
output "second" { value = module.zone[1].cidr }
output "off" { value = one(module.off[*].cidr) }
output "off_or" { value = try(module.off[0].cidr, "none") }
