resource "aws_sns_topic" "alerts" {}

resource "aws_s3_bucket" "data" {
  for_each = var.buckets

  bucket = each.value

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "data" {
  for_each = var.buckets

  bucket = aws_s3_bucket.data[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket" "copies" {
  provider = aws.replica_region
}

resource "aws_s3_bucket_versioning" "copies" {
  provider = aws.replica_region

  bucket = aws_s3_bucket.copies.id

  versioning_configuration {
    status = "Enabled"
  }
}

module "network" {
  source = "./modules/network"

  environment = var.environment
  zones       = var.zones
}

module "service" {
  source = "./modules/service"

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  sns_topic_alerts   = aws_sns_topic.alerts
  subnet_app_id_list = module.network.subnet_app_id_list
  vpc_main_id        = module.network.vpc_main_id
}
