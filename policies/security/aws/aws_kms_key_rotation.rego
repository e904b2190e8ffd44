# METADATA
# scope: package
# title: KMS keys are rotated
# description: Symmetric encryption keys turn their key material once a year when rotation is
#   enabled; it is off unless asked for. Asymmetric and HMAC keys cannot be rotated
#   and are not judged.
# related_resources:
#   - https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
# custom:
#   id: aws_kms_key_rotation
#   severity: medium
#   category: security
#   kinds: [aws_kms_key]
#   remediation: Set enable_key_rotation to true.
package dharma.aws_kms_key_rotation

import rego.v1

import data.dharma.lib

fail contains found if {
	some key in rotatable
	lib.value(key, "enable_key_rotation", false) == false
	found := lib.finding(key, "enable_key_rotation", "its key material is never changed")
}

unknown contains found if {
	some key in rotatable
	found := lib.undecided(key, "enable_key_rotation")
}

rotatable contains key if {
	some key in lib.resources("aws_kms_key")
	object.get(key.properties, "customer_master_key_spec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
	object.get(key.properties, "key_usage", "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT"
}
