resource "aws_ssm_parameter" "p" {
  name  = "p"
  type  = "String"
  value = templatefile("${path.module}/motd.tftpl", { who = "World", hosts = ["a", "b"], debug = false })
}

output "json" { value = jsondecode(templatefile("list.tftpl", { names = ["x", "y"] })) }
output "plain" { value = trimspace(file("${path.module}/motd.tftpl")) }
output "hash" { value = filesha256("motd.tftpl") }
output "names" { value = fileset(path.module, "*.tftpl") }
output "there" { value = [fileexists("motd.tftpl"), fileexists("nothing")] }
output "heredoc" {
  value = <<-EOT
    one
      two %{if true}three%{endif}
    $${literal}
  EOT
}
