locals {
  people = [{ name = "a", tags = [{ k = 1 }, { k = 2 }] }, { name = "b", tags = [] }]
  nothing = null
  single  = { name = "s" }
}

resource "aws_sqs_queue" "q" {
  count = 2
  name  = "q-${count.index + 1}"
}

resource "aws_sqs_queue" "none" {
  count = 0
  name  = "none"
}

output "names" { value = local.people[*].name }
output "numbers" { value = local.people[*].tags[*].k }
output "first_tags" { value = local.people.*.tags[0] }
output "of_null" { value = local.nothing[*] }
output "of_one" { value = local.single[*].name }
output "queues" { value = aws_sqs_queue.q[*].name }
output "old_splat" { value = aws_sqs_queue.q.*.name }
output "no_queues" { value = join(",", aws_sqs_queue.none[*].name) }
output "joined" { value = join("/", concat(aws_sqs_queue.q[*].name, aws_sqs_queue.none[*].name, ["x"])) }
