# METADATA
# scope: package
# title: DynamoDB tables can be recovered to any moment
# description: Point-in-time recovery keeps what a table held at any second of the last days. Without it
#   a wrong deletion or a faulty release is final.
# related_resources:
#   - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/dynamodb-controls.html#dynamodb-2
# custom:
#   id: aws_dynamodb_table_recovery
#   severity: medium
#   category: best-practice
#   kinds: [aws_dynamodb_table]
#   remediation: Set point_in_time_recovery.enabled to true.
package dharma.aws_dynamodb_table_recovery

import rego.v1

import data.dharma.lib


fail contains found if {
	some table in lib.resources("aws_dynamodb_table")
	lib.value(table, "point_in_time_recovery.enabled", false) == false
	found := lib.finding(table, "point_in_time_recovery.enabled", "what is overwritten or deleted cannot be brought back")
}

unknown contains found if {
	some table in lib.resources("aws_dynamodb_table")
	found := lib.undecided(table, "point_in_time_recovery.enabled")
}
