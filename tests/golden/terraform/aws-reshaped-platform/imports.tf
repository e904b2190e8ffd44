import {
  to = aws_sns_topic.alerts
  id = "arn:aws:sns:eu-west-1:123456789012:alerts"
}

import {
  for_each = var.buckets
  to       = aws_s3_bucket.data[each.key]
  id       = each.value
}
