# METADATA
# scope: package
# title: EBS volumes are encrypted
# description: Whether a volume is encrypted can never be changed afterwards. Without encrypted it is so
#   only where the account turned that on by default, or where it comes from an encrypted
#   snapshot.
# related_resources:
#   - https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-3
# custom:
#   id: aws_ebs_volume_encryption
#   severity: high
#   category: security
#   kinds: [aws_ebs_volume]
#   remediation: Set encrypted to true, and kms_key_id for a key of your own.
package dharma.aws_ebs_volume_encryption

import rego.v1

import data.dharma.lib


fail contains found if {
	some volume in lib.resources("aws_ebs_volume")
	lib.value(volume, "encrypted", said_nowhere(volume)) == false
	found := lib.finding(volume, "encrypted", "data at rest is not encrypted")
}

unknown contains found if {
	some volume in lib.resources("aws_ebs_volume")
	found := lib.undecided(volume, "encrypted")
}

unknown contains found if {
	some volume in lib.resources("aws_ebs_volume")
	lib.value(volume, "encrypted", said_nowhere(volume)) == "as its snapshot"
	found := lib.finding(volume, "encrypted", "the volume is encrypted if its snapshot is")
}

said_nowhere(volume) := "as its snapshot" if has_snapshot(volume)

said_nowhere(volume) := false if not has_snapshot(volume)

has_snapshot(volume) if volume.properties.snapshot_id

has_snapshot(volume) if lib.is_unknown(volume, "snapshot_id")
