variable "any" { default = { a = 1, b = ["x", 2] } }
variable "typed" {
  type    = map(string)
  default = { n = 5, b = true }
}
variable "tuple" {
  type    = tuple([string, number, bool])
  default = [1, "2", "true"]
}
variable "lists" {
  type    = map(list(string))
  default = { a = [1, 2], b = [] }
}
variable "never_null" {
  type     = string
  default  = "d"
  nullable = false
}
locals {
  later = local.earlier + 1
  earlier = 1
  self = { inner = { value = local.later } }
}
output "any" { value = var.any }
output "typed" { value = var.typed }
output "tuple" { value = var.tuple }
output "lists" { value = var.lists }
output "locals" { value = local.self.inner["value"] }
output "never_null" { value = var.never_null }
output "tomap" { value = tomap({ a = "x", b = 1 }) }
output "tolist" { value = tolist(["a", 1, true]) }
output "types" { value = [tostring(5), tonumber("7"), tobool("true")] }
output "quoted_keys" { value = { "a b" = 1, (upper("k")) = 2, c : 3 } }
output "path" { value = [path.module, path.root, terraform.workspace] }
