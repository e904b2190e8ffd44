# METADATA
# scope: package
# title: RDS instances are encrypted at rest
# description: Storage, backups and snapshots are encrypted only if storage_encrypted is true
#   when the instance is made; it cannot be turned on later. A replica or an
#   instance from a snapshot inherits it from its source, so there it is unknown.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html
# custom:
#   id: aws_db_instance_encryption
#   severity: high
#   category: security
#   kinds: [aws_db_instance]
#   remediation: Set storage_encrypted to true, and kms_key_id for a key of your own.
package dharma.aws_db_instance_encryption

import rego.v1

import data.dharma.lib

fail contains found if {
	some database in lib.resources("aws_db_instance")
	not inherits(database)
	lib.value(database, "storage_encrypted", false) == false
	found := lib.finding(database, "storage_encrypted", "data at rest is not encrypted")
}

unknown contains found if {
	some database in lib.resources("aws_db_instance")
	found := lib.undecided(database, "storage_encrypted")
}

unknown contains found if {
	some database in lib.resources("aws_db_instance")
	inherits(database)
	lib.value(database, "storage_encrypted", false) == false
	found := lib.finding(database, "storage_encrypted", "encrypted if its source is")
}

inherits(database) if {
	some source in ["replicate_source_db", "snapshot_identifier"]
	lib.value(database, source, "") != ""
}

inherits(database) if {
	some source in ["replicate_source_db", "snapshot_identifier"]
	lib.is_unknown(database, source)
}
