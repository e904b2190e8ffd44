module "m" {
  source = "terraform-aws-modules/security-group/aws//modules/https-443"

  name                = "web"
  vpc_id              = "vpc-1"
  ingress_cidr_blocks = ["10.0.0.0/8"]
}
