module "m" {
  source = "terraform-aws-modules/security-group/aws"

  name                = "web"
  vpc_id              = "vpc-1"
  ingress_cidr_blocks = ["10.0.0.0/8"]
  ingress_rules       = ["https-443-tcp", "ssh-tcp"]
  egress_rules        = ["all-all"]
  ingress_with_cidr_blocks = [
    { from_port = 8080, to_port = 8090, protocol = "tcp", description = "x", cidr_blocks = "10.0.0.0/16" },
    { rule = "postgresql-tcp", cidr_blocks = "0.0.0.0/0,10.1.0.0/16" },
  ]
  ingress_with_self                     = [{ rule = "all-all" }]
  ingress_with_source_security_group_id = [{ rule = "mysql-tcp", source_security_group_id = "sg-1" }]
}
