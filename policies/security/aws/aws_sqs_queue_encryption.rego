# METADATA
# scope: package
# title: SQS queues are encrypted
# description: New queues are encrypted with keys of SQS unless that is turned off, so only a
#   queue that turns it off and names no KMS key fails.
# related_resources:
#   - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html
# custom:
#   id: aws_sqs_queue_encryption
#   severity: high
#   category: security
#   kinds: [aws_sqs_queue]
#   remediation: Leave sqs_managed_sse_enabled out, or set kms_master_key_id.
package dharma.aws_sqs_queue_encryption

import rego.v1

import data.dharma.lib

fail contains found if {
	some queue in lib.resources("aws_sqs_queue")
	lib.value(queue, "sqs_managed_sse_enabled", true) == false
	lib.value(queue, "kms_master_key_id", "") == ""
	found := lib.finding(queue, "sqs_managed_sse_enabled", "messages are not encrypted")
}

unknown contains found if {
	some queue in lib.resources("aws_sqs_queue")
	object.get(queue.properties, "kms_master_key_id", "") == ""
	found := lib.undecided(queue, "sqs_managed_sse_enabled")
}

unknown contains found if {
	some queue in lib.resources("aws_sqs_queue")
	lib.value(queue, "sqs_managed_sse_enabled", true) == false
	found := lib.undecided(queue, "kms_master_key_id")
}
