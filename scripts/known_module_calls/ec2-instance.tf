module "m" {
  source = "terraform-aws-modules/ec2-instance/aws"

  name                         = "web"
  ami                          = "ami-1"
  subnet_id                    = "subnet-1"
  instance_type                = "t3.large"
  create_eip                   = true
  create_iam_instance_profile  = true
  iam_role_policies            = { ssm = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore" }
  root_block_device            = { encrypted = true, type = "gp3", size = 50 }
  security_group_vpc_id        = "vpc-1"
  security_group_ingress_rules = { https = { cidr_ipv4 = "10.0.0.0/8", from_port = 443 } }
  tags                         = { Team = "web" }
}
