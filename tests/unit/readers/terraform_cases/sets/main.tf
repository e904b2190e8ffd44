locals {
  names   = toset(["b", "a", "b", "c"])
  numbers = toset([10, 9, 2, 10])
  mixed   = toset(["x", 1, true])
  bools   = toset([true, false, true])
  objects = toset([{ n = "b" }, { n = "a" }])
}

resource "aws_iam_user" "u" {
  for_each = local.names
  name     = "${each.key}-${each.value}"
}

output "names" { value = local.names }
output "keys" { value = { for k, v in local.names : k => v } }
output "pairs" { value = [for k, v in local.names : "${k}:${v}"] }
output "count" { value = length(local.names) }
output "numbers" { value = [for n in local.numbers : n * 2] }
output "number_keys" { value = [for k, v in local.numbers : "${k}"] }
output "mixed" { value = [for m in local.mixed : m] }
output "bools" { value = [for b in local.bools : b] }
output "objects" { value = [for o in local.objects : o.n] }
output "same" { value = toset(["a", "b"]) == toset(["b", "a", "a"]) }
output "not_a_list" { value = toset(["a"]) == ["a"] }
output "has" { value = contains(local.names, "b") }
output "sorted" { value = sort(local.names) }
output "listed" { value = tolist(local.names)[1] }
output "joined" { value = join(",", local.names) }
output "index_fails" { value = can(local.names[0]) }
output "minus" { value = setsubtract(local.names, ["b"]) }
output "both" { value = setintersection(local.names, ["b", "z", "c"]) }
output "one" { value = one(toset(["only", "only"])) }
output "element" { value = tolist(local.names)[0] }
output "merged" { value = toset(concat(tolist(local.names), ["d", "a"])) }
output "splat" { value = local.objects[*].n }
output "json" { value = jsonencode(local.names) }
output "through_conditional" { value = [for k, v in(length(local.names) > 1 ? local.names : toset([])) : k] }
output "distinct" { value = distinct(["b", "a", "b"]) }
output "set_of_lists" { value = [for l in toset([["b"], ["a"]]) : l] }
output "null_member" { value = length(toset(["a", null, null])) }
output "nested_keys" { value = flatten([for k, v in local.names : [for i, n in local.numbers : "${k}${i}"]]) }
