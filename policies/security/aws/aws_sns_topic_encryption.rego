# METADATA
# scope: package
# title: SNS topics are encrypted with a KMS key
# description: Without a key SNS keeps messages on disks that are encrypted by the service alone; a KMS
#   key says who may read them and leaves a trace of each use.
# related_resources:
#   - https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/sns-controls.html#sns-1
# custom:
#   id: aws_sns_topic_encryption
#   severity: medium
#   category: security
#   kinds: [aws_sns_topic]
#   remediation: Set kms_master_key_id, for example to alias/aws/sns or a key of your own.
package dharma.aws_sns_topic_encryption

import rego.v1

import data.dharma.lib


fail contains found if {
	some topic in lib.resources("aws_sns_topic")
	lib.value(topic, "kms_master_key_id", "") == ""
	found := lib.finding(topic, "kms_master_key_id", "messages are not encrypted with a KMS key")
}
