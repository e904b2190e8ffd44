module "m" {
  source = "terraform-aws-modules/dynamodb-table/aws"

  name                           = "orders"
  hash_key                       = "id"
  range_key                      = "title"
  attributes                     = [{ name = "id", type = "N" }, { name = "title", type = "S" }, { name = "age", type = "N" }]
  point_in_time_recovery_enabled = true
  ttl_enabled                    = true
  ttl_attribute_name             = "gone"
  global_secondary_indexes = [{ name = "TitleIndex", hash_key = "title", range_key = "age",
  projection_type = "INCLUDE", non_key_attributes = ["id"] }]
  server_side_encryption_enabled = true
  tags                           = { Team = "web" }
}
