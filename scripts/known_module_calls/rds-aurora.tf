module "m" {
  source = "terraform-aws-modules/rds-aurora/aws"

  name                            = "shop"
  engine                          = "aurora-postgresql"
  engine_version                  = "16.6"
  master_username                 = "root"
  vpc_id                          = "vpc-1"
  db_subnet_group_name            = "shop"
  cluster_instance_class          = "db.r8g.large"
  instances                       = { one = {}, two = { instance_class = "db.r8g.2xlarge", publicly_accessible = true } }
  deletion_protection             = true
  enabled_cloudwatch_logs_exports = ["postgresql"]
  tags                            = { Team = "web" }
}
