variable "zones" { type = set(string) }
output "pairs" { value = { for k, v in var.zones : k => v } }
output "zones" { value = var.zones }
