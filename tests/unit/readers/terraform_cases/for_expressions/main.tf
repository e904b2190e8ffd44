locals {
  users = {
    ann = { admin = true, groups = ["dev", "ops"] }
    bob = { admin = false, groups = ["dev"] }
    eve = { admin = true, groups = [] }
  }
}

output "admins" { value = [for name, user in local.users : upper(name) if user.admin] }
output "grouped" {
  value = { for pair in flatten([for n, u in local.users : [for g in u.groups : { n = n, g = g }]]) : pair.g => pair.n... }
}
output "indexed" { value = [for i, v in ["x", "y"] : "${i}=${v}"] }
output "of_set" { value = [for v in toset(["b", "a", "b"]) : v] }
output "of_set_keys" { value = { for k, v in toset(["b", "a"]) : k => v } }
output "swapped" { value = { for k, v in { a = "x", b = "y" } : v => k } }
output "nested" { value = { for n, u in local.users : n => { for g in u.groups : g => length(g) } if length(u.groups) > 0 } }
output "objects" { value = [for n, u in local.users : merge(u, { name = n })] }
output "text" { value = "%{for n, u in local.users~}${n}%{if u.admin}*%{endif},%{endfor}" }

resource "aws_iam_user" "u" {
  for_each = { for n, u in local.users : n => u if u.admin }
  name     = each.key
  path     = "/${join("/", concat(each.value.groups, ["end"]))}/"
}
