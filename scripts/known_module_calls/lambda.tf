module "m" {
  source = "terraform-aws-modules/lambda/aws"

  function_name                           = "resize"
  handler                                 = "app.handler"
  runtime                                 = "python3.13"
  memory_size                             = 512
  create_package                          = false
  local_existing_package                  = "app.zip"
  environment_variables                   = { LEVEL = "info" }
  tracing_mode                            = "Active"
  vpc_subnet_ids                          = ["subnet-1"]
  vpc_security_group_ids                  = ["sg-1"]
  cloudwatch_logs_retention_in_days       = 14
  attach_policy                           = true
  policy                                  = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
  allowed_triggers                        = { api = { service = "apigateway", source_arn = "arn:x" } }
  create_current_version_allowed_triggers = false
  create_lambda_function_url              = true
  tags                                    = { Team = "web" }
}
