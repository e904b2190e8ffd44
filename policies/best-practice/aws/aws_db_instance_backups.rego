# METADATA
# scope: package
# title: RDS instances keep a week of backups
# description: Point-in-time recovery reaches back as far as backup_retention_period; 0 turns
#   backups off. The parameter `days` says how many are asked for (7). Replicas are
#   left to their source.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupRetention.html
# custom:
#   id: aws_db_instance_backups
#   severity: medium
#   category: best-practice
#   kinds: [aws_db_instance]
#   remediation: Set backup_retention_period to at least 7.
package dharma.aws_db_instance_backups

import rego.v1

import data.dharma.lib

days := lib.parameter("aws_db_instance_backups", "days", 7)

fail contains found if {
	some database in lib.resources("aws_db_instance")
	lib.value(database, "replicate_source_db", "") == ""
	kept := lib.value(database, "backup_retention_period", 0)
	kept < days
	found := lib.finding(database, "backup_retention_period", sprintf("backups are kept for %d days, %d are asked for", [kept, days]))
}

unknown contains found if {
	some database in lib.resources("aws_db_instance")
	found := lib.undecided(database, "backup_retention_period")
}
