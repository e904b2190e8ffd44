# METADATA
# scope: package
# title: Launch templates encrypt their volumes
# description: Every volume that the template describes asks for encryption. Without encrypted
#   a volume is encrypted only where the account turned that on by default. A
#   template without volumes takes them from the image, so there it is unknown.
# related_resources:
#   - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-templates.html
#   - https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
# custom:
#   id: aws_launch_template_encrypted_volumes
#   severity: high
#   category: security
#   kinds: [aws_launch_template]
#   remediation: Set encrypted to true in every element of block_device_mappings.
package dharma.aws_launch_template_encrypted_volumes

import rego.v1

import data.dharma.lib

fail contains found if {
	some template in lib.resources("aws_launch_template")
	some place, volume in lib.elements(template, "block_device_mappings")
	path := lib.member("block_device_mappings", place, "encrypted")
	not lib.is_unknown(template, path)
	object.get(volume, "encrypted", false) == false
	name := object.get(volume, "device_name", path)
	found := lib.finding(template, path, sprintf("the volume %s is not encrypted", [name]))
}

unknown contains found if {
	some template in lib.resources("aws_launch_template")
	some place, _ in lib.elements(template, "block_device_mappings")
	found := lib.undecided(template, lib.member("block_device_mappings", place, "encrypted"))
}

unknown contains found if {
	some template in lib.resources("aws_launch_template")
	template.unknown.block_device_mappings
	found := lib.undecided(template, "block_device_mappings")
}

unknown contains found if {
	some template in lib.resources("aws_launch_template")
	lib.value(template, "block_device_mappings", []) == []
	found := lib.finding(template, "block_device_mappings", "the volumes are those of the image, encrypted if its snapshots are")
}
