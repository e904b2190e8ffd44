locals { actions = ["sqs:SendMessage", "sqs:ReceiveMessage"] }

resource "aws_iam_policy" "p" {
  name = "p"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for i, a in local.actions : {
        Sid      = "S${i}"
        Effect   = "Allow"
        Action   = a
        Resource = "*"
      }
    ]
  })
}

resource "aws_iam_role" "r" {
  name               = "r"
  assume_role_policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "${join(".", ["ec2", "amazonaws", "com"])}"}}]
}
EOF
}
