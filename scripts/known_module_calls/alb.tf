module "m" {
  source = "terraform-aws-modules/alb/aws"

  name                         = "web"
  vpc_id                       = "vpc-1"
  subnets                      = ["subnet-1", "subnet-2"]
  access_logs                  = { bucket = "logs" }
  security_group_ingress_rules = { https = { from_port = 443, to_port = 443, ip_protocol = "tcp", cidr_ipv4 = "0.0.0.0/0" } }
  listeners = {
    http  = { port = 80, protocol = "HTTP", redirect = { port = "443", protocol = "HTTPS", status_code = "HTTP_301" } }
    https = { port = 443, protocol = "HTTPS", certificate_arn = "arn:c", forward = { target_group_key = "web" } }
  }
  target_groups = { web = { name_prefix = "web-", protocol = "HTTP", port = 8080, target_type = "ip", create_attachment = false,
  health_check = { path = "/health" } } }
  tags = { Team = "web" }
}
