module "m" {
  source = "terraform-aws-modules/s3-bucket/aws"

  bucket                                = "shop-assets"
  versioning                            = { status = true, mfa_delete = false }
  logging                               = { target_bucket = "logs", target_prefix = "shop/" }
  control_object_ownership              = true
  object_ownership                      = "ObjectWriter"
  acl                                   = "private"
  attach_policy                         = true
  policy                                = "{}"
  attach_deny_insecure_transport_policy = true
  server_side_encryption_configuration = {
    rule = {
      bucket_key_enabled                      = true
      apply_server_side_encryption_by_default = { sse_algorithm = "aws:kms", kms_master_key_id = "k" }
    }
  }
  lifecycle_rule = [{
    id                                     = "old"
    enabled                                = true
    filter                                 = { prefix = "tmp/" }
    expiration                             = { days = 90 }
    transition                             = [{ days = 30, storage_class = "ONEZONE_IA" }, { days = 60, storage_class = "GLACIER" }]
    noncurrent_version_expiration          = { newer_noncurrent_versions = 2, days = 30 }
    abort_incomplete_multipart_upload_days = 7
  }]
  tags = { Team = "web" }
}
