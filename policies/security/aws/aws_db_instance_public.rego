# METADATA
# scope: package
# title: RDS instances are not reachable from the internet
# description: A publicly accessible instance has a public address; only its security groups
#   stand between it and the internet.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
# custom:
#   id: aws_db_instance_public
#   severity: high
#   category: security
#   kinds: [aws_db_instance]
#   remediation: Set publicly_accessible to false and reach it from inside the VPC.
package dharma.aws_db_instance_public

import rego.v1

import data.dharma.lib

fail contains found if {
	some database in lib.resources("aws_db_instance")
	lib.value(database, "publicly_accessible", false) == true
	found := lib.finding(database, "publicly_accessible", "the database has a public address")
}

unknown contains found if {
	some database in lib.resources("aws_db_instance")
	found := lib.undecided(database, "publicly_accessible")
}
