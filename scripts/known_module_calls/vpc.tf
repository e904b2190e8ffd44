module "m" {
  source = "terraform-aws-modules/vpc/aws"

  name                                      = "shop"
  azs                                       = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  public_subnets                            = ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]
  private_subnets                           = ["10.0.11.0/24", "10.0.12.0/24", "10.0.13.0/24"]
  database_subnets                          = ["10.0.21.0/24", "10.0.22.0/24"]
  enable_nat_gateway                        = true
  enable_flow_log                           = true
  create_flow_log_cloudwatch_log_group      = true
  create_flow_log_cloudwatch_iam_role       = true
  flow_log_cloudwatch_log_group_name_suffix = "shop"
  public_subnet_tags                        = { "kubernetes.io/role/elb" = 1 }
  tags                                      = { Team = "web" }
  default_security_group_ingress            = [{ self = true }]
}
