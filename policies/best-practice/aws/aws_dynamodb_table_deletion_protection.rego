# METADATA
# scope: package
# title: DynamoDB tables are protected from deletion
# description: A protected table can only be deleted after the protection was taken off, which one wrong
#   command does not do.
# related_resources:
#   - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/dynamodb-controls.html#dynamodb-6
# custom:
#   id: aws_dynamodb_table_deletion_protection
#   severity: medium
#   category: best-practice
#   kinds: [aws_dynamodb_table]
#   remediation: Set deletion_protection_enabled to true.
package dharma.aws_dynamodb_table_deletion_protection

import rego.v1

import data.dharma.lib


fail contains found if {
	some table in lib.resources("aws_dynamodb_table")
	lib.value(table, "deletion_protection_enabled", false) == false
	found := lib.finding(table, "deletion_protection_enabled", "one command deletes the table with its data")
}

unknown contains found if {
	some table in lib.resources("aws_dynamodb_table")
	found := lib.undecided(table, "deletion_protection_enabled")
}
