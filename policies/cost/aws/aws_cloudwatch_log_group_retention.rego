# METADATA
# scope: package
# title: Log groups forget
# description: Log events are kept, and paid for, for ever unless a retention is set.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html#SettingLogRetention
# custom:
#   id: aws_cloudwatch_log_group_retention
#   severity: low
#   category: cost
#   kinds: [aws_cloudwatch_log_group]
#   remediation: Set retention_in_days.
package dharma.aws_cloudwatch_log_group_retention

import rego.v1

import data.dharma.lib

fail contains found if {
	some group in lib.resources("aws_cloudwatch_log_group")
	lib.value(group, "retention_in_days", 0) == 0
	found := lib.finding(group, "retention_in_days", "log events are kept for ever")
}

unknown contains found if {
	some group in lib.resources("aws_cloudwatch_log_group")
	found := lib.undecided(group, "retention_in_days")
}
