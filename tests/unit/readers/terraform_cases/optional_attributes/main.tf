variable "config" {
  type = object({
    name    = string
    size    = optional(number, 3)
    nested  = optional(object({ on = optional(bool, true), label = optional(string) }), {})
    extra   = optional(list(object({ key = string, value = optional(string, "v") })), [])
    absent  = optional(map(string))
    numbers = optional(set(number), [3, 1, 2])
  })
  default = {
    name  = "n"
    extra = [{ key = "a" }, { key = "b", value = "w" }]
  }
}

output "config" { value = var.config }
output "on" { value = var.config.nested.on }
output "label" { value = var.config.nested.label == null }
output "values" { value = { for e in var.config.extra : e.key => e.value } }
output "largest" { value = max(var.config.numbers...) }

resource "aws_sqs_queue" "q" {
  name          = var.config.name
  delay_seconds = var.config.size
  fifo_queue    = var.config.nested.label != null
}
