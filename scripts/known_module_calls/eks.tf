module "m" {
  source = "terraform-aws-modules/eks/aws"

  name                    = "shop"
  kubernetes_version      = "1.33"
  vpc_id                  = "vpc-1"
  subnet_ids              = ["subnet-1", "subnet-2"]
  endpoint_public_access  = true
  eks_managed_node_groups = { default = { instance_types = ["m6i.large"], min_size = 2, max_size = 10, desired_size = 2 } }
  tags                    = { Team = "web" }
}
