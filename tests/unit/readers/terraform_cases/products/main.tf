locals {
  apps  = ["web", "api"]
  envs  = toset(["prod", "dev"])
  pairs = { for p in setproduct(local.apps, local.envs) : "${p[0]}-${p[1]}" => { app = p[0], env = p[1] } }
}

resource "aws_sqs_queue" "q" {
  for_each = local.pairs
  name     = each.key
  tags     = each.value
}

output "pairs" { value = setproduct(local.apps, local.envs) }
output "of_sets" { value = setproduct(toset(["b", "a"]), toset([2, 1])) }
output "chunks" { value = chunklist(["a", "b", "c"], 2) }
output "zip" { value = zipmap(local.apps, [1, 2]) }
output "turned" { value = transpose({ a = ["1", "2"], b = ["2"] }) }
