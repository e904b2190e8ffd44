module "m" {
  source = "terraform-aws-modules/rds/aws"

  identifier                      = "shop"
  engine                          = "mysql"
  engine_version                  = "8.0"
  family                          = "mysql8.0"
  major_engine_version            = "8.0"
  instance_class                  = "db.t4g.large"
  allocated_storage               = 20
  max_allocated_storage           = 100
  db_name                         = "shop"
  username                        = "admin"
  port                            = 3306
  multi_az                        = true
  create_db_subnet_group          = true
  subnet_ids                      = ["subnet-1", "subnet-2"]
  vpc_security_group_ids          = ["sg-1"]
  backup_retention_period         = 7
  deletion_protection             = true
  performance_insights_enabled    = true
  monitoring_interval             = 60
  create_monitoring_role          = true
  enabled_cloudwatch_logs_exports = ["general"]
  parameters                      = [{ name = "character_set_client", value = "utf8mb4" }]
  tags                            = { Team = "web" }
}
