variable "delay" {
  type    = number
  default = null
}
variable "name" {
  type    = string
  default = ""
}
variable "tags" {
  type    = map(string)
  default = null
}

resource "aws_sqs_queue" "q" {
  name                       = var.name != "" ? var.name : null
  delay_seconds              = var.delay
  visibility_timeout_seconds = var.delay == null ? 60 : var.delay * 2
  message_retention_seconds  = coalesce(var.delay, 3600)
  tags                       = var.tags == null ? { a = "1" } : var.tags
}

output "mixed" { value = true ? 1 : "x" }
output "number_text" { value = false ? "x" : 12 }
output "null_text" { value = "${var.delay == null ? "none" : "some"}" }
output "list_or_null" { value = var.tags == null ? [] : keys(var.tags) }
output "coalesced" { value = coalesce(var.name, "default") }
output "first" { value = coalescelist([], ["a"]) }
output "trying" { value = try(var.tags["x"], "nothing") }
