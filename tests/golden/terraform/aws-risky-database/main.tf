resource "aws_security_group" "database" {
  description = "PostgreSQL from everywhere"
  vpc_id      = var.vpc
  tags = {
    team = "web"
  }

  ingress {
    protocol    = "tcp"
    from_port   = 5432
    to_port     = 5432
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_db_instance" "orders" {
  engine                  = "postgres"
  instance_class          = "db.t3.micro"
  allocated_storage       = 20
  storage_type            = "gp3"
  storage_encrypted       = false
  username                = "orders"
  password                = var.password
  publicly_accessible     = true
  vpc_security_group_ids  = [aws_security_group.database.id]
  backup_retention_period = 7
  tags = {
    team = "web"
  }
}
