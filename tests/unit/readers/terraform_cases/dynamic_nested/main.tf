variable "origins" {
  default = [
    { port = 443, ranges = ["10.0.0.0/8", "192.168.0.0/16"], groups = null },
    { port = 80, ranges = [], groups = ["sg-12345678"] },
  ]
}

resource "aws_security_group" "web" {
  name   = "web"
  vpc_id = "vpc-12345678"

  ingress {
    description = "ssh"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["10.1.0.0/16"]
  }

  dynamic "ingress" {
    for_each = var.origins
    iterator = rule
    content {
      description     = "rule ${rule.key}"
      from_port       = rule.value.port
      to_port         = rule.value["port"]
      protocol        = "tcp"
      cidr_blocks     = length(rule.value.ranges) > 0 ? rule.value.ranges : null
      security_groups = rule.value.groups
    }
  }

  dynamic "egress" {
    for_each = toset(["udp", "tcp"])
    content {
      from_port   = 53
      to_port     = 53
      protocol    = egress.key
      cidr_blocks = ["0.0.0.0/0"]
      description = "${egress.key} is ${egress.value}"
    }
  }
}

variable "rules" {
  default = {
    logs = { days = 30, moves = { GLACIER = 10, DEEP_ARCHIVE = 100 } }
    tmp  = { days = 1, moves = {} }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "rules" {
  bucket = "a-bucket"

  dynamic "rule" {
    for_each = var.rules
    content {
      id     = rule.key
      status = "Enabled"
      filter { prefix = "${rule.key}/" }
      expiration { days = rule.value.days * 10 }

      dynamic "transition" {
        for_each = rule.value.moves
        content {
          storage_class = transition.key
          days          = transition.value + (rule.key == "logs" ? 30 : 0)
        }
      }
    }
  }
}
