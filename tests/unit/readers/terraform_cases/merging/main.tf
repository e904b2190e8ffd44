locals {
  base  = { Team = "core", Env = "dev" }
  extra = [{ Env = "prod" }, { Cost = "42" }]
  tags  = merge(local.base, local.extra...)
  deep  = merge({ a = { x = 1 } }, { a = { y = 2 } }, null)
}

resource "aws_sqs_queue" "q" {
  name = "q"
  tags = merge(local.tags, { Name = "q" }, length(local.extra) > 5 ? { Big = "yes" } : {})
}

output "tags" { value = local.tags }
output "deep" { value = local.deep }
output "flat" { value = flatten([["a", ["b"]], [], "c", [[["d"]]]]) }
output "concat" { value = concat([1], [2, 3], []) }
output "compact" { value = compact(["a", "", null, "b"]) }
output "keys" { value = keys(local.tags) }
output "values" { value = values(local.tags) }
output "setunion" { value = setunion(["b"], ["a", "b"]) }
