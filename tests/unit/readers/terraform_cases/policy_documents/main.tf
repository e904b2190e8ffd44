data "aws_iam_policy_document" "base" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]
  }
}
data "aws_iam_policy_document" "all" {
  source_policy_documents = [data.aws_iam_policy_document.base.json]
  statement {
    sid     = "Trust"
    effect  = "Deny"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com", "ec2.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = ["1", "2"]
    }
  }
  dynamic "statement" {
    for_each = toset(["b", "a"])
    content {
      sid       = "D${statement.key}"
      actions   = ["sqs:*"]
      resources = ["arn:aws:sqs:*:*:${statement.value}"]
      not_principals {
        type        = "AWS"
        identifiers = ["*"]
      }
    }
  }
}
resource "aws_iam_policy" "p" {
  name   = "p"
  policy = data.aws_iam_policy_document.base.json
}
output "all" { value = data.aws_iam_policy_document.all.json }
