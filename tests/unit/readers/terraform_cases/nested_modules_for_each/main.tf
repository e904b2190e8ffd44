variable "teams" {
  type = map(object({ queues = set(string), delay = optional(number, 5) }))
  default = {
    red  = { queues = ["orders", "bills"] }
    blue = { queues = ["mail"], delay = 30 }
  }
}

module "team" {
  source   = "./team"
  for_each = var.teams
  name     = each.key
  settings = each.value
}

output "names" {
  value = { for key, team in module.team : key => team.names }
}

output "all" {
  value = sort(flatten(values(module.team)[*].names))
}
