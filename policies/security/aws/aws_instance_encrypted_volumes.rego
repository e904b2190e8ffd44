# METADATA
# scope: package
# title: Instances encrypt their volumes
# description: Every volume that the instance describes asks for encryption. A volume without encrypted
#   is encrypted only where the account turned that on by default; one that the instance does
#   not describe comes from the image or the launch template.
# related_resources:
#   - https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
#   - https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-3
# custom:
#   id: aws_instance_encrypted_volumes
#   severity: high
#   category: security
#   kinds: [aws_instance]
#   remediation: Set encrypted to true in root_block_device and in every element of ebs_block_device.
package dharma.aws_instance_encrypted_volumes

import rego.v1

import data.dharma.lib


fail contains found if {
	some instance in lib.resources("aws_instance")
	object.get(instance.properties, "root_block_device", null) != null
	lib.value(instance, "root_block_device.encrypted", false) == false
	found := lib.finding(instance, "root_block_device.encrypted", "the root volume is not encrypted")
}

fail contains found if {
	some instance in lib.resources("aws_instance")
	some place, volume in lib.elements(instance, "ebs_block_device")
	path := lib.member("ebs_block_device", place, "encrypted")
	not lib.is_unknown(instance, path)
	object.get(volume, "encrypted", false) == false
	name := object.get(volume, "device_name", path)
	found := lib.finding(instance, path, sprintf("the volume %s is not encrypted", [name]))
}

unknown contains found if {
	some instance in lib.resources("aws_instance")
	found := lib.undecided(instance, "root_block_device.encrypted")
}

unknown contains found if {
	some instance in lib.resources("aws_instance")
	some place, _ in lib.elements(instance, "ebs_block_device")
	found := lib.undecided(instance, lib.member("ebs_block_device", place, "encrypted"))
}

unknown contains found if {
	some instance in lib.resources("aws_instance")
	instance.unknown.ebs_block_device
	found := lib.undecided(instance, "ebs_block_device")
}
