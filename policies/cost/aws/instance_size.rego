# METADATA
# scope: package
# title: Instances are not larger than agreed
# description: Sizes above the parameter `largest` (4xlarge) need somebody's consent.
# related_resources:
#   - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-types.html
# custom:
#   id: instance_size
#   severity: medium
#   category: cost
#   kinds: [aws_launch_template, aws_db_instance, aws_instance]
#   remediation: Choose a smaller size, or raise the parameter `largest` of this policy.
package dharma.instance_size

import rego.v1

import data.dharma.lib

property := {
	"aws_launch_template": "instance_type",
	"aws_instance": "instance_type",
	"aws_db_instance": "instance_class",
}

largest := lib.parameter("instance_size", "largest", "4xlarge")

fail contains found if {
	some kind, path in property
	some instance in lib.resources(kind)
	type := lib.value(instance, path, "")
	size := regex.replace(type, `^.*\.`, "")
	rank(size) > rank(largest)
	found := lib.finding(instance, path, sprintf("%s is larger than %s", [type, largest]))
}

unknown contains found if {
	some kind, path in property
	some instance in lib.resources(kind)
	found := lib.undecided(instance, path)
}

# The size of a type that is not `family.size`, or a limit that is none.
unknown contains found if {
	some kind, path in property
	some instance in lib.resources(kind)
	type := lib.value(instance, path, "")
	type != ""
	some size in {regex.replace(type, `^.*\.`, ""), largest}
	not rank(size) >= 0
	found := lib.finding(instance, path, sprintf("%s is not a size that can be compared", [size]))
}

# Sizes double from step to step; a bare-metal host is the largest of its family.
rank(size) := place if {
	some place, name in ["nano", "micro", "small", "medium", "large", "xlarge"]
	name == size
}

rank(size) := 5 + to_number(trim_suffix(size, "xlarge")) if regex.match(`^[0-9]+xlarge$`, size)

rank(size) := 1000 if startswith(size, "metal")
