locals {
  data = { a = { b = [1, 2] }, text = "12", word = "x" }
}

output "deep" { value = try(local.data.a.b[1], 0) }
output "missing" { value = try(local.data.a.c.d, local.data.z, "fallback") }
output "can_number" { value = can(tonumber(local.data.text)) }
output "cannot_number" { value = can(tonumber(local.data.word)) }
output "can_regex" { value = [for s in ["a1", "b"] : can(regex("[0-9]", s))] }
output "lookup" { value = lookup({ a = 1 }, "b", 2) }
output "null_try" { value = try(null, "x") == null }
output "out_of_range" { value = try(local.data.a.b[7], "none") }
