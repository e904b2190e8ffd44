variable "name" { type = string }
variable "settings" {
  type = object({ queues = set(string), delay = number })
}

module "queue" {
  source   = "../queue"
  for_each = var.settings.queues
  name     = "${var.name}-${each.value}"
  delay    = var.settings.delay
}

output "names" {
  value = [for queue in module.queue : queue.name]
}
